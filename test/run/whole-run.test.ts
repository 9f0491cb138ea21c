import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { OperatorError } from '../../src/model/operator-error.ts';
import { exitStatusOf } from '../../src/model/result.ts';
import { applyRun } from '../../src/run/apply-run.ts';
import { readHistory } from '../../src/run/history-run.ts';
import { planRun } from '../../src/run/plan-run.ts';
import { resultOfPlan } from '../../src/run/result-of-plan.ts';
import { retiring } from '../../src/run/retire.ts';
import { planRollback } from '../../src/run/rollback-run.ts';
import { planUninstall, uninstallRun } from '../../src/run/uninstall-run.ts';
import { findHolders, unlockHosts } from '../../src/run/unlock-run.ts';
import { stageOf } from '../support/host-plan.ts';
import { applyOptions, problems, startCluster, statuses, type TestCluster } from './cluster.ts';

/** One cluster for all tests of this file, which follow one another as days of its life do. */
let cluster: TestCluster;
let inventory: Inventory;
let fresh: Record<string, Readonly<Record<string, string>>>;
beforeAll(async () => {
  cluster = await startCluster();
  inventory = await cluster.inventory();
  fresh = Object.fromEntries(inventory.hosts.map(({ name }) => [name, cluster.etc(name)]));
}, 60_000);
afterAll(() => cluster.close());

const web = '/etc/bigbluebutton/bbb-web.properties';
const nodesFile = '/etc/nginx/clusterproxy/demo/nodes.conf';
const changed = { 'proxy-1': 'changed', 'bbb-01': 'changed', 'bbb-02': 'changed', 'bbb-03': 'changed' };
const inSync = { 'proxy-1': 'in-sync', 'bbb-01': 'in-sync', 'bbb-02': 'in-sync', 'bbb-03': 'in-sync' };
/** The runs of a host as version 0.1 recorded them: what asks for meetings was a kind of its own. */
function recordedByOlderVersion(host: string): void {
  const runs = 'var/lib/clusterproxy/runs';
  for (const run of readdirSync(cluster.path(host, runs))) {
    cluster.edit(host, `${runs}/${run}/record.json`, (text) => {
      const { programs, ...record } = JSON.parse(text);
      expect(programs).toHaveLength(1);
      for (const { guards } of record.handlers)
        for (const guard of guards) {
          delete guard.description;
          guard.query = { kind: 'bbb-meetings', args: guard.query.args };
        }
      return JSON.stringify(record);
    });
  }
}
const planned = async (of: Inventory) => statuses(resultOfPlan(await cluster.plan(of), 'plan'));

describe('the life of a cluster', { timeout: 240_000 }, () => {
  it('begins with a run that all hosts remember alike', async () => {
    const result = await cluster.apply(inventory);
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toEqual(changed);
    expect(await planned(inventory)).toEqual(inSync);
    const { runs, troubled } = await readHistory(applyOptions(inventory));
    expect(troubled).toEqual([]);
    expect(runs).toMatchObject([{ run: result.run, command: 'apply', undoneBy: undefined }]);
    expect(runs[0]?.hosts.map(({ host, state }) => [host, state])).toEqual(
      inventory.hosts.map(({ name }) => [name, 'committed']),
    );
    expect(runs[0]?.hosts.every(({ records }) => (records[0]?.changes.length ?? 0) > 0)).toBe(true);
  });

  it('is undone key by key: what somebody else has written since stays', async () => {
    recordedByOlderVersion('bbb-02');
    cluster.edit('bbb-03', web, (text) => `# theirs\n${text}theirs=1\n`);
    const result = await cluster.rollback(inventory);
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toEqual(changed);
    const text = cluster.text('bbb-03', web);
    expect(text).toContain('# theirs\n');
    expect(text).toContain('theirs=1\n');
    expect(text).not.toContain('bbb-proxy.example.com');
    expect(cluster.etc('bbb-02')).toEqual(fresh['bbb-02']);
    expect(cluster.etc('proxy-1')).toEqual(fresh['proxy-1']);
    const { runs } = await readHistory(applyOptions(inventory));
    expect(runs.map(({ command }) => command)).toEqual(['rollback', 'apply']);
    expect(runs[1]?.undoneBy).toBe(result.run);
  });

  it('goes on; a key that was changed since is a conflict, which changes nothing on that host', async () => {
    const set = await cluster.apply(inventory);
    expect(statuses(set)).toEqual(changed);
    cluster.edit('bbb-03', web, (text) =>
      text.replace(/^defaultHTML5ClientUrl=.*$/m, 'defaultHTML5ClientUrl=/mine'),
    );
    const before = cluster.text('bbb-03', web);
    const result = await cluster.rollback(inventory, { limit: ['bbb-03'] });
    expect(statuses(result)).toMatchObject({ 'bbb-03': 'conflict', 'bbb-02': 'skipped' });
    expect(problems(result).join()).toContain('-defaultHTML5ClientUrl=/mine');
    expect(cluster.text('bbb-03', web)).toBe(before);
    expect(statuses(await cluster.apply(inventory))).toMatchObject({
      'bbb-03': 'changed',
      'bbb-02': 'in-sync',
    });
  });

  it('loses a node: it gets its files back first, then the proxy lets it go, and nothing of ours is left on it', async () => {
    const leaving = retiring(inventory, 'bbb-02');
    const plan = await cluster.plan(leaving);
    expect(plan.hosts.find(({ host }) => host === 'proxy-1')).toMatchObject({ stages: [{ changes: [] }] });
    const result = await cluster.apply(leaving, { command: 'retire' });
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toEqual({ ...inSync, 'proxy-1': 'changed', 'bbb-02': 'changed' });
    expect(cluster.text('proxy-1', nodesFile)).not.toContain('bbb-02');
    expect(cluster.text('proxy-1', nodesFile)).toContain('bbb-03');
    const left = cluster.etc('bbb-02');
    expect({ ...left, [web]: '' }).toEqual({ ...fresh['bbb-02'], [web]: '' });
    expect(existsSync(cluster.path('bbb-02', '/var/lib/clusterproxy'))).toBe(false);
    expect(await planned(leaving)).toEqual(inSync);
    const { runs } = await readHistory(applyOptions(inventory));
    expect(runs[0]).toMatchObject({ run: result.run, command: 'retire' });
    expect(runs[0]?.hosts.map(({ host }) => host)).toEqual(['proxy-1']);
  });

  it('gets it back', async () => {
    expect(statuses(await cluster.apply(inventory))).toEqual({
      ...inSync,
      'proxy-1': 'changed',
      'bbb-02': 'changed',
    });
    expect(cluster.text('proxy-1', nodesFile)).toContain('bbb-02');
  });

  it('keeps the locations of a node that can not be reached, and says what to do', async () => {
    const leaving = retiring(inventory, 'bbb-02');
    cluster.demo.hosts.get('bbb-02')?.unplug(true);
    try {
      const result = await cluster.apply(leaving);
      expect(statuses(result)).toEqual({ ...inSync, 'bbb-02': 'unreachable' });
      expect(result.warnings.join()).toContain('--prune');
      expect(cluster.text('proxy-1', nodesFile)).toContain('bbb-02');
    } finally {
      cluster.demo.hosts.get('bbb-02')?.unplug(false);
    }
  });

  it('takes a restart that is owed for drift, and catches up on it', async () => {
    // As a revert leaves it that must not restart the service while people are there.
    writeFileSync(cluster.path('bbb-03', '/var/lib/clusterproxy/clusters/demo/owed'), 'restart-bbb-web\n');
    const plan = await cluster.plan(inventory);
    const host = plan.hosts.find((one) => one.host === 'bbb-03');
    expect(stageOf(host).changes).toEqual([]);
    expect(stageOf(host).handlers.map(({ handler, owed }) => [handler.id, owed !== undefined])).toEqual([
      ['restart-bbb-web', true],
    ]);
    expect(exitStatusOf(resultOfPlan(plan, 'check'), { comparing: true })).toBe(2);
    const result = await cluster.apply(inventory);
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toEqual({ ...inSync, 'bbb-03': 'changed' });
    expect(result.hosts.flatMap(({ ran }) => ran)).toEqual(['restart-bbb-web']);
    expect(await planned(inventory)).toEqual(inSync);
  });

  it('tells of a host that systemd does not run before anything is begun there', async () => {
    cluster.edit('bbb-03', web, (text) => text.replaceAll('bbb-proxy', 'away'));
    const systemd = cluster.path('bbb-03', '/run/systemd/system');
    rmdirSync(systemd);
    const result = resultOfPlan(await cluster.plan(inventory), 'check');
    expect(statuses(result)).toEqual({ ...inSync, 'bbb-03': 'failed' });
    expect(problems(result).join()).toContain('no-systemd');
    const applied = await cluster.apply(inventory);
    expect(statuses(applied)).toEqual({ ...inSync, 'bbb-03': 'failed' });
    expect(problems(await cluster.rollback(inventory)).join()).toContain('no-systemd');
    mkdirSync(systemd);
    expect(statuses(await cluster.apply(inventory))).toEqual({ ...inSync, 'bbb-03': 'changed' });
  });

  it('interrupted once, finishes the host under way and starts no other', async () => {
    for (const name of ['bbb-01', 'bbb-02'])
      cluster.edit(name, web, (text) => text.replaceAll('bbb-proxy', 'away'));
    const controller = new AbortController();
    const result = await cluster.apply(inventory, {
      signal: controller.signal,
      progress: (event) => {
        if (event.kind === 'host' && event.phase === 'prepared') controller.abort();
      },
    });
    expect(result.interrupted).toBe(true);
    expect(exitStatusOf(result, { comparing: false })).toBe(130);
    expect(statuses(result)).toEqual({ ...inSync, 'bbb-01': 'changed', 'bbb-02': 'not-started' });
  });

  it('interrupted twice, is left to itself: the host under way finishes alone', async () => {
    const [signal, leave] = [new AbortController(), new AbortController()];
    const result = await cluster.apply(inventory, {
      signal: signal.signal,
      leave: leave.signal,
      progress: (event) => {
        if (event.kind !== 'host' || event.phase !== 'prepared') return;
        signal.abort();
        leave.abort();
      },
    });
    expect(statuses(result)).toEqual({ ...inSync, 'bbb-02': 'unknown' });
    expect(problems(result).join()).toContain('by itself');
    await expect.poll(() => planned(inventory), { timeout: 30_000, interval: 500 }).toEqual(inSync);
    const { runs } = await readHistory(applyOptions(inventory));
    expect(runs[0]).toMatchObject({ run: result.run, hosts: [{ host: 'bbb-02', state: 'committed' }] });
  });

  it('can be told to end a run, and goes back', async () => {
    const slow = await cluster.inventory((text) => text.replace('./bigbluebutton.yaml', './slow.yaml'));
    cluster.edit('bbb-03', web, (text) => text.replaceAll('bbb-proxy', 'away'));
    const before = cluster.text('bbb-03', web);
    const applied = cluster.apply(slow);
    const find = () =>
      findHolders('none', applyOptions(inventory)).catch((error: OperatorError) => error.problem.next);
    await expect.poll(find, { timeout: 60_000, interval: 500 }).toMatch(/^runs in progress: /);
    const id = /runs in progress: (\S+)/.exec(String(await find()))?.[1] ?? '';
    const holders = await findHolders(id, applyOptions(inventory));
    expect(holders.map(({ host, run }) => [host.name, run])).toEqual([['bbb-03', id]]);
    const { result, exitStatus } = await unlockHosts(id, holders, applyOptions(inventory));
    expect(exitStatus).toBe(0);
    expect(statuses(result)).toEqual({ 'bbb-03': 'rolled-back' });
    expect(cluster.text('bbb-03', web)).toBe(before);
    expect(statuses(await applied)).toEqual({ ...inSync, 'bbb-03': 'rolled-back' });
    expect(statuses(await cluster.apply(inventory))).toEqual({ ...inSync, 'bbb-03': 'changed' });
  });

  it('can be confirmed from outside', async () => {
    cluster.edit('proxy-1', nodesFile, (text) =>
      text.replace('proxy_http_version 1.1', 'proxy_http_version 1.0'),
    );
    const result = await cluster.apply(inventory, { confirm: 'outside', confirmTimeout: 20 });
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toEqual({ ...inSync, 'proxy-1': 'changed' });
  });

  it('is not given back, nor changed, on another machine that has got an address since', async () => {
    const later = applyOptions(inventory, { command: 'rollback', limit: ['proxy-1'], maxFailures: 9 });
    const rollback = await planRollback({ ...later, run: undefined, removePackages: false });
    cluster.edit('proxy-1', nodesFile, (text) => text.replace('http_version 1.1', 'http_version 1.0'));
    for (const planned of [rollback, await planRun(later)]) {
      const proxy = planned.plan.hosts.find(({ host }) => host === 'proxy-1');
      expect(stageOf(proxy).changes.length).toBeGreaterThan(0);
      const text = cluster.text('proxy-1', nodesFile);
      const reverse = (id: string) => [...id.trim()].reverse().join('');
      cluster.edit('proxy-1', '/etc/machine-id', reverse);
      const result = await applyRun(planned, later);
      cluster.edit('proxy-1', '/etc/machine-id', reverse);
      expect(problems(result)).toEqual([expect.stringContaining('proxy-1: another-machine')]);
      expect(cluster.text('proxy-1', nodesFile)).toBe(text);
    }
  });

  it('shows what is damaged on a host as that host’s trouble, and the others as they are', async () => {
    const state = '/var/lib/clusterproxy';
    const run = readdirSync(cluster.path('bbb-02', `${state}/runs`))
      .sort()
      .findLast((id) => cluster.text('bbb-02', `${state}/runs/${id}/state`) === 'committed\n');
    const record = `${state}/runs/${run}/record.json`;
    const ledger = `${state}/clusters/demo/ledger.json`;
    const [goodRecord, goodLedger] = [cluster.text('bbb-02', record), cluster.text('bbb-01', ledger)];
    cluster.edit('bbb-02', record, () => '{"schemaVersion": 1, "run": "x", "changes": 7}');
    const { runs, troubled } = await readHistory(applyOptions(inventory));
    const told = troubled.map(({ plan, status, problem }) => [plan.host, status, problem?.code]);
    expect(told).toEqual([['bbb-02', 'damaged', 'record-damaged']]);
    expect(runs.some(({ hosts }) => hosts.some(({ host }) => host === 'bbb-03'))).toBe(true);
    const undoing = { ...applyOptions(inventory, { command: 'rollback' }), run: undefined };
    const { plan } = await planRollback({ ...undoing, removePackages: false });
    expect(plan.hosts.find(({ host }) => host === 'bbb-02')?.problem?.code).toBe('record-damaged');
    cluster.edit('bbb-02', record, () => goodRecord);
    // What was there before is gone: that is not the same as that nothing was there.
    const kept = (id: string) => readdirSync(cluster.path('bbb-02', `${state}/runs/${id}/before`));
    const changing = readdirSync(cluster.path('bbb-02', `${state}/runs`))
      .sort()
      .findLast(
        (id) => cluster.text('bbb-02', `${state}/runs/${id}/state`) === 'committed\n' && kept(id).length > 0,
      );
    if (changing === undefined) throw new Error('no run has changed anything');
    const folder = `${state}/runs/${changing}`;
    for (const file of [`${folder}/manifest`, `${folder}/before/${kept(changing)[0]}`]) {
      const good = cluster.text('bbb-02', file);
      cluster.edit('bbb-02', file, (text) =>
        file.endsWith('manifest') ? text.replace(/^change/gm, 'chang') : '',
      );
      const damaged = (await planRollback({ ...undoing, run: changing, removePackages: false })).plan;
      const problem = damaged.hosts.find(({ host }) => host === 'bbb-02')?.problem;
      expect([file, problem?.code]).toEqual([file, 'record-damaged']);
      cluster.edit('bbb-02', file, () => good);
    }

    cluster.edit('bbb-01', ledger, (text) => text.replace('"items": [', '"items": [7,'));
    const others = { 'bbb-02': 'in-sync', 'bbb-03': 'in-sync' };
    expect(await planned(inventory)).toMatchObject({ ...others, 'bbb-01': 'damaged' });
    cluster.edit('bbb-01', ledger, () => goodLedger);
    expect(await planned(inventory)).toMatchObject({ ...others, 'bbb-01': 'in-sync' });
  });

  describe('is forgotten by its hosts', () => {
    const state = '/var/lib/clusterproxy';
    const uninstall = async (limit: readonly string[] = [], of = inventory) => {
      const options = applyOptions(of, { command: 'uninstall', limit });
      return uninstallRun(await planUninstall(options), options);
    };
    /** A run that has changed files and is over, with the folder beside its first change. */
    const overRun = (host: string) => {
      const run = readdirSync(cluster.path(host, `${state}/runs`)).find((id) => {
        const beside = cluster.path(host, `${state}/runs/${id}/beside`);
        return existsSync(beside) && readdirSync(beside).includes('1');
      });
      if (run === undefined) throw new Error(`no run has changed anything on ${host}`);
      const folder = readFileSync(cluster.path(host, `${state}/runs/${run}/beside/1`), 'utf8').split('\n')[0];
      return { run, names: `${folder}/.cp-${run}-1` };
    };

    it('not while a run is unfinished there, nor while somebody holds the lock', async () => {
      const { run } = overRun('bbb-01');
      cluster.edit('bbb-01', `${state}/runs/${run}/state`, () => 'open\n');
      const lock = spawn(
        'flock',
        [cluster.path('bbb-02', `${state}/lock`), 'sh', '-c', 'echo held; read _'],
        {
          stdio: ['pipe', 'pipe', 'ignore'],
        },
      );
      await once(lock.stdout, 'data');
      const result = await uninstall(['bbb-01', 'bbb-02']);
      lock.stdin.end();
      cluster.edit('bbb-01', `${state}/runs/${run}/state`, () => 'committed\n');
      expect(statuses(result)).toMatchObject({ 'bbb-01': 'failed', 'bbb-02': 'failed', 'bbb-03': 'skipped' });
      expect(problems(result)).toEqual([
        expect.stringContaining(`bbb-01: unsettled-run: the run ${run} is not finished`),
        expect.stringContaining('bbb-02: not-forgotten'),
      ]);
      expect(exitStatusOf(result, { comparing: false })).toBe(3);
      expect(await planned(inventory)).toMatchObject({ 'bbb-01': 'in-sync', 'bbb-02': 'in-sync' });
    });

    it('with what runs have left, and nothing else; it says what nobody knows any more', async () => {
      const left = overRun('bbb-03');
      const unit = `/etc/systemd/system/clusterproxy-settle-${left.run}.service`;
      const wants = '/etc/systemd/system/sysinit.target.wants';
      const [before, others] = [cluster.etc('bbb-03'), cluster.path('bbb-03', '/etc/.cp-somebody-1')];
      mkdirSync(others, { mode: 0o700 });
      mkdirSync(left.names, { mode: 0o700 });
      writeFileSync(`${left.names}/.cp-${left.run}-1`, 'new');
      writeFileSync(cluster.path('bbb-03', unit), '[Service]\n');
      mkdirSync(cluster.path('bbb-03', wants), { recursive: true });
      symlinkSync(unit, cluster.path('bbb-03', `${wants}/clusterproxy-settle-${left.run}.service`));
      const result = await uninstall(['bbb-03']);
      const warned = result.hosts.filter(({ warnings }) => warnings.length > 0);
      expect(warned.map(({ plan }) => plan.host)).toEqual(['bbb-03']);
      expect(problems(result)).toEqual([]);
      expect(statuses(result)).toMatchObject({ 'bbb-03': 'changed', 'bbb-01': 'skipped' });
      const [warning] = result.hosts.find(({ plan }) => plan.host === 'bbb-03')?.warnings ?? [];
      expect(warning).toContain('stays as it is now');
      expect(warning).toContain('neither retire nor rollback can restore it any more');
      expect(existsSync(cluster.path('bbb-03', state))).toBe(false);
      expect(existsSync(left.names)).toBe(false);
      expect(readdirSync(cluster.path('bbb-03', wants))).toEqual([]);
      expect(existsSync(others)).toBe(true);
      rmdirSync(others);
      rmdirSync(cluster.path('bbb-03', wants));
      const after = cluster.etc('bbb-03');
      expect(after).toEqual(before);
      expect(statuses(await uninstall(['bbb-03']))).toMatchObject({ 'bbb-03': 'in-sync' });
    });
  });
});
