import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRuns } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
import type { PathState } from '../../src/model/snapshot.ts';
import type { TransactionResult } from '../../src/model/transaction.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { change, transaction } from '../host/sample.ts';
import { labAvailable } from '../lab/available.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { allFaults } from '../support/random.ts';
import { targetOf } from './attempt.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Two controllers at once are skipped: ${availability.reason}`);

// Every mix of who waits and whose handler takes time comes round in six.
const rounds = allFaults ? 50 : 6;
const paths = ['/etc/lab-one', '/etc/lab-two', '/etc/lab-three'];
const file = (text: string): PathState => ({
  kind: 'file',
  content: Buffer.from(text),
  mode: 0o644,
  user: 'root',
  group: 'root',
});

describe.skipIf(!availability.available)('two controllers at the same moment', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab([{ name: 'lab-01' }]);
    for (const path of paths) await lab.host('lab-01').writeFile(path, 'start\n');
  });
  afterAll(async () => {
    await lab?.destroy();
  });

  test(`${rounds} times: one is committed, the other refused, and nothing of both is mixed`, async () => {
    const host = lab.host('lab-01');
    const machineId = (await host.readFile('/etc/machine-id')).toString().trim();
    const reach = () => connect(targetOf(lab, host));
    let now = 'start\n';
    for (let round = 0; round < rounds; round++) {
      // One may wait for the other, or neither; one has a handler that takes a moment, or neither.
      const plan = (who: string) =>
        transaction(
          paths.map((path) => change(path, file(now), file(`${round} ${who}\n`))),
          round % 2 === 0
            ? []
            : [
                {
                  id: 'wait',
                  validate: undefined,
                  actions: [{ kind: 'command', argv: ['sleep', '0.2'] }],
                  checks: [],
                  guards: [],
                  timeout: 5,
                  settle: 0,
                  rewrites: [],
                },
              ],
          {
            host: host.name,
            machineId,
            units: [],
            lockWait: round % 3 === 0 ? 30 : 0,
            run: `20261121T${String(100_000 + round)}Z-${who === 'ada' ? 'aaaaaa' : 'bbbbbb'}`,
          },
        );
      const runs = [plan('ada'), plan('bob')];
      const results: readonly TransactionResult[] = await Promise.all(
        runs.map((run) => transact(reach, run)),
      );
      const states = results.map(({ state }) => state).sort();
      expect(states, JSON.stringify(results)).toEqual(['committed', 'refused']);
      const loser = results.find(({ state }) => state === 'refused');
      expect(['locked', 'changed-meanwhile']).toContain(loser?.problem?.code);
      const winner = results[0]?.state === 'committed' ? 'ada' : 'bob';
      now = `${round} ${winner}\n`;
      for (const path of paths) expect(await readFile(join(host.root, path), 'utf8')).toBe(now);
    }
    const left = await host.exec("find /etc /run /tmp -xdev -name '.cp-*' -o -name 'clusterproxy-*.service'");
    expect(left.stdout).toBe('');
    const connection = await reach();
    const remembered = await readRuns(connection);
    await connection.close();
    expect(remembered).toHaveLength(Math.min(20, 2 * rounds));
    expect(remembered.every(({ state }) => state === 'committed' || state === 'refused')).toBe(true);
  });
});
