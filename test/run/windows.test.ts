import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseTime, parseWindow } from '../../src/calendar/written.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { exitStatusOf } from '../../src/model/result.ts';
import { readHistory } from '../../src/run/history-run.ts';
import { type Clock, runWindow, type WindowWishes } from '../../src/run/windows/run-window.ts';
import { applyOptions, problems, startCluster, statuses, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
let inventory: Inventory;
let fresh: Record<string, Readonly<Record<string, string>>>;
beforeAll(async () => {
  cluster = await startCluster();
  inventory = await cluster.inventory((text) =>
    text
      .replace(/^ {2}hostname: .*$/m, '$&\n  time_zone: Europe/Berlin')
      .replace('windows: anytime', "windows: [{days: [sat, sun], from: '06:00', to: '18:00'}]"),
  );
  fresh = Object.fromEntries(inventory.hosts.map(({ name }) => [name, cluster.etc(name)]));
}, 60_000);
afterAll(() => cluster.close());

const nodes = ['bbb-01', 'bbb-02', 'bbb-03'];
const thursday: Clock = { now: () => Date.parse('2026-11-26T10:00:00Z'), zone: 'UTC' };
const now: Clock = { now: Date.now, zone: 'UTC' };

async function given(clock: Clock, wishes: Partial<WindowWishes> = {}) {
  const window = await runWindow(
    inventory,
    { window: [], now: false, deadline: undefined, ...wishes },
    clock,
  );
  return { window };
}

/** What was agreed on is stored on each host that the run would have changed, and nothing else. */
function untouched(host: string): void {
  expect(cluster.etc(host)).toEqual(fresh[host]);
  expect(existsSync(cluster.path(host, '/var/lib/clusterproxy/runs'))).toBe(false);
}

it('begins no host before a deadline by which it could not be put back', { timeout: 240_000 }, async () => {
  const deadline = parseTime('2m');
  const result = await cluster.apply(inventory, await given(now, { deadline, now: true }));
  expect(exitStatusOf(result, { comparing: false })).toBe(5);
  expect(statuses(result)).toEqual({
    'proxy-1': 'deferred',
    ...Object.fromEntries(nodes.map((name) => [name, 'deferred'])),
  });
  expect(problems(result)[0]).toMatch(
    /^proxy-1: past-deadline: the deadline is .* and this host may need \d+ min/,
  );
  for (const { name } of inventory.hosts) untouched(name);
});

it('changes outside a window only whom that does not interrupt', { timeout: 240_000 }, async () => {
  const result = await cluster.apply(inventory, await given(thursday));
  expect(exitStatusOf(result, { comparing: false })).toBe(5);
  expect(statuses(result)).toEqual({
    'proxy-1': 'changed',
    ...Object.fromEntries(nodes.map((name) => [name, 'deferred'])),
  });
  expect(problems(result)[0]).toContain(
    'bbb-01: outside-window: people may be interrupted only within a window, and none is open; the next one opens Sat 28 Nov 06:00 (Europe/Berlin)',
  );
  for (const name of nodes) untouched(name);
});

it('goes on within a window', { timeout: 240_000 }, async () => {
  const always = parseWindow('00:00-00:00') ?? expect.fail('it is a window');
  const within = await given(now, { window: [always] });
  const result = await cluster.apply(inventory, { ...within, limit: ['bbb-01'] });
  expect(problems(result)).toEqual([]);
  expect(statuses(result)).toMatchObject({ 'bbb-01': 'changed' });
  const { runs } = await readHistory(applyOptions(inventory));
  expect(runs[0]).not.toHaveProperty('now');
});

it('changes hosts at any time with --now, and remembers who said so', { timeout: 240_000 }, async () => {
  const result = await cluster.apply(inventory, await given(thursday, { now: true }));
  expect(problems(result)).toEqual([]);
  expect(statuses(result)).toMatchObject({ 'bbb-02': 'changed', 'bbb-03': 'changed' });
  const { runs } = await readHistory(applyOptions(inventory));
  expect(runs[0]).toMatchObject({ run: result.run, now: true, operator: expect.any(String) });
});
