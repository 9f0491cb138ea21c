import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildProgram } from '../e2e/program.ts';
import { labAvailable } from '../lab/available.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { allFaults, seed } from '../support/random.ts';
import { beside } from './boundaries.ts';
import { Life } from './life.ts';
import { type Crash, type Operation, sequenceCounts, sequencesOf, wordsOf } from './operations.ts';
import { Pool } from './pool.ts';
import { keys, sequenceHost } from './sequence-host.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Random sequences are skipped: ${availability.reason}`);

const count = Number(process.env.CLUSTERPROXY_SEQUENCES ?? sequenceCounts[allFaults ? 'full' : 'usual']);
/** A sequence to be tried again, alone: what a failure shows, cut down to what it takes. */
const given = process.env.CLUSTERPROXY_SEQUENCE;
const sequences: readonly (readonly Operation[])[] =
  given === undefined ? sequencesOf(seed, count) : [JSON.parse(given)];

describe.skipIf(!availability.available)(
  `whatever happens to a host, in whatever order (CLUSTERPROXY_SEED=${seed})`,
  () => {
    let lab: Lab;
    const hosts = new Pool(['life-01', 'life-02', 'life-03', 'life-04']);
    beforeAll(async () => {
      await buildProgram();
      lab = await startLab(hosts.names.map(sequenceHost));
    });
    afterAll(async () => {
      await lab?.destroy();
    });

    async function live(operations: readonly Operation[]): Promise<void> {
      const life = await hosts.lend(async (name) => {
        const one = new Life(lab, lab.host(name));
        await one.begin();
        for (const operation of operations) if (!(await one.live(operation))) return one;
        await one.end();
        return one;
      });
      expect(
        life.wrong,
        `${life.told.join('\n')}\nplanned: ${operations.map(wordsOf).join('; ')}\nagain: CLUSTERPROXY_SEQUENCE='${JSON.stringify(operations)}'`,
      ).toEqual([]);
    }

    const apply = { kind: 'apply', generation: 2, extra: true } as const;
    const found: Readonly<Record<string, { readonly broken?: boolean; readonly crash: Crash }>> = {
      'killed with all its processes when all is done but tidying up': {
        crash: {
          at: { moment: 'after', pattern: 'mv*/states/committed *' },
          how: 'runner and all its processes',
        },
      },
      'killed with all its processes before systemd has forgotten the unit for the next start': {
        crash: {
          at: { moment: 'after', pattern: 'rm -f -- /etc/systemd/system/clusterproxy-settle-*' },
          how: 'runner and all its processes',
        },
      },
      'the power fails when the files are back, and the temporary names beside them are still there': {
        broken: true,
        crash: { at: { moment: 'after', pattern: 'rm -f -- */away' }, how: 'power' },
      },
      'a file is edited in the very moment in which it is swapped': {
        crash: {
          at: { moment: 'before', pattern: `mv -T -f -- ./.cp-*[0-9] ${beside(keys)}` },
          how: 'somebody edits a file',
        },
      },
      'a file is edited in the very moment in which it is put back': {
        broken: true,
        crash: {
          at: { moment: 'before', pattern: `mv -T -f -- ./.cp-*.orig ${beside(keys)}` },
          how: 'somebody edits a file',
        },
      },
    };
    test.concurrent.each(Object.entries(found))(
      '%s',
      async (_, how) => {
        await live([
          { ...apply, generation: 1, crash: undefined },
          { ...apply, ...how },
        ]);
      },
      900_000,
    );

    test.concurrent.each(sequences.map((operations, index) => ({ operations, number: index + 1 })))(
      'sequence $number: it is before or after, and can be brought in sync and given back',
      ({ operations }) => live(operations),
      900_000,
    );
  },
);
