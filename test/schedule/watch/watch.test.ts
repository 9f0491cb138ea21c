import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inventoryName } from '../../../src/demo/cluster.ts';
import { reportSchema } from '../../../src/report/document/schema.ts';
import { buildProgram, main } from '../../cli/program.ts';
import { startCluster, type TestCluster } from '../../run/cluster.ts';

const timeout = 240_000;
const nodes = ['bbb-01', 'bbb-02', 'bbb-03'];
const drifted = '/etc/bigbluebutton/bbb-web.properties';

let cluster: TestCluster;
let inventory: string;
let state: string;
beforeAll(async () => {
  await buildProgram();
  cluster = await startCluster();
  await cluster.apply(await cluster.inventory());
  inventory = join(cluster.folder, 'watched.yaml');
  state = join(cluster.folder, 'state');
  writeFileSync(inventory, readFileSync(join(cluster.folder, inventoryName), 'utf8'));
}, timeout);
afterAll(() => cluster.close());

/** The process, and what it has told by now. */
class Watching {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';

  constructor(more: readonly string[] = [], variables: Readonly<Record<string, string>> = {}) {
    const words = ['watch', '-i', inventory, '--state', state, '--every', '30s', '--listen', '127.0.0.1:0'];
    this.child = spawn(process.execPath, [main, ...words, ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: cluster.folder, ...variables },
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }

  get url(): string {
    return /http:\/\/[0-9.:]+/.exec(this.stderr.replace(/\s+/g, ' '))?.[0] ?? '';
  }

  /** Until it has told something, behind what it had told before. */
  async told(pattern: RegExp, after = 0): Promise<string> {
    for (const end = Date.now() + 90_000; Date.now() < end; await sleep(100)) {
      const text = this.stderr.slice(after).replace(/\n {2,}|\n(?=\d\d:)/g, ' ');
      if (pattern.test(text)) return text;
      if (this.child.exitCode !== null) break;
    }
    throw new Error(`${pattern} was not told:\n${this.stderr.slice(after)}\n${this.stdout}`);
  }

  async end(): Promise<number | null> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    const [code] = await closed;
    return code as number | null;
  }
}

/** Has it look now: the file is another one, with the same content. */
function touch(): void {
  const now = new Date();
  utimesSync(inventory, now, now);
}
const records = () => JSON.parse(readFileSync(join(state, 'records.json'), 'utf8'));
const connections = () => [...cluster.demo.hosts.values()].map((host) => host.connections);

it('looks again and again over the same connections, and tells what is new', { timeout }, async () => {
  const before = connections();
  const watching = new Watching();
  await watching.told(/^\S+ \S+ UTC: 4 in sync$/m);
  expect(watching.stderr).toContain('watching demo (');
  const get = async (path: string) => {
    const response = await fetch(`${watching.url}${path}`);
    return [response.status, await response.text()] as const;
  };
  expect(await get('/healthz')).toEqual([200, 'ok\n']);
  await expect.poll(() => get('/readyz')).toEqual([200, 'ok\n']);
  const [, metrics] = await get('/metrics');
  expect(metrics).toContain('clusterproxy_hosts{cluster="demo",role="node",status="in-sync"} 3');
  touch();
  await watching.told(/4 in sync; nothing has changed since/);
  const added = connections().map((number, index) => number - (before[index] ?? 0));

  cluster.edit('bbb-01', drifted, (text) =>
    text.replace(/^defaultHTML5ClientUrl=.*$/m, 'defaultHTML5ClientUrl=x'),
  );
  let mark = watching.stderr.length;
  touch();
  await watching.told(/UTC: 3 in sync, 1 would change$/m, mark);
  expect(watching.stdout).toContain(`bbb-01: ${drifted} since `);
  expect((await get('/metrics'))[1]).toContain('role="node",status="would-change"} 1');
  // A host may need more than one connection for a look, but none is made for a later one.
  expect(connections().map((number, index) => number - (before[index] ?? 0))).toEqual(added);

  // One that is restarted is back without anybody's doing.
  const host = cluster.demo.hosts.get('bbb-02');
  host?.unplug(true);
  host?.cut();
  mark = watching.stderr.length;
  touch();
  await watching.told(/1 unreachable/, mark);
  mark = watching.stderr.length;
  host?.unplug(false);
  await watching.told(/UTC: 3 in sync, 1 would change$/m, mark);

  const text = readFileSync(inventory, 'utf8');
  mark = watching.stderr.length;
  appendFileSync(inventory, 'nonsense: [\n');
  const refused = await watching.told(/nonsense|yaml-syntax/, mark);
  expect(refused).toContain('error inventory-refused');
  expect(await get('/healthz')).toEqual([200, 'ok\n']);
  mark = watching.stderr.length;
  writeFileSync(inventory, text);
  await watching.told(/UTC: 3 in sync, 1 would change$/m, mark);

  expect(await watching.end()).toBe(0);
  expect(existsSync(join(state, 'lock'))).toBe(false);
  expect(records().runs[0]).toMatchObject({ did: 'report', statuses: { 'would-change': 1, 'in-sync': 3 } });
  await expect(fetch(`${watching.url}/healthz`)).rejects.toThrow();
});

it('repairs when it may, with one document a line, and secrets that are had each time', {
  timeout,
}, async () => {
  const text = readFileSync(inventory, 'utf8');
  writeFileSync(inventory, text.replace(/^ssh:\n/m, 'ssh:\n  password: {env: A_PASSWORD}\n'));
  const watching = new Watching(['--json', '--policy', 'fix'], { A_PASSWORD: 'geheim-for-watch' });
  const lines = () => watching.stdout.split('\n').filter((line) => line !== '');
  await expect.poll(() => lines().length, { timeout: 90_000 }).toBe(1);
  touch();
  await expect.poll(() => lines().length, { timeout: 90_000 }).toBe(2);
  const documents = lines().map((line) => reportSchema.parse(JSON.parse(line)));
  expect(documents.map(({ summary, errors }) => [summary.statuses, errors])).toEqual([
    [{ changed: 1, 'in-sync': 3 }, undefined],
    [{ 'in-sync': 4 }, undefined],
  ]);
  expect(cluster.text('bbb-01', drifted)).not.toContain('defaultHTML5ClientUrl=x');
  expect(await watching.end()).toBe(0);
  expect(watching.stdout + watching.stderr).not.toContain('geheim-for-watch');
  expect(records().runs[0]).toMatchObject({ did: 'fix' });
  writeFileSync(inventory, text);
});

it('is ended in the midst of a look, which then is none', { timeout }, async () => {
  const count = records().runs.length;
  for (const node of nodes) cluster.demo.hosts.get(node)?.cut();
  const watching = new Watching();
  await watching.told(/watching/);
  expect(await watching.end()).toBe(0);
  expect(records().runs.length).toBeLessThanOrEqual(count + 1);
  expect(records().runs[0].exitStatus).not.toBe(130);
  // It may have been at its end already.
  if (records().runs.length === count) expect(watching.stderr).not.toContain('UTC:');
});

it('goes on where a look fails and its metrics can not be written', { timeout }, async () => {
  const text = readFileSync(inventory, 'utf8');
  writeFileSync(inventory, text.replace(/^ssh:\n/m, 'ssh:\n  password: {env: NOT_SET_HERE}\n'));
  const watching = new Watching(['--metrics', join(cluster.folder, 'nowhere/watch.prom')]);
  const told = await watching.told(/error metrics-file/);
  expect(told).toContain('error secret-env-missing');
  const mark = watching.stderr.length;
  writeFileSync(inventory, text);
  await watching.told(/in sync/, mark);
  expect(await watching.end()).toBe(0);
});

it('does not begin with what it can not use', { timeout }, async () => {
  const text = readFileSync(inventory, 'utf8');
  appendFileSync(inventory, 'nonsense: [\n');
  const watching = new Watching();
  const [code] = await once(watching.child, 'close');
  expect(code).toBe(1);
  expect(watching.stderr).toContain('error yaml-syntax');
  writeFileSync(inventory, text);
});
