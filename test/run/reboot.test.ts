import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { isDue } from '../../src/model/plan.ts';
import { applyRun } from '../../src/run/apply-run.ts';
import { planReboot, type RebootOptions } from '../../src/run/reboot/plan-reboot.ts';
import { applyOptions, problems, startCluster, statuses, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
let inventory: Inventory;

beforeAll(async () => {
  cluster = await startCluster();
  inventory = await cluster.inventory();
});
afterAll(() => cluster.close());
afterEach(() => {
  for (const host of cluster.demo.hosts.keys())
    rmSync(cluster.path(host, '/run/reboot-required'), { force: true });
});

const options = (more: Partial<RebootOptions> = {}) => ({
  ...applyOptions(inventory, { command: 'reboot', parallel: 1 }),
  ...{ timeout: 60, ifRequired: false },
  ...more,
});
const write = (host: string, path: string, text: string) => {
  const file = cluster.path(host, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};
const due = async (more: Partial<RebootOptions> = {}) =>
  (await planReboot(options(more))).plan.hosts.filter(isDue);

describe('the plan of a restart', () => {
  it('is for the hosts that people are on; a door has to be named', async () => {
    const { plan } = await planReboot(options());
    expect(plan.hosts.filter(isDue).map(({ host }) => host)).toEqual(['bbb-01', 'bbb-02', 'bbb-03']);
    expect(plan.notes).toEqual(['hosts of the role proxy are restarted only if they are named']);
    expect((await due({ limit: ['proxy'] })).map(({ host }) => host)).toEqual(['proxy-1']);
  });

  it('does one thing, before which all that could be broken off is asked for', async () => {
    const [first] = await due({ limit: ['bbb-01'] });
    expect(first?.stages).toMatchObject([{ changes: [], handlers: [], actions: [{ step: 'reboot' }] }]);
    const [action] = first?.stages[0]?.actions ?? [];
    expect(action?.action.guards?.map(({ id }) => id)).toEqual(['meetings', 'recordings']);
    expect(first?.guards.map(({ guard }) => guard)).toEqual(['meetings', 'recordings']);
    expect(action?.action.notes[0]).toBe('nothing on it asks for a restart');
  });

  it('leaves those alone that need none, and says why the others do', async () => {
    write('bbb-02', '/run/reboot-required', '*** System restart required ***\n');
    write('bbb-02', '/run/reboot-required.pkgs', 'linux-base\nlibc6\nlinux-base\n');
    write('bbb-03', '/boot/vmlinuz-999.1.0-1-amd64', '');
    write('bbb-03', '/boot/vmlinuz-999.2.0-1-amd64.old', '');
    const plans = await due({ ifRequired: true });
    expect(plans.map(({ host }) => host)).toEqual(['bbb-02', 'bbb-03']);
    const notes = plans.map(({ stages }) => stages[0]?.actions[0]?.action.notes[0]);
    expect(notes[0]).toBe('the distribution asks for a restart, because of libc6 linux-base');
    expect(notes[1]).toMatch(/^it runs the kernel \S+, and 999\.1\.0-1-amd64 is installed$/);
    rmSync(cluster.path('bbb-03', '/boot'), { recursive: true });
  });
});

describe('a restart', () => {
  it('is put off where recordings are in work, which other restarts leave alone', async () => {
    write('bbb-01', '/var/bigbluebutton/recording/status/recorded/a-1.done', '');
    const planned = await planReboot(options({ limit: ['bbb-01'] }));
    const result = await applyRun(planned, options({ limit: ['bbb-01'] }));
    expect(statuses(result)).toMatchObject({ 'bbb-01': 'deferred', 'bbb-02': 'skipped' });
    expect(problems(result)).toEqual([expect.stringMatching(/^bbb-01: busy: .*recordings/)]);
    rmSync(cluster.path('bbb-01', '/var/bigbluebutton/recording'), { recursive: true });
  });

  it('that does not happen is an error, and no other host is begun', async () => {
    const planned = await planReboot(options());
    const result = await applyRun(planned, options());
    expect(statuses(result)).toMatchObject({
      ...{ 'bbb-01': 'failed', 'bbb-02': 'not-started', 'bbb-03': 'not-started', 'proxy-1': 'skipped' },
    });
    expect(problems(result)[0]).toMatch(/^bbb-01: action-failed: reboot: its command failed/);
    const [first] = result.hosts.filter(({ plan }) => plan.host === 'bbb-01');
    expect(first && planned.planner.staysOut?.(first)).toContain('reboot');
  });
});
