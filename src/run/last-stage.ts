import type { Inventory } from '../inventory/inventory.ts';
import { differs, type HostPlan, withLast } from '../model/plan.ts';
import type { HostResult } from '../model/result.ts';
import { statusWords } from '../model/status-words.ts';
import type { ApplyOptions } from './options.ts';
import type { Planner } from './planner.ts';
import { isRelayedTo } from './retire.ts';
import { decidedIn } from './stages.ts';
import type { Together } from './together.ts';
import { downAfter, downBefore, wavesOf } from './wave.ts';
import { inWaves, type WaveOptions } from './waves.ts';

/** How the hosts ended, and messages about the run as a whole. */
export interface Staged {
  readonly hosts: readonly HostResult[];
  readonly warnings: readonly string[];
}

interface LastOptions {
  /** told each host once it has done what comes last, or has nothing to do there */
  readonly ended?: ((result: HostResult) => void) | undefined;
}

/**
 * Remove what has to go last: only what hosts kept for those that have been retired by now. If a host was
 * deferred, failed or is unreachable, everything is kept for it, and a message says so.
 */
export async function applyLast(
  planner: Planner,
  first: readonly HostResult[],
  options: ApplyOptions & Pick<WaveOptions, 'onOneSide' | 'inOrderNow'> & LastOptions,
  carryOut: (plan: HostPlan, together: Together | undefined, number: number) => Promise<HostResult>,
): Promise<Staged> {
  const done = first.filter(isDone);
  const waiting = first.filter(
    ({ plan: host, status }) =>
      host.retires && differs(host) && status !== 'skipped' && !done.some((one) => one.plan === host),
  );
  const warnings = waiting.map((result) => notGivenBack(result, options.inventory));
  const last = await planner.last(new Set(done.map((result) => result.plan.host)));
  if (last.length === 0) return { hosts: first, warnings };
  if (options.exactly && waiting.length > 0) {
    return {
      hosts: first,
      warnings: [...warnings, 'the last stage would differ from the agreed plan, so it was not started'],
    };
  }
  // Follows everything that any host has carried out in this run.
  const number = 1 + Math.max(...first.map(({ plan: host }) => host.stages.length));
  const down = first.flatMap((result) => downAfter(result, downBefore(result.plan)));
  const before = new Map(first.map((result) => [result.plan.host, result] as const));
  const lasting = new Set(last.map(({ host }) => host));
  for (const result of first) if (!lasting.has(result.plan.host)) options.ended?.(merged(result, undefined));
  const turnEnded = (result: HostResult) =>
    options.ended?.(merged(before.get(result.plan.host) ?? result, result));
  const waves = { ...options, turnEnded };
  const second = await inWaves(wavesOf(last, options, down), waves, (host, together) =>
    carryOut(host, together, number),
  );
  const byHost = new Map(second.map((result) => [result.plan.host, result] as const));
  return { hosts: first.map((result) => merged(result, byHost.get(result.plan.host))), warnings };
}

/** The host is as planned, except for what is removed last. */
function isDone({ status }: HostResult): boolean {
  return status === 'changed' || status === 'in-sync' || status === 'done';
}

function notGivenBack({ plan, status }: HostResult, inventory: Inventory): string {
  const stays = isRelayedTo(inventory, plan.host) ? ': what other hosts have for it stays until it is' : '';
  return `${plan.host} was not retired (${statusWords[status]})${stays}`;
}

/**
 * The combination of a host's result and the result of its last stage. The latter counts if there was
 * anything to do.
 */
function merged(first: HostResult, second: HostResult | undefined): HostResult {
  const plan = withLast(first.plan, second?.plan);
  if (second === undefined) return { ...first, plan };
  return {
    plan,
    status: second.status,
    problem: second.problem ?? first.problem,
    ran: [...first.ran, ...second.ran],
    warnings: [...new Set([...first.warnings, ...second.warnings])],
    durationMs: first.durationMs + second.durationMs,
    ...decidedIn([first, second]),
  };
}
