import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { inventoryName } from '../../../src/demo/cluster.ts';
import { buildProgram, clusterproxy, main } from '../../cli/program.ts';
import { startCluster, type TestCluster } from '../cluster.ts';

let cluster: TestCluster;
let inventory: string;
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(), buildProgram()]);
  inventory = join(cluster.folder, 'with-hooks.yaml');
}, 120_000);
afterAll(() => cluster.close());

/** Writes down each call: the variables, then what it got. */
const writer = `#!/bin/sh
{ printf '%s|' "$CLUSTERPROXY_HOOK" "$CLUSTERPROXY_COMMAND" "$CLUSTERPROXY_CLUSTER" "$CLUSTERPROXY_RUN" \\
  "$CLUSTERPROXY_HOST" "$CLUSTERPROXY_STATUS" "$CLUSTERPROXY_EXIT_STATUS"; tr -d '\\n'; echo; } >>calls
`;
const put = (name: string, text: string) => {
  writeFileSync(join(cluster.folder, name), text);
  chmodSync(join(cluster.folder, name), 0o755);
};
const silence = join(import.meta.dirname, '../../../examples/hooks/silence-monitoring.sh');

beforeEach(() => {
  rmSync(join(cluster.folder, 'calls'), { force: true });
  put('write', writer);
  put('refuse', '#!/bin/sh\necho \'{"deny": ["exams"]}\'\n');
  put('talk', '#!/bin/sh\necho "off we go"\n');
  put('fail', '#!/bin/sh\necho "no network" >&2\nexit 9\n');
});

function hooks(lines: string): void {
  const text = readFileSync(join(cluster.folder, inventoryName), 'utf8');
  writeFileSync(inventory, `${text}\nhooks:\n${lines}\n`);
}
const everywhere =
  '  before-run: [./write]\n  after-host: [./write]\n  after-run: [./write]\n  on-drift: [./write]';

interface Call {
  readonly variables: readonly string[];
  readonly document: {
    readonly command: string;
    readonly run: string | null;
    readonly hosts: readonly { readonly name: string; readonly status: string }[];
    readonly summary: { readonly exitStatus: number };
    readonly schedule?: unknown;
  };
}
function calls(): readonly Call[] {
  const file = join(cluster.folder, 'calls');
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return text === ''
    ? []
    : text.split('\n').map((line) => {
        const parts = line.split('|');
        return { variables: parts.slice(0, 7), document: JSON.parse(parts.slice(7).join('|')) };
      });
}
const kinds = () => calls().map(({ variables: [kind] }) => kind);
const run = (...argv: readonly string[]) => clusterproxy([...argv, '-i', inventory]);
const apply = (...argv: readonly string[]) => run('apply', '--yes', '--json', ...argv);

it('refused by a hook before it, a run changes nothing, and its end is told', async () => {
  const before = cluster.etc('bbb-01');
  hooks(`  before-run: [[${silence}, silenced], ./refuse]\n  after-run: [[${silence}, silenced], ./write]`);
  const refused = await apply();
  expect(refused.status).toBe(1);
  expect(JSON.parse(refused.stdout).errors).toMatchObject([
    {
      code: 'hook-refused',
      message: 'the hook ./refuse (before-run) does not allow this run: exams; nothing was changed',
    },
  ]);
  expect(cluster.etc('bbb-01')).toEqual(before);
  expect(calls()).toMatchObject([
    { variables: ['after-run', 'apply', 'demo', expect.stringMatching(/^\d{8}T/), '', '', '1'] },
  ]);
  expect(existsSync(join(cluster.folder, 'silenced/demo'))).toBe(false);

  hooks('  before-run: [./talk]');
  const talking = await run('apply', '--yes');
  expect([talking.status, talking.stderr]).toEqual([1, expect.stringContaining('hook-failed')]);
  expect(talking.stderr).toMatch(
    /counts as a no: it\s+printed something else than JSON; nothing\s+was changed/,
  );
  expect(cluster.etc('bbb-01')).toEqual(before);
});

it('an interruption ends the hook before it, and the run is not begun', async () => {
  put('hang', '#!/bin/sh\necho $$ >pid\nmv pid begun\nsleep 1000\n');
  hooks('  before-run: [./hang]\n  after-run: [./write]');
  const before = cluster.etc('bbb-01');
  const child = spawn(process.execPath, [main, 'apply', '--yes', '-i', inventory], { stdio: 'ignore' });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const begun = join(cluster.folder, 'begun');
  while (!existsSync(begun)) await sleep(20);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(() => process.kill(Number(readFileSync(begun, 'utf8')), 0)).toThrow('ESRCH');
  expect(calls()).toMatchObject([
    { variables: ['after-run', 'apply', 'demo', expect.any(String), '', '', '130'] },
  ]);
  expect(cluster.etc('bbb-01')).toEqual(before);
});

it('looks call on-drift where something differs, and nothing else', async () => {
  hooks(everywhere);
  expect((await run('plan')).status).toBe(0);
  expect((await run('apply', '--yes', '--dry-run')).status).toBe(0);
  expect(kinds()).toEqual([]);
  expect((await run('check')).status).toBe(2);
  expect((await run('plan', '--detailed-exitcode')).status).toBe(2);
  expect(calls()).toMatchObject([
    { variables: ['on-drift', 'check', 'demo', '', '', '', '2'], document: { command: 'check' } },
    { variables: ['on-drift', 'plan', 'demo', '', '', '', '2'], document: { command: 'plan' } },
  ]);
});

it('a run calls them all, each host once as it ends', async () => {
  hooks(
    everywhere
      .replace('after-host: [', 'after-host: [./fail, ')
      .replace('after-run: [', 'after-run: [./fail, '),
  );
  const applied = await apply();
  const document = JSON.parse(applied.stdout);
  expect([applied.status, document.hosts.map(({ status }: { status: string }) => status)]).toEqual([
    0,
    ['changed', 'changed', 'changed', 'changed'],
  ]);
  const all = calls();
  expect(kinds()).toEqual(['before-run', ...Array(4).fill('after-host'), 'after-run']);
  for (const { variables, document: given } of all) {
    expect(variables[3]).toBe(document.run);
    expect(given.run).toBe(document.run);
  }
  const [first, second, ...rest] = all;
  expect(first?.document.hosts.map(({ status }) => status)).toEqual(Array(4).fill('would-change'));
  // The proxy and then one node go alone; the others follow in the order in which they end.
  expect(second?.variables).toEqual(['after-host', 'apply', 'demo', document.run, 'proxy-1', 'changed', '']);
  expect(second?.document.hosts).toEqual([document.hosts[0]]);
  expect(
    rest
      .slice(0, 3)
      .flatMap(({ document: { hosts } }) => hosts.map(({ name }) => name))
      .sort(),
  ).toEqual(['bbb-01', 'bbb-02', 'bbb-03']);
  const warnings = ['proxy-1', 'bbb-01', 'bbb-02', 'bbb-03'].map(
    (host) => `the hook ./fail (after-host, ${host}) failed: it exited with 9: no network`,
  );
  expect([...document.warnings].sort()).toEqual(
    [...warnings, 'the hook ./fail (after-run) failed: it exited with 9: no network'].sort(),
  );
  // It is what --json prints, but for its own failures.
  expect({ ...all.at(-1)?.document, warnings: [] }).toEqual({ ...document, warnings: [] });
  expect(all.at(-1)?.variables.at(-1)).toBe('0');

  // There is nothing left to do.
  expect((await apply()).status).toBe(0);
  expect(kinds()).toHaveLength(6);
});

const drifted = '/etc/bigbluebutton/bbb-web.properties';
function drift(): void {
  for (const host of ['bbb-01', 'bbb-02'])
    cluster.edit(host, drifted, (text) =>
      text.replace(/^defaultHTML5ClientUrl=.*$/m, 'defaultHTML5ClientUrl=x'),
    );
}

it('hosts that fail, and those that are not begun then, are told as well', async () => {
  hooks(everywhere);
  drift();
  // A service that can't be restarted, not even to put it back.
  const fault = cluster.path('bbb-01', '/run/stand-in/fail-bbb-web');
  writeFileSync(fault, '');
  const failed = await apply();
  rmSync(fault);
  expect(failed.status).toBe(6);
  const document = JSON.parse(failed.stdout);
  const told = calls().filter(({ variables: [kind] }) => kind === 'after-host');
  expect(told.map(({ variables }) => variables.slice(4, 6))).toEqual(
    ['bbb-01', 'bbb-02'].map((name) => [
      name,
      document.hosts.find((host: { name: string }) => host.name === name).status,
    ]),
  );
  expect(told.map(({ variables }) => variables[5])).toEqual(['stuck', 'not-started']);
  expect(calls().at(-1)?.variables).toEqual(['after-run', 'apply', 'demo', document.run, '', '', '6']);
});

it('a schedule tells the end of each run, and what it has found', async () => {
  hooks('  {}');
  expect((await apply()).status).toBe(0);
  drift();
  hooks(everywhere);
  const scheduled = (...more: readonly string[]) =>
    run('schedule', 'run', '--state', join(cluster.folder, 'state'), ...more);
  expect((await scheduled()).status).toBe(2);
  expect(calls()).toMatchObject([
    { variables: ['on-drift', 'schedule run', 'demo', '', '', '', '2'], document: { schedule: {} } },
    { variables: ['after-run', 'schedule run', 'demo', '', '', '', '2'], document: { schedule: {} } },
  ]);
  rmSync(join(cluster.folder, 'calls'));
  expect((await scheduled('--policy', 'fix')).status).toBe(0);
  expect(calls().map(({ variables: [kind, command] }) => [kind, command])).toEqual(
    ['before-run', 'after-host', 'after-host', 'on-drift', 'after-run'].map((kind) => [kind, 'schedule run']),
  );
  rmSync(join(cluster.folder, 'calls'));
  expect((await scheduled('--policy', 'fix')).status).toBe(0);
  expect(kinds()).toEqual(['after-run']);

  // It can't even look.
  rmSync(join(cluster.folder, 'calls'));
  const text = readFileSync(inventory, 'utf8');
  writeFileSync(inventory, text.replace(/^ssh:\n/m, 'ssh:\n  password: {env: NOT_SET_AT_NIGHT}\n'));
  expect((await scheduled()).status).toBe(1);
  expect(calls()).toMatchObject([
    {
      variables: ['after-run', 'schedule run', 'demo', '', '', '', '1'],
      document: { hosts: [], errors: [{ code: 'secret-env-missing' }] },
    },
  ]);
});

it('a host is told before the next one begins', async () => {
  drift();
  const events: string[] = [];
  const inventory = await cluster.inventory();
  await cluster.apply(inventory, {
    progress: (event) => event.kind === 'host' && events.push(`${event.host} ${event.phase}`),
    hostEnded: ({ plan, status }) => events.push(`${plan.host} ended: ${status}`),
  });
  const firstOf = (start: string) => events.findIndex((event) => event.startsWith(start));
  expect(events.filter((event) => event.includes('ended'))).toEqual([
    'bbb-01 ended: changed',
    'bbb-02 ended: changed',
  ]);
  expect(firstOf('bbb-01 ended')).toBeLessThan(firstOf('bbb-02'));
});
