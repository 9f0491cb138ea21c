import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { labAvailable } from '../lab/available.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { allFaults, seed } from '../support/random.ts';
import { attempt, type Ending } from './attempt.ts';
import { boundaries, faults, faultsAt } from './boundaries.ts';
import { buildController } from './build-controller.ts';
import { hostUnderTest } from './host-under-test.ts';
import { Pool } from './pool.ts';
import { table } from './table.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`The fault matrix is skipped: ${availability.reason}`);

const chosen = process.env.CLUSTERPROXY_FAULTS_ONLY;
const modes = allFaults ? (['host', 'outside'] as const) : (['host'] as const);

describe.skipIf(!availability.available)(`whatever happens (CLUSTERPROXY_SEED=${seed}) at`, () => {
  let lab: Lab;
  const hosts = new Pool(['faults-01', 'faults-02', 'faults-03', 'faults-04', 'faults-05']);
  let fingerprints: readonly string[] = [];
  let controller = '';
  const endings = new Map<string, Ending>();

  beforeAll(async () => {
    lab = await startLab(hosts.names.map(hostUnderTest));
    controller = await buildController(lab);
    const { stdout } = await lab.run('ssh-keygen', ['-lf', lab.knownHosts]);
    fingerprints = stdout.match(/SHA256:\S+/g) ?? [];
  });
  afterAll(async () => {
    await lab?.destroy();
    const complete = boundaries.length * faults.length * modes.length;
    if (allFaults && endings.size === complete)
      await writeFile(join(packageRoot(), 'docs/reliability.md'), table(endings));
  });

  const cases = boundaries.flatMap((boundary) =>
    modes.map((confirm) => ({ boundary, confirm, name: boundary.name })),
  );
  test.concurrent.each(cases.filter(({ name }) => chosen === undefined || name.includes(chosen)))(
    '$name (confirmed by: $confirm), the host is before or after, and the next apply ends in sync',
    async ({ boundary, confirm }) => {
      const tried = faultsAt(boundary).map((fault) =>
        hosts.lend(async (name) => {
          const host = lab.host(name);
          const ending = await attempt({ lab, host, boundary, fault, confirm, controller, fingerprints });
          endings.set([boundary.name, fault, confirm].join('\n'), ending);
          return ending.wrong.map((words) => `${fault}: ${words}`);
        }),
      );
      const wrong = (await Promise.all(tried)).flat();
      expect(wrong).toEqual([]);
    },
    900_000,
  );
});
