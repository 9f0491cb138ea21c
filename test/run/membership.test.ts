import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inventoryName } from '../../src/demo/cluster.ts';
import { buildProgram, clusterproxy } from '../cli/program.ts';
import type { TestCluster } from './cluster.ts';
import { type BalancedCluster, startBalancedCluster } from './with-balancer.ts';

/** One cluster for all tests of this file, which follow one another: bbb-03 leaves, and joins again. */
let balanced: BalancedCluster;
let cluster: TestCluster;
let asShipped: Readonly<Record<string, string>>;
beforeAll(async () => {
  [balanced] = await Promise.all([startBalancedCluster(), buildProgram()]);
  cluster = balanced.cluster;
  for (const node of ['bbb-01', 'bbb-02', 'bbb-03']) balanced.make(node, 'enabled');
  asShipped = cluster.etc('bbb-03');
  balanced.others(2);
  const { status, stderr } = await run('apply');
  expect(status, stderr).toBe(0);
}, 240_000);
afterAll(() => balanced.close());
beforeEach(() => {
  balanced.others(2);
  balanced.told();
});

interface Told {
  readonly hosts: readonly {
    readonly name: string;
    readonly status: string;
    readonly error?: { readonly code: string; readonly message: string; readonly next?: string };
    readonly warnings: readonly string[];
    readonly changes: readonly unknown[];
    readonly balancers?: readonly unknown[];
  }[];
  readonly errors?: readonly { readonly code: string; readonly next?: string }[];
  readonly warnings: readonly string[];
}

/** Whatever the inventory is to be besides. */
function save(edit: (text: string) => string): string {
  const file = join(cluster.folder, 'balanced.yaml');
  const text = readFileSync(join(cluster.folder, inventoryName), 'utf8');
  writeFileSync(file, edit(balanced.withBalancer(text)));
  return file;
}

async function run(
  command: string,
  { args = [], edit = (text) => text }: { args?: readonly string[]; edit?: (text: string) => string } = {},
) {
  const changes = ['apply', 'join', 'leave'].includes(command);
  const more = [...args, ...(changes ? ['--yes'] : [])];
  const ended = await clusterproxy([command, '-i', save(edit), '--json', ...more]);
  const document = JSON.parse(ended.stdout) as Told;
  return { ...ended, document, own: document.hosts.find(({ name }) => name === 'bbb-03') };
}

const nodesConf = () => cluster.text('proxy-1', '/etc/nginx/clusterproxy/demo/nodes.conf');
const meetings = () => cluster.path('bbb-03', '/run/stand-in/meetings');
const recorded = () => cluster.path('bbb-03', '/var/bigbluebutton/recording/status/recorded');
/** Files that differ from what they were before anything was done, but for what bbb-conf appends. */
const changed = () => {
  const now = cluster.etc('bbb-03');
  const rest = (text = '') => text.replace(/^bigbluebutton\.web\.logoutURL=default\n/m, '').trimEnd();
  return Object.keys({ ...asShipped, ...now }).filter((path) => rest(now[path]) !== rest(asShipped[path]));
};

describe('a node that leaves', { timeout: 240_000 }, () => {
  it('stays where it is as long as its recordings are not finished', async () => {
    mkdirSync(recorded(), { recursive: true });
    writeFileSync(join(recorded(), `${'0'.repeat(40)}-1700000000000.done`), '');
    const { status, own } = await run('leave', { args: ['bbb-03', '--drain-timeout', '0'] });
    rmSync(recorded(), { recursive: true });
    expect(status).toBe(5);
    expect(own).toMatchObject({
      status: 'deferred',
      error: {
        code: 'busy',
        message: expect.stringContaining('recordings that are not finished: 1'),
      },
    });
    expect(balanced.told()).toEqual(['cordon bbb-03.example.com', 'enable bbb-03.example.com']);
    expect(nodesConf()).toContain('bbb-03.example.com');
    expect(changed()).not.toEqual([]);
  });

  it('stays where it is if no other would get people', async () => {
    balanced.others(0);
    const { status, own } = await run('leave', { args: ['bbb-03'] });
    expect(status).toBe(3);
    expect(own).toMatchObject({ status: 'not-started', error: { code: 'last-in-balancer' } });
    expect(balanced.told()).toEqual([]);
    expect(changed()).not.toEqual([]);
  });

  it('gets no new people, is waited for, and gets its files back', async () => {
    writeFileSync(meetings(), '12 Maths\n');
    const leaving = run('leave', { args: ['bbb-03'] });
    while (balanced.stateOf('bbb-03') !== 'cordoned') await sleep(100);
    await sleep(500);
    expect(changed()).not.toEqual([]);
    rmSync(meetings());
    const { status, own, stderr } = await leaving;
    expect(status, stderr).toBe(0);
    expect(own).toMatchObject({
      status: 'changed',
      balancers: [{ on: 'lb', state: 'cordoned' }],
    });
    expect(stderr).toContain('bbb-03 is still in');
    expect(balanced.told()).toEqual(['cordon bbb-03.example.com']);
    expect(nodesConf()).not.toContain('bbb-03.example.com');
    expect(changed()).toEqual([]);
  });

  it('has left when it is called again, and is not given back with the others', async () => {
    const { status, own } = await run('leave', { args: ['bbb-03'] });
    expect(status).toBe(0);
    expect(own).toMatchObject({
      ...{ status: 'in-sync', changes: [] },
      balancers: [{ on: 'lb', state: 'cordoned' }],
    });
    expect((await run('release', { args: ['--all'] })).status).toBe(0);
    expect(balanced.told()).toEqual([]);
    expect(balanced.stateOf('bbb-03')).toBe('cordoned');
    const without = (text: string) => text.replace(/ {4}- name: bbb-03\n(?: {6}.*\n)*/, '');
    const gone = await run('leave', { args: ['bbb-03'], edit: without });
    expect(gone).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('bbb-03 has left the cluster already'),
    });
    const retired = (text: string) => text.replace('- name: bbb-03\n', '$&      state: retired\n');
    const warning = expect.stringMatching(
      /^it has been getting no new people since .*, as it has left the cluster$/,
    );
    expect((await run('check', { edit: retired })).own?.warnings).toEqual([warning]);
  });

  it('is forgotten once it was removed from the balancer', async () => {
    balanced.make('bbb-03', undefined);
    const { status, own } = await run('leave', { args: ['bbb-03'] });
    expect(status).toBe(0);
    expect(own).toMatchObject({ status: 'in-sync', balancers: [{ on: 'lb', state: 'unknown' }] });
    const retired = (text: string) => text.replace('- name: bbb-03\n', '$&      state: retired\n');
    expect((await run('check', { edit: retired })).own?.warnings).toEqual([]);
    // It is added again, and taken out as before.
    balanced.make('bbb-03', 'enabled');
    expect((await run('leave', { args: ['bbb-03'] })).own).toMatchObject({
      balancers: [{ on: 'lb', state: 'cordoned' }],
    });
    expect(balanced.told()).toEqual(['cordon bbb-03.example.com']);
  });
});

describe('a rollback of what a node that has left had', { timeout: 240_000 }, () => {
  it('says that it gives nothing back there', async () => {
    const { document, own } = await run('rollback', { args: ['--dry-run'] });
    expect(own?.warnings).toEqual([expect.stringContaining('a rollback gives nothing back there')]);
    const others = document.hosts.filter(({ name }) => name !== 'bbb-03');
    expect(others.flatMap(({ warnings }) => warnings)).toEqual([]);
    expect(others.length).toBeGreaterThan(3);
  });
});

describe('a node that joins', { timeout: 240_000 }, () => {
  it('is set up before people are sent there', async () => {
    const { status, own, stderr } = await run('join', { args: ['bbb-03'] });
    expect(status, stderr).toBe(0);
    expect(own).toMatchObject({
      status: 'changed',
      balancers: [{ on: 'lb', state: 'enabled' }],
      // Not that it gets no new people, as it was before.
      warnings: [],
    });
    expect(nodesConf()).toContain('bbb-03.example.com');
    expect(changed()).not.toEqual([]);
    expect(balanced.told()).toEqual(['enable bbb-03.example.com']);
  });

  it('has joined when it is called again', async () => {
    const { status, own } = await run('join', { args: ['bbb-03'] });
    expect(status).toBe(0);
    expect(own).toMatchObject({ status: 'in-sync', balancers: [{ on: 'lb', state: 'enabled' }] });
    expect(balanced.told()).toEqual([]);
  });

  it('stays out if somebody else has taken it out', async () => {
    balanced.make('bbb-03', 'cordoned');
    const { status, own } = await run('join', { args: ['bbb-03'] });
    expect(status).toBe(0);
    expect(own).toMatchObject({
      balancers: [{ on: 'lb', state: 'cordoned' }],
      warnings: [expect.stringContaining('somebody has taken it out on lb (cordoned); that stays as it is')],
    });
    expect(balanced.told()).toEqual([]);
    balanced.make('bbb-03', 'enabled');
  });

  it('has not joined if the balancer does not know it', async () => {
    cluster.edit('bbb-03', '/etc/bigbluebutton/bbb-web.properties', (text) =>
      text.replace(/^defaultHTML5ClientUrl=.*$/m, 'defaultHTML5ClientUrl=/'),
    );
    balanced.make('bbb-03', undefined);
    const { status, own } = await run('join', { args: ['bbb-03', '--when-busy', 'drain'] });
    expect(status).toBe(3);
    expect(own).toMatchObject({
      changes: [{ action: 'modify' }],
      ...{ status: 'failed', error: { code: 'not-in-balancer' } },
      balancers: [{ on: 'lb', state: 'unknown' }],
    });
    expect(balanced.told()).toEqual([]);
    balanced.make('bbb-03', 'enabled');
    expect((await run('join', { args: ['bbb-03'] })).own).toMatchObject({ status: 'in-sync' });
  });

  it('can not be one that is retired, or that nobody knows', async () => {
    const retired = await run('join', {
      args: ['bbb-03'],
      edit: (text) => text.replace('- name: bbb-03\n', '$&      state: retired\n'),
    });
    expect(retired).toMatchObject({ status: 1, document: { errors: [{ code: 'host-retired' }] } });
    const unknown = await run('join', { args: ['bbb-04'] });
    expect(unknown).toMatchObject({ status: 1, document: { errors: [{ code: 'host-unknown' }] } });
    const named = await run('join', { args: ['bbb-03', '--run-id', 'morning'] });
    expect(named).toMatchObject({ status: 1, document: { errors: [{ code: 'usage' }] } });
  });
});

describe('a node that leaves a cluster without a balancer', { timeout: 240_000 }, () => {
  const leave = (...args: readonly string[]) =>
    clusterproxy(['leave', '-i', join(cluster.folder, inventoryName), '--json', '--yes', 'bbb-03', ...args]);
  const ownIn = ({ stdout }: { readonly stdout: string }) =>
    (JSON.parse(stdout) as Told).hosts.find(({ name }) => name === 'bbb-03');

  const untold = expect.stringContaining('new people come there as before, and it may never be empty');

  it('is waited for all the same, and the rest is left to people', async () => {
    writeFileSync(meetings(), '12 Maths\n');
    const busy = await leave('--when-busy', 'refuse');
    expect(busy.status).toBe(5);
    expect(ownIn(busy)).toMatchObject({ status: 'deferred', error: { code: 'busy' } });
    expect(changed()).not.toEqual([]);
    const planned = await leave('--dry-run');
    expect((JSON.parse(planned.stdout) as Told).warnings).toEqual([untold]);
    const forced = await leave('--force');
    rmSync(meetings());
    expect(forced.status, forced.stderr).toBe(0);
    expect(ownIn(forced)).toMatchObject({
      status: 'changed',
      warnings: [],
      balancers: [],
    });
    expect((JSON.parse(forced.stdout) as Told).warnings).toEqual([untold]);
    expect(changed()).toEqual([]);
    const joined = await run('join', { args: ['bbb-03'] });
    expect(joined.own).toMatchObject({ status: 'changed', balancers: [{ on: 'lb', state: 'enabled' }] });
  });
});

describe('a machine that has come up', { timeout: 240_000 }, () => {
  let relay: Server;
  afterEach(() => relay?.close());
  const known = () => join(cluster.folder, 'known_hosts');
  const keyOf = () => cluster.demo.hosts.get('bbb-03')?.hostKey ?? '';
  const portOf = () => cluster.demo.hosts.get('bbb-03')?.port ?? 0;
  /** Nothing is pinned in the inventory, and nothing is known. */
  const untrusted = (text: string) =>
    text.replace(/(- name: bbb-03\n(?:.*\n)*? +)host_keys: .*\n/, `$1known_hosts: [${known()}]\n`);

  it('is trusted by the key that came with it, and by no other', async () => {
    rmSync(known(), { force: true });
    const without = await run('join', { args: ['bbb-03'], edit: untrusted });
    expect(without.document.errors).toMatchObject([
      { code: 'host-key-unknown', next: expect.stringContaining('--fingerprint SHA256:') },
    ]);
    const wrong = ['bbb-03', '--fingerprint', `SHA256:${'A'.repeat(43)}`];
    const refused = await run('join', { args: wrong, edit: untrusted });
    expect(refused.document.errors).toMatchObject([{ code: 'host-key-not-given' }]);
    expect([without.status, refused.status]).toEqual([1, 1]);
    const right = await run('join', { args: ['bbb-03', '--fingerprint', keyOf()], edit: untrusted });
    expect(right.status, right.stderr).toBe(0);
    expect(right.stderr).toContain(`pinned the key that came with bbb-03 in ${known()}`);
    const [, type = '', key = ''] = readFileSync(known(), 'utf8').trim().split(' ');
    expect(await run('join', { args: ['bbb-03'], edit: untrusted })).toMatchObject({ status: 0 });
    rmSync(known());
    const asKey = await run('join', { args: ['bbb-03', '--host-key', `${type} ${key} it`], edit: untrusted });
    expect(asKey.status, asKey.stderr).toBe(0);
    expect(readFileSync(known(), 'utf8')).toContain(key);
  });

  it('is not trusted in place of another, unless somebody says so', async () => {
    const port = portOf();
    const [, type = '', right = ''] = readFileSync(known(), 'utf8').trim().split(' ');
    const other = Buffer.from(right, 'base64');
    other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
    writeFileSync(known(), `[127.0.0.1]:${port} ${type} ${other.toString('base64')}\n`);
    const args = ['bbb-03', '--fingerprint', keyOf()];
    const refused = await run('join', { args, edit: untrusted });
    expect(refused.document.errors).toMatchObject([
      { code: 'host-key-changed', next: expect.stringContaining('--replace') },
    ]);
    const replaced = await run('join', { args: [...args, '--replace'], edit: untrusted });
    expect(replaced.status, replaced.stderr).toBe(0);
    expect(readFileSync(known(), 'utf8')).toBe(`[127.0.0.1]:${port} ${type} ${right}\n`);
  });

  it('is waited for until it answers', async () => {
    relay = createServer((client) => {
      const host = connect(portOf(), '127.0.0.1');
      client.pipe(host).pipe(client);
      for (const end of [client, host]) end.on('error', () => end.destroy());
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const address = relay.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    await new Promise((resolve) => relay.close(resolve));
    const there = (text: string) =>
      text.replace(/(- name: bbb-03\n)((?:.*\n)*? +port: )\d+/, `$1      state: off\n$2${port}`);
    const late = await run('join', { args: ['bbb-03', '--boot-timeout', '1s'], edit: there });
    expect(late).toMatchObject({ status: 1, document: { errors: [{ code: 'unreachable' }] } });
    const joining = run('join', { args: ['bbb-03'], edit: there });
    await sleep(1_500);
    relay.listen(port, '127.0.0.1');
    const { status, own, stderr } = await joining;
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('bbb-03: waiting until it answers');
    expect(own).toMatchObject({ status: 'in-sync', balancers: [{ on: 'lb', state: 'enabled' }] });
  });
});
