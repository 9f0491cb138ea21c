import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseWindow } from '../../../src/calendar/written.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { hasWork } from '../../../src/model/plan.ts';
import type { QueuedRun } from '../../../src/model/queue.ts';
import { exitStatusOf } from '../../../src/model/result.ts';
import { applyRun } from '../../../src/run/apply-run.ts';
import { readHistory } from '../../../src/run/history-run.ts';
import type { ApplyOptions } from '../../../src/run/options.ts';
import { queueRefusal } from '../../../src/run/queue/queue-refusal.ts';
import { withQueues } from '../../../src/run/queue/report.ts';
import { withdrawRun } from '../../../src/run/queue/withdraw-run.ts';
import { planReboot } from '../../../src/run/reboot/plan-reboot.ts';
import { rolloutOf } from '../../../src/run/rollout.ts';
import { runWindow } from '../../../src/run/windows/run-window.ts';
import { createConnector } from '../../../src/ssh/connector.ts';
import { applyOptions, problems, startCluster, statuses, type TestCluster } from '../cluster.ts';

const nodes = ['bbb-01', 'bbb-02', 'bbb-03'];
let cluster: TestCluster;
let inventory: Inventory;
beforeAll(async () => {
  cluster = await startCluster();
  inventory = await cluster.inventory();
});
afterAll(() => cluster.close());

const meetings = (node: string, there: boolean) => {
  const file = cluster.path(node, '/run/stand-in/meetings');
  if (there) writeFileSync(file, '12 Maths\n');
  else rmSync(file, { force: true });
};
const queue = () => ({ idleFor: 1, until: Date.now() + 7 * 86_400_000, withoutCordon: true });
const later = (more: Partial<ApplyOptions> = {}) => ({
  ...{ whenBusy: 'later' as const, queue: queue() },
  ...more,
});
const apply = (more: Partial<ApplyOptions> = {}) => cluster.apply(inventory, later(more));
const waiting = async (node: string): Promise<QueuedRun | undefined> =>
  (await cluster.plan(inventory)).hosts.find(({ host }) => host === node)?.snapshot?.queued?.[0];
const withdraw = (...names: string[]) => withdrawRun(names, applyOptions(inventory));
const folder = (node: string, run: string) => cluster.path(node, `/var/lib/clusterproxy/runs/${run}`);
const state = (node: string, run: string) => readFileSync(`${folder(node, run)}/state`, 'utf8').trim();
/** What the timer of the host does, until the run no longer waits. */
async function asking(node: string, run: string, seconds = 60): Promise<void> {
  for (let asked = 0; asked < seconds; asked++) {
    await cluster.demo.hosts.get(node)?.run('sh', `${folder(node, run)}/queue.sh`, run);
    await sleep(1_000);
    if (!timers(node).some((name) => name.includes(run))) return;
  }
}
const timers = (node: string) =>
  readdirSync(cluster.path(node, '/etc/systemd/system')).filter((name) => name.includes('queued'));
const slotsOf = (node: string, run: string) =>
  readFileSync(`${folder(node, run)}/manifest`, 'utf8')
    .split('\n')
    .map((line) => line.split('\u001f'))
    .filter(([kind]) => kind === 'queue-slot')
    .map(([, from, to]) => ({ from: Number(from), to: Number(to) }));

beforeEach(() => {
  for (const node of nodes) meetings(node, false);
});
/** Every test begins with nodes that are to be changed, and on which nothing waits. */
afterEach(async () => {
  for (const node of nodes) meetings(node, false);
  await withdraw();
  const { hosts } = await cluster.plan(inventory);
  const changed = hosts.filter(({ host, stages }) => nodes.includes(host) && !stages.some(hasWork));
  if (changed.length > 0) await cluster.rollback(inventory, { whenBusy: 'force' });
});

describe('a run that leaves busy hosts for later', () => {
  it('changes the first idle host, queues the others, and they change themselves one at a time', async () => {
    for (const node of ['bbb-01', 'bbb-02']) meetings(node, true);
    const result = await apply();
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toMatchObject({
      ...{ 'bbb-01': 'queued', 'bbb-02': 'queued', 'bbb-03': 'changed' },
    });
    expect(exitStatusOf(result, { comparing: false })).toBe(5);
    const run = result.run ?? expect.fail('it has an id');
    expect(await waiting('bbb-01')).toMatchObject({ run, idleFor: 1, who: expect.stringContaining('apply') });
    const [one, two] = [slotsOf('bbb-01', run), slotsOf('bbb-02', run)];
    expect(one.length).toBeGreaterThan(10);
    // At most one of them may be out, and they can't see each other.
    for (const { from, to } of one)
      expect(two.some((other) => other.from < to && from < other.to)).toBe(false);
    await asking('bbb-01', run, 3);
    expect(state('bbb-01', run)).toBe('queued');
    expect((await waiting('bbb-01'))?.asked).toMatchObject({
      ...{ verdict: 'busy', words: expect.stringMatching(/^running meetings: 1, with \d+ people/) },
    });
    meetings('bbb-01', false);
    await asking('bbb-01', run);
    expect(state('bbb-01', run)).toBe('committed');
    const { runs } = await readHistory(applyOptions(inventory));
    expect(runs[0]?.hosts.map(({ host, state: ended }) => [host, ended])).toEqual([
      ...[
        ['proxy-1', 'committed'],
        ['bbb-01', 'committed'],
        ['bbb-02', 'queued'],
        ['bbb-03', 'committed'],
      ],
    ]);
    expect(statuses(await withdraw())).toEqual({ 'bbb-02': 'changed' });
    expect(timers('bbb-02')).toEqual([]);
    await expect(withdraw('bbb-02')).rejects.toMatchObject({ problem: { code: 'nothing-queued' } });
  });

  it('queues the first host alone where no other has shown that it works', async () => {
    for (const node of nodes) meetings(node, true);
    const result = await apply();
    expect(statuses(result)).toMatchObject({
      ...{ 'bbb-01': 'queued', 'bbb-02': 'deferred', 'bbb-03': 'deferred' },
    });
    expect(problems(result)[0]).toContain(
      'bbb-02: not-queued: it may not be changed now, and no host of the role node has shown yet that this plan works: bbb-01 goes first',
    );
    // It takes the place of what it has queued before, and what it queues now waits for the same slot.
    const again = await apply();
    expect((await waiting('bbb-01'))?.run).toBe(again.run);
    expect(state('bbb-01', result.run ?? '')).toBe('abandoned');
    meetings('bbb-01', false);
    await asking('bbb-01', again.run ?? '');
    expect(state('bbb-01', again.run ?? '')).toBe('committed');
    const others = await apply();
    expect(statuses(others)).toMatchObject({
      ...{ 'bbb-01': 'in-sync', 'bbb-02': 'queued', 'bbb-03': 'queued' },
    });
  });

  it('stays queued where the host is to be restarted, as that changes no file', async () => {
    meetings('bbb-01', true);
    const { run = '' } = await apply({ limit: ['proxy', 'bbb-01'] });
    const more = { command: 'reboot', parallel: 1, limit: ['bbb-01'] };
    const reboot = { ...applyOptions(inventory, more), timeout: 60, ifRequired: false };
    for (const [there, status] of [
      [true, 'deferred'],
      [false, 'failed'],
    ] as const) {
      meetings('bbb-01', there);
      const result = await applyRun(await planReboot(reboot), reboot);
      expect(statuses(result)).toMatchObject({ 'bbb-01': status });
      expect(state('bbb-01', run)).toBe('queued');
    }
  });

  it('queues none while another may begin by itself', async () => {
    for (const node of nodes) meetings(node, true);
    const limited = await apply({ limit: ['proxy', 'bbb-01'] });
    expect(statuses(limited)).toMatchObject({ 'bbb-01': 'queued' });
    const result = await apply({ limit: ['bbb-02'] });
    expect(statuses(result)).toMatchObject({ 'bbb-02': 'deferred' });
    expect(problems(result)[0]).toContain(
      'bbb-02: not-queued: it may not be changed now, and bbb-01 may begin',
    );
  });

  it('lets none begin by itself while it changes others of the role', async () => {
    meetings('bbb-01', true);
    const limited = await apply({ limit: ['proxy', 'bbb-01'] });
    const run = limited.run ?? '';
    meetings('bbb-01', false);
    let asked: Promise<void> | undefined;
    const { connect } = createConnector();
    const result = await apply({
      limit: ['bbb-02'],
      // Nothing is given back before the host has been asked.
      connect: async (...given) => {
        await asked;
        return connect(...given);
      },
      progress: (event) => {
        if (event.kind === 'host' && event.phase === 'handler') asked ??= asking('bbb-01', run, 4);
      },
    });
    await asked;
    expect(statuses(result)).toMatchObject({ 'bbb-02': 'changed' });
    expect(existsSync(`${folder('bbb-01', run)}/boot`)).toBe(false);
    expect(state('bbb-01', run)).toBe('queued');
  });

  it('queues nobody after a host has failed', async () => {
    meetings('bbb-02', true);
    const fault = cluster.path('bbb-01', '/run/stand-in/fail-bbb-web');
    writeFileSync(fault, '');
    const result = await apply({ limit: ['proxy', 'bbb-01', 'bbb-02'] });
    rmSync(fault);
    await cluster.demo.hosts.get('bbb-01')?.run('systemctl', 'start', 'bbb-web');
    expect(statuses(result)).toMatchObject({ 'bbb-02': 'not-started' });
    expect(timers('bbb-02')).toEqual([]);
    await cluster.apply(inventory, { whenBusy: 'force' });
  });

  it('queues an idle host outside a window, which begins within the next', async () => {
    const day = new Date(Date.now() + 3 * 86_400_000).toLocaleDateString('en-US', { weekday: 'short' });
    const window = await runWindow(
      inventory,
      {
        window: [parseWindow(`${day.toLowerCase()} 01:00-05:00`) ?? expect.fail('it is a window')],
        now: false,
        deadline: undefined,
      },
      { now: Date.now, zone: 'UTC' },
    );
    const result = await apply({ window });
    expect(statuses(result)).toMatchObject({ 'bbb-01': 'queued', 'bbb-02': 'deferred' });
    const slots = slotsOf('bbb-01', result.run ?? '');
    expect(slots.map(({ from }) => new Date(from * 1_000).getUTCHours())).toEqual([1]);
    await asking('bbb-01', result.run ?? '', 3);
    expect((await waiting('bbb-01'))?.asked).toMatchObject({ verdict: 'none', heldBack: 'window' });
  });
});

it('is refused unless the operator agrees that nobody can join, and with what needs somebody there', async () => {
  const { hosts } = await cluster.plan(inventory);
  const without = applyOptions(inventory, later({ queue: { ...queue(), withoutCordon: false } }));
  expect(queueRefusal(hosts, without)).toMatchObject({
    code: 'without-cordon',
    message: expect.stringMatching(/^no balancer is known .* nobody can join on it, for up to \d+ (s|min)$/),
  });
  const outside = applyOptions(inventory, later({ confirm: 'outside' }));
  expect(queueRefusal(hosts, outside)).toMatchObject({ code: 'usage' });
  const together = applyOptions(inventory, later({ onFailure: 'revert-wave' }));
  expect(queueRefusal(hosts, together)).toMatchObject({ code: 'usage' });
  expect(queueRefusal(hosts, applyOptions(inventory, later()))).toBe(undefined);
  expect(queueRefusal(hosts, applyOptions(inventory, { whenBusy: 'wait' }))).toBe(undefined);
});

it('is told by the plan', async () => {
  meetings('bbb-02', true);
  const { hosts } = await cluster.plan(inventory);
  const options = applyOptions(inventory, later());
  const ofNodes = ({ role }: { role: string }) => role === 'node';
  expect(withQueues(rolloutOf(hosts, options), hosts, options).find(ofNodes)).toMatchObject({
    ...{ role: 'node', hosts: ['bbb-01', 'bbb-03'], whenBusy: 'later' },
    queue: { hosts: ['bbb-02'], idleFor: 1, balancer: false, withoutCordon: true },
  });
  // Where nobody has asked for it, the inventory's wish means that such hosts are put off.
  expect(rolloutOf(hosts, { ...options, queue: undefined }).find(ofNodes)).not.toHaveProperty('whenBusy');
});
