import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseLedger } from '../../src/host/ledger-file.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { exitStatusOf } from '../../src/model/result.ts';
import { readHistory } from '../../src/run/history-run.ts';
import { resultOfPlan } from '../../src/run/result-of-plan.ts';
import { stageOf } from '../support/host-plan.ts';
import { applyOptions, problems, startCluster, statuses, type TestCluster } from './cluster.ts';

/** One set of hosts for all tests of this file, which follow one another. */
let cluster: TestCluster;
/** proxy-1 and bbb-01 */
let prod: Inventory;
/** the same proxy-1, and bbb-03 */
let trial: Inventory;
let fresh: Readonly<Record<string, string>>;

const base = '/var/lib/clusterproxy';
const address = 'trial-proxy.example.com';
const without = (text: string, ...hosts: readonly string[]) =>
  hosts.reduce((rest, host) => rest.replace(new RegExp(` {4}- name: ${host}\n(?: {6}.*\n)+`), ''), text);
const asProd = (text: string) => without(text.replace('name: demo', 'name: prod'), 'bbb-02', 'bbb-03');
const asTrial = (text: string) =>
  without(
    text
      .replace('name: demo', 'name: trial')
      .replace(/^ {2}hostname: bbb-proxy.example.com$/m, `  hostname: ${address}`),
    'bbb-01',
    'bbb-02',
  );

beforeAll(async () => {
  cluster = await startCluster();
  const live = cluster.path('proxy-1', `/etc/letsencrypt/live/${address}`);
  mkdirSync(live, { recursive: true });
  for (const name of ['fullchain.pem', 'privkey.pem']) writeFileSync(join(live, name), '# stands for one\n');
  prod = await cluster.inventory(asProd);
  trial = await cluster.inventory(asTrial);
  fresh = cluster.etc('proxy-1');
}, 60_000);
afterAll(() => cluster.close());

const serverOf = (name: string) => `/etc/nginx/conf.d/clusterproxy-${name}.conf`;
const nodesOf = (name: string) => `/etc/nginx/clusterproxy/${name}/nodes.conf`;
const isThere = (path: string) => existsSync(cluster.path('proxy-1', path));
const planned = async (of: Inventory) => statuses(resultOfPlan(await cluster.plan(of), 'check'));
const proxyPlan = async (of: Inventory) =>
  (await cluster.plan(of)).hosts.find(({ role }) => role === 'proxy');
const prodInSync = { 'proxy-1': 'in-sync', 'bbb-01': 'in-sync' };
const trialInSync = { 'proxy-1': 'in-sync', 'bbb-03': 'in-sync' };
/** A file that a cluster has on the proxy, with its bytes; the folders of the other one aren't among them. */
const filesOf = (name: string) =>
  [serverOf(name), nodesOf(name)].map((path) => cluster.text('proxy-1', path));

describe('two clusters on one proxy', { timeout: 240_000 }, () => {
  it('work, each with files of its own, and in sync', async () => {
    for (const inventory of [prod, trial]) {
      const result = await cluster.apply(inventory);
      expect(problems(result)).toEqual([]);
      expect([...new Set(Object.values(statuses(result)))]).toEqual(['changed']);
    }
    expect(await planned(prod)).toEqual(prodInSync);
    expect(await planned(trial)).toEqual(trialInSync);
    expect(cluster.text('proxy-1', nodesOf('prod'))).toContain('location ^~ /bbb-01/');
    expect(cluster.text('proxy-1', nodesOf('prod'))).not.toContain('bbb-03');
    expect(cluster.text('proxy-1', nodesOf('trial'))).toContain('location ^~ /bbb-03/');
    expect(cluster.text('proxy-1', serverOf('trial'))).toContain(`server_name ${address};`);
    const again = await cluster.apply(trial);
    expect(statuses(again)).toEqual(trialInSync);
    expect(again.hosts.flatMap(({ ran }) => ran)).toEqual([]);
  });

  it('know of each other', async () => {
    const plan = await proxyPlan(trial);
    expect(plan?.snapshot?.others).toMatchObject([{ cluster: 'prod', role: 'proxy', shared: true }]);
    const { runs, beside } = await readHistory(applyOptions(trial));
    expect(runs.map(({ command, hosts }) => [command, hosts.map(({ host }) => host)])).toEqual([
      ['apply', ['proxy-1', 'bbb-03']],
    ]);
    expect([...beside]).toEqual([['proxy-1', ['prod']]]);
  });

  it('owe their own restarts alone', async () => {
    const owed = cluster.path('proxy-1', `${base}/clusters/trial/owed`);
    writeFileSync(owed, 'reload-nginx\n');
    expect(await planned(prod)).toEqual(prodInSync);
    expect(await planned(trial)).toEqual({ ...trialInSync, 'proxy-1': 'would-change' });
    cluster.edit('proxy-1', nodesOf('prod'), (text) => text.replace('http_version 1.1', 'http_version 1.0'));
    expect(statuses(await cluster.apply(prod))).toEqual({ ...prodInSync, 'proxy-1': 'changed' });
    expect(readFileSync(owed, 'utf8')).toBe('reload-nginx\n');
    expect(statuses(await cluster.apply(trial))).toEqual({ ...trialInSync, 'proxy-1': 'changed' });
    expect(readFileSync(owed, 'utf8')).toBe('');
  });

  it('are undone one by one, and forget no run of the other', async () => {
    const before = filesOf('prod');
    const runs = (await readHistory(applyOptions(prod))).runs.map(({ run }) => run);
    for (const keep of [1, 1]) {
      cluster.edit('proxy-1', nodesOf('trial'), (text) => text.replace('version 1.1', 'version 1.0'));
      expect(statuses(await cluster.apply(trial, { keep }))['proxy-1']).toBe('changed');
    }
    expect((await readHistory(applyOptions(prod))).runs.map(({ run }) => run)).toEqual(runs);
    cluster.edit('bbb-03', '/etc/bigbluebutton/bbb-web.properties', (text) => `${text}# theirs\n`);
    const undone = await cluster.rollback(trial);
    expect(problems(undone)).toEqual([]);
    expect(filesOf('prod')).toEqual(before);
    expect(await planned(prod)).toEqual(prodInSync);
    expect(problems(await cluster.apply(trial))).toEqual([]);
  });

  it('leave one by one: what the other has stays, and with the last one all of it goes', async () => {
    const retired = (text: string) => text.replace(/^( {4}- name: .*)$/gm, '$1\n      state: retired');
    const before = filesOf('prod');
    const leaving = await cluster.inventory((text) => retired(asTrial(text)));
    let worked = new Set<string>();
    const result = await cluster.apply(leaving, {
      progress: (event) => {
        if (event.kind === 'begun') worked = new Set();
        if (event.kind === 'host') worked.add(event.host);
      },
    });
    expect(problems(result)).toEqual([]);
    expect([...worked], 'people reach the node through the proxy').toEqual(['bbb-03', 'proxy-1']);
    expect(await planned(leaving)).toEqual(trialInSync);
    expect([serverOf('trial'), '/etc/nginx/clusterproxy/trial'].map(isThere)).toEqual([false, false]);
    expect(readdirSync(cluster.path('proxy-1', `${base}/clusters`))).toEqual(['prod']);
    expect((await readHistory(applyOptions(trial))).runs).toEqual([]);
    expect(filesOf('prod')).toEqual(before);
    expect(await planned(prod)).toEqual(prodInSync);
    const last = await cluster.apply(await cluster.inventory((text) => retired(asProd(text))));
    expect(problems(last)).toEqual([]);
    expect(cluster.etc('proxy-1')).toEqual(fresh);
    expect(isThere(base)).toBe(false);
  });

  it('leave one by one, the one that came first as well', async () => {
    const retired = (text: string) => text.replace(/^( {4}- name: .*)$/gm, '$1\n      state: retired');
    for (const inventory of [prod, trial]) expect(problems(await cluster.apply(inventory))).toEqual([]);
    expect(problems(await cluster.apply(await cluster.inventory((text) => retired(asProd(text)))))).toEqual(
      [],
    );
    expect(await planned(trial)).toEqual(trialInSync);
    expect(isThere(nodesOf('trial'))).toBe(true);
    const last = await cluster.apply(await cluster.inventory((text) => retired(asTrial(text))));
    expect(problems(last)).toEqual([]);
    expect(cluster.etc('proxy-1')).toEqual(fresh);
    expect(isThere(base)).toBe(false);
  });
});

/**
 * As version 0.1 left a host: one cluster alone, beside its runs, and the server block under its first name.
 */
function asVersion01(host: string, name: string): void {
  const at = (path: string) => cluster.path(host, `${base}/${path}`);
  for (const file of ['ledger.json', 'managed-paths', 'owed']) {
    if (existsSync(at(`clusters/${name}/${file}`))) renameSync(at(`clusters/${name}/${file}`), at(file));
  }
  rmSync(at('clusters'), { recursive: true });
  writeFileSync(at('cluster'), `${name}\n`);
  if (host !== 'proxy-1') return;
  const first = '/etc/nginx/conf.d/clusterproxy.conf';
  renameSync(cluster.path(host, serverOf(name)), cluster.path(host, first));
  for (const file of ['ledger.json', 'managed-paths']) {
    writeFileSync(at(file), readFileSync(at(file), 'utf8').replaceAll(serverOf(name), first));
  }
}

describe('a host as version 0.1 left it', { timeout: 240_000 }, () => {
  const stub = () => ({
    kind: 'file' as const,
    content: readFileSync(cluster.path('proxy-1', `${base}/ledger.json`)),
    mode: 0o644,
    user: 'root',
    group: 'root',
  });

  it('is read as that cluster’s, and what was under another name moves in a plan that shows it', async () => {
    expect(problems(await cluster.apply(prod))).toEqual([]);
    for (const host of ['proxy-1', 'bbb-01']) asVersion01(host, 'prod');
    const plan = await cluster.plan(prod);
    expect(statuses(resultOfPlan(plan, 'check'))).toEqual({ ...prodInSync, 'proxy-1': 'would-change' });
    const changes = plan.hosts.flatMap((one) =>
      stageOf(one).changes.map(({ action, path }) => `${action} ${path}`),
    );
    expect(changes).toEqual([`create ${serverOf('prod')}`, 'delete /etc/nginx/conf.d/clusterproxy.conf']);
    expect((await proxyPlan(trial))?.snapshot?.others).toMatchObject([
      { cluster: 'prod', role: undefined, shared: undefined },
    ]);
    expect((await cluster.plan(trial)).hosts.map(({ problem }) => problem)).toEqual([undefined, undefined]);
  });

  it('gets another cluster: what is known of the first one moves, whole, and an older version keeps off', async () => {
    appendFileSync(cluster.path('proxy-1', `${base}/owed`), 'reload-nginx\n');
    expect(problems(await cluster.apply(trial))).toEqual([]);
    const kept = cluster.path('proxy-1', `${base}/clusters/prod`);
    expect(readdirSync(kept).sort()).toEqual(['ledger.json', 'managed-paths', 'owed']);
    expect(['managed-paths', 'owed', 'cluster'].map((name) => isThere(`${base}/${name}`))).toEqual([
      false,
      false,
      false,
    ]);
    expect(() => parseLedger(stub(), 'proxy-1', 'ledger.json')).toThrow('newer clusterproxy');
    const result = await cluster.apply(prod);
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toEqual({ ...prodInSync, 'proxy-1': 'changed' });
    expect(readFileSync(join(kept, 'owed'), 'utf8')).toBe('');
    expect(isThere('/etc/nginx/conf.d/clusterproxy.conf')).toBe(false);
    expect(await planned(prod)).toEqual(prodInSync);
    expect(await planned(trial)).toEqual(trialInSync);
  });

  it('is the same where the move was cut off by a power cut', async () => {
    const at = (path: string) => cluster.path('bbb-01', `${base}/${path}`);
    // Between the second names and the end of the first ones.
    mkdirSync(at('clusters/prod'), { recursive: true });
    for (const name of ['ledger.json', 'managed-paths'])
      writeFileSync(at(`clusters/prod/${name}`), readFileSync(at(name)));
    mkdirSync(at('clusters/.prod'), { recursive: true });
    expect(await planned(prod)).toEqual(prodInSync);
    cluster.edit('bbb-01', '/etc/bigbluebutton/bbb-web.properties', (text) =>
      text.replaceAll('bbb-proxy', 'away'),
    );
    expect(problems(await cluster.apply(prod))).toEqual([]);
    expect(['managed-paths', 'cluster'].map((name) => existsSync(at(name)))).toEqual([false, false]);
    expect(await planned(prod)).toEqual(prodInSync);
  });

  it('is given back from there', async () => {
    const leaving = await cluster.inventory((text) =>
      asProd(text).replace('- name: bbb-01', '- name: bbb-01\n      state: retired'),
    );
    asVersion01('bbb-01', 'prod');
    expect(problems(await cluster.apply(leaving))).toEqual([]);
    expect(existsSync(cluster.path('bbb-01', base))).toBe(false);
    expect(problems(await cluster.apply(prod))).toEqual([]);
  });
});

describe('a host of another cluster', { timeout: 240_000 }, () => {
  const stranger = (text: string) => asProd(text).replace('name: prod', 'name: other');

  it('is refused by whoever looks at it, and nothing of the other’s is shown as to be deleted', async () => {
    const plan = await cluster.plan(await cluster.inventory(stranger));
    const result = resultOfPlan(plan, 'plan');
    expect(Object.values(statuses(result))).toEqual(['failed', 'failed']);
    expect(plan.hosts.flatMap(({ stages }) => stages)).toEqual([]);
    expect(exitStatusOf(result, { comparing: true })).toBe(3);
    expect(plan.hosts.map(({ problem }) => [problem?.code, problem?.message])).toEqual([
      ['server-name-taken', expect.stringContaining('it belongs to the cluster prod')],
      ['another-cluster', 'this host belongs to the cluster prod, not to other'],
    ]);
  });

  it('is not given back to what it was before a run of the other', async () => {
    const other = await cluster.inventory(stranger);
    await expect(cluster.rollback(other)).rejects.toMatchObject({ code: 'nothing-to-roll-back' });
    expect((await readHistory(applyOptions(other))).runs).toEqual([]);
  });

  it('is refused as a proxy where it is a node', async () => {
    const swapped = await cluster.inventory((text) => {
      const node = / {4}- name: bbb-01\n(?: {6}.*\n)+/.exec(text)?.[0] ?? '';
      return asTrial(text).replace(/ {4}- name: proxy-1\n(?: {6}.*\n)+/, node);
    });
    const plan = await proxyPlan(swapped);
    expect(plan).toMatchObject({ host: 'bbb-01', stages: [], problem: { code: 'another-cluster' } });
  });
});
