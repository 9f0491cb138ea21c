import { openIntervals, quietIntervals } from '../../calendar/intervals.ts';
import { timeWords } from '../../calendar/words.ts';
import type { Problem } from '../../model/operator-error.ts';
import { differs, type HostPlan, type Stage } from '../../model/plan.ts';
import { askedEvery, type QueueRules } from '../../model/queue.ts';
import type { HostResult, Status } from '../../model/result.ts';
import { isManaged } from '../../model/snapshot.ts';
import type { ApplyOptions } from '../options.ts';
import type { Wave } from '../wave.ts';
import { neededFor } from '../windows/gate.ts';
import { dealSlots } from './slots.ts';

/** What is known of a role once all of its hosts have had their turn that could be begun now. */
export interface RoleSoFar {
  readonly wave: Pick<Wave, 'role' | 'plans' | 'limit'>;
  /** a host of the role was changed in this run, and is well */
  readonly proven: boolean;
  readonly results: ReadonlyMap<string, HostResult>;
  /** hosts of the role that don't serve anyone */
  readonly out: ReadonlySet<string>;
}

/** Puts the plan of a host there, to wait until nobody is there. */
export type QueueOne = (plan: HostPlan, stage: Stage, rules: QueueRules) => Promise<HostResult>;

/**
 * Queues hosts that could not be begun now: all of them if a host of the role was changed in this run, and so
 * has shown that it can be done. If one was as planned already, that shows it for its recipe, and of every
 * other recipe the first host is queued alone. If none was, the first host of the role alone. None after one
 * has failed. Hosts share slots, so that never more of them are at work at once than may be out. Those
 * without a result can't be begun, because too many are out.
 */
export async function queueHosts(
  plans: readonly HostPlan[],
  role: RoleSoFar,
  options: ApplyOptions,
  queueOne: QueueOne,
): Promise<readonly HostResult[]> {
  const single = plans.filter(isSingle);
  const results: HostResult[] = plans.filter((plan) => !isSingle(plan)).map(severalStages);
  const going = whoGoes(single, role);
  const others = single.filter((plan) => !going.includes(plan));
  const firstFor = (plan: HostPlan) =>
    going.find(({ recipe }) => recipe?.name === plan.recipe?.name) ?? going[0];
  results.push(...others.map((plan) => afterFirst(plan, firstFor(plan))));
  const atOnce = role.wave.limit - elsewhere(going, role);
  const able = going.filter(({ host }) => atOnce > 0 || role.out.has(host));
  const waiting = waitingElsewhere(going, role);
  if (atOnce <= 0 && waiting.length > 0) {
    results.push(...going.filter((plan) => !able.includes(plan)).map((plan) => besides(plan, waiting)));
  }
  const needed = Math.max(0, ...able.map(({ stages }) => neededFor(stages, options)));
  const slots = dealSlots({
    ...{ hosts: able.length, atOnce: Math.max(1, atOnce), needed },
    open: openFor(options, needed),
  });
  const queued = able.map(async (plan, index): Promise<HostResult> => {
    const [stage] = plan.stages;
    const own = slots[index] ?? [];
    if (stage === undefined || own.length === 0) return noSlot(plan, options);
    return queueOne(plan, stage, rulesFor(plan, own, options));
  });
  return [...results, ...(await Promise.all(queued))];
}

/** Those of which another host has shown that it can be done, and those that are to show it, each alone. */
function whoGoes(plans: readonly HostPlan[], role: RoleSoFar): readonly HostPlan[] {
  if (role.proven) return plans;
  if (hasFailed(role)) return [];
  const asPlanned = role.wave.plans.filter(isAsPlanned);
  if (asPlanned.length === 0) return plans.slice(0, 1);
  const recipeOf = ({ recipe }: HostPlan) => recipe?.name;
  const shown = new Set(asPlanned.map(recipeOf));
  return plans.filter(
    (plan, index) =>
      shown.has(recipeOf(plan)) || plans.findIndex((one) => recipeOf(one) === recipeOf(plan)) === index,
  );
}

/** Whether the plan has turned out not to work on a host. */
function hasFailed({ results }: RoleSoFar): boolean {
  const harmless: readonly Status[] = ['in-sync', 'changed', 'done', 'deferred', 'owed', 'skipped'];
  return [...results.values()].some(({ status }) => !harmless.includes(status));
}

function isSingle({ stages, last }: HostPlan): boolean {
  return stages.length === 1 && last === undefined;
}

function isAsPlanned(plan: HostPlan): boolean {
  const { snapshot, problem, unreachable, retires, unsettled, down } = plan;
  if (snapshot === undefined || problem !== undefined || unreachable || retires === true) return false;
  return unsettled.length === 0 && down === undefined && isManaged(snapshot) && !differs(plan);
}

/** How many of what may be out are taken by hosts that aren't queued now. */
function elsewhere(going: readonly HostPlan[], role: RoleSoFar): number {
  const names = new Set(going.map(({ host }) => host));
  const taken = new Set([...role.out, ...waitingElsewhere(going, role)]);
  return [...taken].filter((host) => !names.has(host)).length;
}

/** Hosts of the role that an earlier run has queued, and that may begin by themselves at any time. */
function waitingElsewhere(
  going: readonly HostPlan[],
  { wave, results }: Pick<RoleSoFar, 'wave' | 'results'>,
): readonly string[] {
  return wave.plans.flatMap((plan) => {
    const isQueued = (plan.snapshot?.queued ?? []).length > 0;
    return isQueued && !going.includes(plan) && results.get(plan.host)?.status !== 'changed'
      ? [plan.host]
      : [];
  });
}

/** When hosts may begin to interrupt people, as far as it is waited. */
function openFor({ queue, ...options }: ApplyOptions, needed: number) {
  const window = queue?.window ?? options.window;
  const from = window?.now() ?? Date.now();
  const until = queue?.until ?? from;
  // Not beyond a deadline; whatever begins before it is waited no longer may take the time that it needs.
  const to = Math.min(until + needed, window?.deadline ?? Number.POSITIVE_INFINITY);
  if (to <= from) return [];
  if (window === undefined || window.regardless || window.rule === 'anytime') return [{ from, to }];
  return window.calendar === undefined
    ? quietIntervals(window.zone, { from, to })
    : openIntervals(window.calendar, { from, to });
}

function rulesFor(
  { snapshot }: HostPlan,
  slots: ReturnType<typeof dealSlots>[number],
  { window, queue }: ApplyOptions,
): QueueRules {
  const now = window?.now() ?? Date.now();
  // By how far it is from this moment.
  const byHost = (instant: number) => (instant - now + Date.now()) / 1_000 + (snapshot?.clockOffset ?? 0);
  const idleFor = queue?.idleFor ?? 0;
  return {
    ...{ idleFor, every: askedEvery(idleFor) },
    since: byHost(now),
    until: byHost(queue?.until ?? now),
    slots: slots.map(({ from, to }) => ({ from: byHost(from), to: byHost(to) })),
  };
}

function putOff(plan: HostPlan, problem: Omit<Problem, 'host'>): HostResult {
  return {
    ...{ plan, status: 'deferred', problem: { ...problem, host: plan.host }, ran: [] },
    ...{ warnings: plan.warnings, durationMs: 0 },
  };
}

function severalStages(plan: HostPlan): HostResult {
  return putOff(plan, {
    code: 'not-queued',
    message: 'it may not be changed now, and could not do by itself what takes several stages',
    next: 'run the command again when nobody is there, or keep new people away from it with --when-busy drain',
  });
}

function afterFirst(plan: HostPlan, first: HostPlan | undefined): HostResult {
  return putOff(plan, {
    code: 'not-queued',
    message: `it may not be changed now, and no host of the role ${plan.role} has shown yet that this plan works${first === undefined ? '' : `: ${first.host} goes first`}`,
    next:
      first === undefined
        ? 'see what is wrong with the host that failed, then run the command again'
        : `run the command again once ${first.host} is changed; clusterproxy status shows it`,
  });
}

function besides(plan: HostPlan, waiting: readonly string[]): HostResult {
  return putOff(plan, {
    code: 'not-queued',
    message: `it may not be changed now, and ${waiting.join(', ')} may begin at any time, so that too many hosts of the role ${plan.role} could be out at once`,
    next: 'queue them together, by a run that is not limited to some of them, or take back the other: clusterproxy withdraw',
  });
}

function noSlot(plan: HostPlan, { window, queue }: ApplyOptions): HostResult {
  const until = queue === undefined ? '' : ` before ${timeWords(queue.until, window?.zone ?? 'UTC')}`;
  return putOff(plan, {
    code: 'not-queued',
    message: `it may not be changed now, and there is no time for it${until} that is long enough`,
    next: 'let it wait for longer with --until, or make a window of the inventory longer',
  });
}
