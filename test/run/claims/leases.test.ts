import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { exitStatusOf } from '../../../src/model/result.ts';
import { applyRun } from '../../../src/run/apply-run.ts';
import { planRun } from '../../../src/run/plan-run.ts';
import { findHolders, unlockHosts } from '../../../src/run/unlock-run.ts';
import { applyOptions, problems, startCluster, statuses, type TestCluster } from '../cluster.ts';

/** One cluster for all tests of this file, which follow one another. */
let cluster: TestCluster;
let inventory: Inventory;
beforeAll(async () => {
  cluster = await startCluster();
  inventory = await cluster.inventory();
}, 60_000);
afterAll(() => cluster.close());

const web = '/etc/bigbluebutton/bbb-web.properties';
const run = '20261121T074501Z-4f2a9c';
const folder = '/var/lib/clusterproxy/clusters/demo';
const leaseOf = (host: string) => cluster.path(host, `${folder}/lease`);
const hasLease = (host: string) => existsSync(leaseOf(host));
const names = ['proxy-1', 'bbb-01', 'bbb-02', 'bbb-03'];
/** Somebody else has reserved a host. */
function reserve(host: string, { seconds = 600, process = '' } = {}): void {
  const now = Math.floor(Date.now() / 1_000);
  mkdirSync(cluster.path(host, folder), { recursive: true });
  const fields = [now + seconds, now - 60, 'brian', 'desk', run, 'apply', process];
  writeFileSync(leaseOf(host), `${fields.join('\u001f')}\n`);
}
/** A change of one key: the next apply has these hosts to do. */
function differ(...hosts: readonly string[]): void {
  for (const host of hosts)
    cluster.edit(host, web, (text) => text.replace(/^defaultHTML5ClientUrl=.*$/m, 'defaultHTML5ClientUrl=/'));
}

describe('hosts that a run changes', { timeout: 240_000 }, () => {
  it('are reserved before the first is changed, and given back at the end', async () => {
    const reserved: boolean[][] = [];
    const result = await cluster.apply(inventory, {
      progress: (event) => {
        if (event.kind === 'host' && event.phase === 'swapped') reserved.push(names.map(hasLease));
      },
    });
    expect(problems(result)).toEqual([]);
    expect(reserved).toEqual(names.map(() => [true, true, true, true]));
    expect(names.map(hasLease)).toEqual([false, false, false, false]);
  });

  it('are left alone, all of them, if another run has one of them', async () => {
    differ('bbb-01', 'bbb-02');
    reserve('bbb-02');
    const before = cluster.text('bbb-01', web);
    const result = await cluster.apply(inventory);
    expect(statuses(result)).toMatchObject({
      'bbb-01': 'not-started',
      'bbb-02': 'failed',
      'bbb-03': 'in-sync',
    });
    expect(result.hosts[2]?.problem).toMatchObject({ code: 'leased', host: 'bbb-02' });
    expect(result.hosts[2]?.problem?.message).toMatch(
      /reserved by another run: brian from desk, apply, run 2026/,
    );
    expect(result.hosts[2]?.problem?.next).toContain(
      `clusterproxy unlock --inventory ${inventory.file} ${run}`,
    );
    expect(exitStatusOf(result, { comparing: false })).toBe(3);
    expect(cluster.text('bbb-01', web)).toBe(before);
    expect(hasLease('bbb-01')).toBe(false);
    expect(hasLease('bbb-02')).toBe(true);
  });

  it('are refused by the host itself, where a run on one host was planned before they were reserved', async () => {
    const options = applyOptions(inventory, { limit: ['bbb-02'] });
    const known = await cluster.apply(inventory, options);
    expect(problems(known)).toEqual([expect.stringContaining('nothing was changed on any host')]);
    writeFileSync(leaseOf('bbb-02'), '');
    const planned = await planRun(options);
    reserve('bbb-02');
    const result = await applyRun(planned, options);
    expect(statuses(result)).toMatchObject({ 'bbb-02': 'failed' });
    expect(problems(result)).toEqual([
      expect.stringMatching(
        /^bbb-02: leased: this host is reserved by another run: brian from desk, run 2026.*\(UTC\)/,
      ),
    ]);
  });

  it('are waited for with --lock-wait', async () => {
    const told: string[] = [];
    const result = cluster.apply(inventory, {
      lockWait: 120,
      progress: (event) => {
        if (event.kind !== 'message' || told.length > 0) return;
        told.push(event.text);
        // The other run ends.
        writeFileSync(leaseOf('bbb-02'), '');
      },
    });
    expect(statuses(await result)).toMatchObject({ 'bbb-01': 'changed', 'bbb-02': 'changed' });
    expect(told[0]).toMatch(/^bbb-02: waiting for another run: brian from desk, apply, run 2026/);
  });

  it('are free by the clock where the other controller is dead', async () => {
    differ('bbb-01', 'bbb-02');
    reserve('bbb-02', { seconds: -1 });
    expect(statuses(await cluster.apply(inventory))).toMatchObject({
      'bbb-01': 'changed',
      'bbb-02': 'changed',
    });
  });

  it('are freed by unlock, which ends the other run', async () => {
    differ('bbb-01', 'bbb-02', 'bbb-03');
    reserve('bbb-02');
    const options = applyOptions(inventory);
    const holders = await findHolders(run, options);
    expect(holders).toMatchObject([
      { host: { name: 'bbb-02' }, who: expect.stringContaining('brian from desk') },
    ]);
    const { result, exitStatus } = await unlockHosts(run, holders, options);
    expect(problems(result)).toEqual([]);
    expect(exitStatus).toBe(0);
    expect(hasLease('bbb-02')).toBe(false);
  });

  it('are not changed by a run whose lease was broken meanwhile', async () => {
    let broken = false;
    const result = await cluster.apply(inventory, {
      progress: (event) => {
        if (broken || event.kind !== 'host' || event.phase !== 'swapped') return;
        broken = true;
        // The last one, as somebody else is there now.
        writeFileSync(leaseOf('bbb-03'), '');
      },
    });
    expect(statuses(result)).toMatchObject({ 'bbb-01': 'changed', 'bbb-02': 'changed', 'bbb-03': 'failed' });
    expect(problems(result)).toEqual([expect.stringContaining('bbb-03: lease-lost')]);
    expect(statuses(await cluster.apply(inventory))).toMatchObject({ 'bbb-03': 'changed' });
  });

  it('cost two connections each for a run over many, and none for a run on one host', async () => {
    const counted = async (...hosts: readonly string[]) => {
      differ(...hosts);
      const options = applyOptions(inventory, { listening: 600 });
      const planned = await planRun(options);
      let connections = 0;
      const connect: typeof options.connect = (...target) => {
        connections += 1;
        return options.connect(...target);
      };
      const { afterwards: _none, wayThrough: _either, ...planner } = planned.planner;
      const result = await applyRun({ ...planned, planner }, { ...options, connect });
      expect(problems(result)).toEqual([]);
      return connections;
    };
    expect(await counted('bbb-01')).toBe(1);
    expect(await counted('bbb-01', 'bbb-02')).toBe(6);
  });
});

it('a lease of a controller on this machine that is dead is taken over', async () => {
  differ('bbb-01', 'bbb-02');
  const { thisProcess } = await import('../../../src/run/claims/this-process.ts');
  const { operatorHere } = await import('../../../src/run/operator.ts');
  const [boot, namespace, machine, pid] = thisProcess().split(' ');
  const write = (start: string) => {
    reserve('bbb-02');
    const text = readFileSync(leaseOf('bbb-02'), 'utf8').replace('desk', operatorHere().from);
    writeFileSync(leaseOf('bbb-02'), text.replace('\n', `${boot} ${namespace} ${machine} ${pid} ${start}\n`));
  };
  // It runs.
  write(thisProcess().split(' ')[4] ?? '');
  expect(problems(await cluster.apply(inventory)).join()).toContain('bbb-02: leased');
  // Another process had this number before.
  write('1');
  const result = await cluster.apply(inventory);
  expect(problems(result)).toEqual([]);
  expect(statuses(result)).toMatchObject({ 'bbb-01': 'changed', 'bbb-02': 'changed' });
  // A run on that host alone does so, too.
  differ('bbb-02');
  write('1');
  expect(statuses(await cluster.apply(inventory))).toMatchObject({ 'bbb-02': 'changed' });
});
