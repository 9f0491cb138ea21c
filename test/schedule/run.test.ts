import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inventoryName } from '../../src/demo/cluster.ts';
import type { Difference, ScheduledRun } from '../../src/model/schedule.ts';
import { takeLock } from '../../src/schedule/lock.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';
import { clusterproxyAt } from './at.ts';

let cluster: TestCluster;
let inventory: string;
let state: string;
beforeAll(async () => {
  cluster = await startCluster();
  inventory = join(cluster.folder, 'scheduled.yaml');
  state = join(cluster.folder, 'state');
  const text = readFileSync(join(cluster.folder, inventoryName), 'utf8');
  writeFileSync(
    inventory,
    text.replace('windows: anytime', "windows: [{days: [sat, sun], from: '06:00', to: '18:00'}]"),
  );
}, 60_000);
afterAll(() => cluster.close());

const nodes = ['bbb-01', 'bbb-02', 'bbb-03'];
const [thursday, friday, saturday, later, sunday, monday] = [
  '2026-11-26T10:00:00.000Z',
  '2026-11-27T10:00:00.000Z',
  '2026-11-28T10:00:00.000Z',
  '2026-11-28T11:00:00.000Z',
  '2026-11-29T10:00:00.000Z',
  '2026-12-07T09:00:00.000Z',
] as const;

const run = (time: string, ...more: readonly string[]) =>
  clusterproxyAt(time, ['schedule', 'run', '-i', inventory, '--state', state, ...more]);
const fix = (time: string, ...more: readonly string[]) => run(time, '--policy', 'fix', ...more);

function records(): { runs: ScheduledRun[]; differences: Difference[] } {
  return JSON.parse(readFileSync(join(state, 'records.json'), 'utf8'));
}

/** What runs have changed on the hosts, which remember it. */
function etc() {
  return Object.fromEntries(['proxy-1', ...nodes].map((name) => [name, cluster.etc(name)]));
}

const drifted = '/etc/bigbluebutton/bbb-web.properties';
const drift = (host: string) =>
  cluster.edit(host, drifted, (text) =>
    text.replace(/^defaultHTML5ClientUrl=.*$/m, 'defaultHTML5ClientUrl=x'),
  );
const meetings = (node: string, text: string | undefined) => {
  const file = cluster.path(node, '/run/stand-in/meetings');
  if (text === undefined) rmSync(file, { force: true });
  else writeFileSync(file, `${text}\n`);
};

it('a report changes nothing, and tells since when something differs', { timeout: 240_000 }, async () => {
  const before = etc();
  const first = await run(thursday, '--json');
  expect(first.status, first.stderr).toBe(2);
  expect(first.document).toMatchObject({
    command: 'schedule run',
    run: null,
    schedule: { policy: 'report' },
  });
  const { status, stdout } = await run(friday);
  expect(status).toBe(2);
  expect(etc()).toEqual(before);
  expect(records().differences).not.toEqual([]);
  for (const { since } of records().differences) expect(since).toBe(thursday);
  expect(stdout).toMatch(/^differs, and since when:\n {2}proxy-1: \S+ since 2026-11-26 10:00:00 UTC$/m);
  expect(records().runs).toMatchObject([
    { at: friday, did: 'report', exitStatus: 2, putOff: [] },
    { at: thursday, did: 'report', exitStatus: 2, statuses: { 'would-change': 4 } },
  ]);
  // What hosts are like is nobody else's business.
  const kept = readdirSync(state, { recursive: true, withFileTypes: true });
  const modes = kept.map((one) => statSync(join(one.parentPath, one.name)).mode & 0o777);
  expect(new Set([statSync(state).mode & 0o777, ...modes])).toEqual(new Set([0o700, 0o600]));
});

it('outside of a window a fix only looks, and says when the next one opens', {
  timeout: 240_000,
}, async () => {
  const before = etc();
  const { status, stdout, stderr } = await fix(friday);
  expect(status).toBe(2);
  expect(etc()).toEqual(before);
  expect(stderr).toContain(
    'no window is open, and the next one opens Sat 28 Nov 06:00 (UTC): this run only looks',
  );
  expect(stdout).toContain('put off:\n  outside-window: no window is open');
  expect(records().runs[0]).toMatchObject({
    ...{ policy: 'fix', did: 'report', exitStatus: 2 },
    putOff: [{ code: 'outside-window' }],
  });
});

it('a hold stops it', { timeout: 240_000 }, async () => {
  const before = etc();
  const hold = (...words: readonly string[]) => clusterproxyAt(saturday, ['hold', '-i', inventory, ...words]);
  expect((await hold('--reason', 'exams')).status).toBe(0);
  const { status } = await fix(saturday);
  expect(status).toBe(3);
  expect(etc()).toEqual(before);
  expect(records().runs[0]).toMatchObject({ did: 'fix', exitStatus: 3, putOff: [{ code: 'held' }] });
  expect((await hold('--release')).status).toBe(0);
});

it('within a window it repairs what nobody uses, and puts the rest off', { timeout: 240_000 }, async () => {
  meetings('bbb-02', '12 Maths');
  const { status, stderr, document } = await fix(saturday, '--json');
  expect(status, stderr).toBe(5);
  expect(document.run).toMatch(/^\d{8}T\d{6}Z-/);
  expect(records().differences.map(({ host }) => host)).toEqual(
    expect.not.arrayContaining(['proxy-1', 'bbb-01', 'bbb-03']),
  );
  expect(new Set(records().differences.map(({ since }) => since))).toEqual(new Set([thursday]));
  expect(records().runs[0]).toMatchObject({
    ...{ did: 'fix', run: document.run, statuses: { changed: 3, deferred: 1 } },
    putOff: [{ host: 'bbb-02', code: 'busy' }],
  });
  meetings('bbb-02', undefined);
  const next = await fix(later);
  expect(next.status, next.stderr).toBe(0);
  expect(records().differences).toEqual([]);
  expect(records().runs[0]).toMatchObject({ statuses: { changed: 1, 'in-sync': 3 }, putOff: [] });
});

it('repairs what somebody has changed since, in the next window', { timeout: 240_000 }, async () => {
  drift('bbb-01');
  expect((await fix(sunday)).status).toBe(0);
  expect(cluster.text('bbb-01', drifted)).not.toContain('defaultHTML5ClientUrl=x');
  expect(records().differences).toEqual([]);
});

it('says nothing to whoever wants news only, where there are none', { timeout: 240_000 }, async () => {
  for (const more of [[], ['--policy', 'fix']]) {
    expect(await run(sunday, '--quiet', ...more)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  }
  expect((await run(sunday)).stdout).toContain('nothing to do');
});

it('a window that was slept through is told, and caught up by a look', { timeout: 240_000 }, async () => {
  drift('bbb-03');
  const before = etc();
  const { status, stdout } = await fix(monday);
  expect(status).toBe(2);
  expect(etc()).toEqual(before);
  expect(records().runs[0]).toMatchObject({
    did: 'report',
    missed: [
      { from: '2026-12-05T06:00:00.000Z', to: '2026-12-05T18:00:00.000Z' },
      { from: '2026-12-06T06:00:00.000Z', to: '2026-12-06T18:00:00.000Z' },
    ],
    putOff: [{ code: 'outside-window' }],
  });
  expect(stdout.replace(/\n {2,}/g, ' ')).toContain(
    'a window passed without a run, from 2026-12-05 06:00:00 UTC to 2026-12-05 18:00:00 UTC',
  );
});

it('status tells all of it, and asks no host', { timeout: 240_000 }, async () => {
  const words = ['schedule', 'status', '-i', inventory, '--state', state];
  const { status, stdout } = await clusterproxyAt(monday, words);
  expect(status).toBe(0);
  expect(stdout).toContain(`no schedule is installed for this inventory on this machine
differs, and since when:
  bbb-03: ${drifted} since 2026-12-07 09:00:00 UTC
`);
  expect(stdout).toContain('put off by the last run:\n  outside-window: no window is open');
  expect(stdout).toMatch(/^ {2}2026-11-28 10:00:00 UTC {2}fix {5}exit 5 {2}3 changed and 1 deferred;/m);
  const { document } = await clusterproxyAt(monday, [...words, '--json']);
  expect(document.schedule).toMatchObject({
    ...{ installed: false, records: state },
    window: { open: false, until: '2026-12-12T06:00:00.000Z' },
    differences: [{ host: 'bbb-03', what: drifted, since: monday }],
  });
  const limited = await clusterproxyAt(monday, [...words, '--json', '--limit', 'bbb-01']);
  expect(limited.document.schedule?.differences).toEqual([]);
});

it('never two at once', { timeout: 240_000 }, async () => {
  const lock = await takeLock(state);
  const count = records().runs.length;
  const { status, stderr } = await run(monday);
  expect(status).toBe(3);
  expect(stderr).toContain('error schedule-running: another run of this schedule is at work');
  expect(records().runs).toHaveLength(count);
  await lock?.release();
  // One that was killed leaves its lock behind.
  writeFileSync(join(state, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, started: 'another start 1' }));
  expect((await run(monday)).status).toBe(2);
});

it('a run that can not begin is recorded with its reason', { timeout: 240_000 }, async () => {
  const text = readFileSync(inventory, 'utf8');
  writeFileSync(inventory, text.replace(/^ssh:\n/m, 'ssh:\n  password: {env: NOT_SET_AT_NIGHT}\n'));
  const { status, stderr } = await run(monday);
  expect(status).toBe(1);
  expect(stderr).toContain('error secret-env-missing');
  expect(records().runs[0]).toMatchObject({
    ...{ exitStatus: 1, statuses: {}, errors: [{ code: 'secret-env-missing' }] },
  });
  // What differs is as it was seen last.
  expect(records().differences).toMatchObject([{ host: 'bbb-03' }]);
  const folder = join(cluster.folder, 'credentials');
  mkdirSync(folder);
  writeFileSync(join(folder, 'NOT_SET_AT_NIGHT'), 'a-password\n');
  const argv = ['schedule', 'run', '-i', inventory, '--state', state];
  const withIt = await clusterproxyAt(monday, argv, { CREDENTIALS_DIRECTORY: folder });
  expect(withIt.status, withIt.stderr).toBe(2);
  const kept = readdirSync(join(state, 'runs')).map((name) =>
    readFileSync(join(state, 'runs', name), 'utf8'),
  );
  expect(kept.join()).not.toContain('a-password');
  writeFileSync(inventory, text);
});
