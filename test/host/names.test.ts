import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probe } from '../../src/host/probe.ts';
import { readRuns } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
import type { Handler } from '../../src/model/handler.ts';
import { noReads, queryKey } from '../../src/model/reads.ts';
import { guardReports } from '../../src/plan/forward/guard-reports.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { change, file, restartWeb, type Sample, sampleHost, transaction } from './sample.ts';

/** Names of meetings and people are private: only who asks for them gets them, and nothing keeps them. */

let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
});
afterEach(async () => {
  await sample.close();
});

const name = 'Maths with Ada Lovelace';
const site = '/etc/nginx/conf.d/site.conf';
const meetings = () => sample.path('run/stand-in/meetings');

async function over<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
  const connection = await connect(sample.host.target);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** All that is below a folder of the host, in one text. */
function everythingBelow(folder: string): string {
  return readdirSync(sample.path(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

async function reports(names?: boolean) {
  const guards = restartWeb.guards.map(({ query }) => query);
  const snapshot = await over((connection) =>
    probe(connection, 'bbb-01', { ...noReads, guards }, { cluster: 'prod', names }),
  );
  expect(guards.map((query) => snapshot.answers.get(queryKey(query))?.status)).toEqual([1]);
  return guardReports(snapshot, [
    { actions: [], changes: [], handlers: [{ handler: restartWeb, because: [] }] },
  ]);
}

describe('the name of a meeting', () => {
  test('comes with a look at the host only where it is asked for', async () => {
    writeFileSync(meetings(), `23 ${name}\n`);
    expect(await reports()).toMatchObject([{ state: 'busy', sessions: [{ participants: 23 }] }]);
    expect(JSON.stringify(await reports(false))).not.toContain(name);
    expect(await reports(true)).toMatchObject([{ sessions: [{ participants: 23, name }] }]);
  });

  test.each([
    ['put off', 'deferred'],
    ['done in part', 'committed'],
  ])('is in nothing that a run leaves on its host, or tells: %s', async (_, state) => {
    if (state === 'deferred') writeFileSync(meetings(), `23 ${name}\n`);
    // The name comes to the host by a file of its own, and not by what the run writes down.
    writeFileSync(sample.path('run/class'), `23 ${name}\n`);
    const argv = ['cp', sample.path('run/class'), meetings()];
    const actions = [{ kind: 'command', argv }] as const;
    const rings: Handler = { ...restartWeb, id: 'rings', actions, checks: [], settle: 0 };
    const changes = [
      change(site, file(readFileSync(sample.path(site.slice(1)))), file('server {\n  listen 81;\n}\n')),
    ];
    const result = await transact(
      () => connect(sample.host.target),
      transaction(changes, [rings, restartWeb]),
    );
    expect(result.state).toBe(state);
    expect(result.problem?.detail).toBeUndefined();
    const runs = await over(readRuns);
    expect(runs).toHaveLength(1);
    for (const text of [JSON.stringify([result, runs]), everythingBelow('var/lib/clusterproxy')]) {
      expect(text).toContain('running meetings: 1, with 23 people');
      expect(text).not.toMatch(/Maths|Ada|Lovelace/);
    }
  });
});

test('what a guard ignored, and noted, is in the record of the run, without names', async () => {
  const program = `printf '%s\\n' "ignored\${US}3\${US}${name}\${US}\${US}ignore_meetings has it" "note\${US}a recording has failed"`;
  const guards = [
    {
      id: 'meetings',
      description: 'running meetings',
      query: { kind: 'program' as const, program, args: [] },
    },
  ];
  const changes = [
    change(site, file(readFileSync(sample.path(site.slice(1)))), file('server {\n  listen 81;\n}\n')),
  ];
  const handler: Handler = { ...restartWeb, checks: [], settle: 0, guards };
  const result = await transact(() => connect(sample.host.target), transaction(changes, [handler]));
  expect(result.state).toBe('committed');
  const words = ['ignored among the meetings: 3 people (ignore_meetings has it)', 'a recording has failed'];
  expect(result.warnings).toEqual(words);
  const [run] = await over(readRuns);
  expect(run?.warnings).toEqual(words);
  expect(run?.record?.operator).toBeTruthy();
  expect(readFileSync(sample.path(`var/lib/clusterproxy/runs/${run?.run}/log`), 'utf8')).not.toContain(name);
});
