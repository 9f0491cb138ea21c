import type { InventoryHost } from '../../inventory/inventory.ts';
import { durationWords } from '../../model/duration.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { HostResult } from '../../model/result.ts';
import type { ApplyOptions } from '../options.ts';
import { askGuards, hasGuards, type Presence, presence } from './ask-guards.ts';
import { handsOver } from './hands-over.ts';
import { policyOf } from './policy.ts';
import { untilEmpty } from './until-empty.ts';

/** Which hosts are waited for while others are changed, and until when. */
export interface Waiting {
  /** people are on the host by the look at it, and it is waited for them */
  readonly beginsBusy: (plan: HostPlan) => boolean;
  /** the host was put off because people were there after all, and it is waited for them */
  readonly triesAgain: (result: HostResult) => boolean;
  /**
   * Ends when the host may take its turn: nobody is there any more, or `stop` says that it isn't waited any
   * longer. Where people stay past the limit, the result says so.
   */
  readonly until: (plan: HostPlan, stop: AbortSignal) => Promise<HostResult | undefined>;
}

/** Nobody is waited for. */
export const noWaiting: Waiting = {
  beginsBusy: () => false,
  triesAgain: () => false,
  until: async () => undefined,
};

/** Codes of hosts that were put off because people were there, or might have been. */
export const busyCodes: readonly string[] = ['busy', 'guard-unknown'];

/**
 * Whether a host may be begun anew once people have gone. With stages of its plan done it may not: that plan
 * no longer fits it, and people have been waited for between the stages.
 */
export function isBusy({ status, problem, isHalfDone }: HostResult): boolean {
  return status === 'deferred' && isHalfDone !== true && busyCodes.includes(problem?.code ?? '');
}

/** The policy `wait` for all roles that have it. */
export function waitingFor(options: ApplyOptions): Waiting {
  const until = new Map<string, number>();
  const limitOf = (host: string) => {
    const known = until.get(host) ?? Date.now() + options.waitTimeout * 1_000;
    until.set(host, known);
    return known;
  };
  const isWaitedFor = (plan: HostPlan) => {
    return policyOf(plan.role, options) === 'wait' && hasGuards(plan);
  };
  const isInTime = ({ host }: HostPlan) => Date.now() < (until.get(host) ?? Number.POSITIVE_INFINITY);
  return {
    // Whoever is on a host that hands over goes to another one in its turn.
    beginsBusy: (plan) => isWaitedFor(plan) && !handsOver(plan, options) && presence(plan).kind !== 'empty',
    triesAgain: (result) => isBusy(result) && isWaitedFor(result.plan) && isInTime(result.plan),
    until: async (plan, stop) => {
      const host = hostOf(plan, options);
      const signal = AbortSignal.any([stop, options.signal]);
      const end = await untilEmpty(plan, {
        ask: () => askGuards(plan, host, { ...options, signal }),
        until: limitOf(plan.host),
        signal,
        progress: options.progress,
      });
      return end.kind === 'late' ? stillThere(plan, end.found, options.waitTimeout) : undefined;
    },
  };
}

/** The host of a plan. One without is a bug. */
export function hostOf(
  { host: name }: HostPlan,
  { inventory }: Pick<ApplyOptions, 'inventory'>,
): InventoryHost {
  const host = inventory.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`${name} is in the plan but not in the inventory`);
  return host;
}

/** The result of a host on which people stayed for longer than they were waited for. */
export function stillThere(plan: HostPlan, found: Presence, waited: number): HostResult {
  const words = found.kind === 'empty' ? '' : found.words;
  return {
    plan,
    status: 'deferred',
    problem: {
      code: found.kind === 'unknown' ? 'guard-unknown' : 'busy',
      message: `${words}, after ${durationWords(waited)} of waiting; nothing was changed`,
      next: 'run the command again later, let it wait longer, or interrupt them with --force',
      host: plan.host,
    },
    ran: [],
    warnings: plan.warnings,
    durationMs: 0,
  };
}

/** The result of a host to which people came each time that it was about to be changed. */
export function comeAgain(plan: HostPlan): HostResult {
  return {
    plan,
    status: 'deferred',
    problem: {
      code: 'people-keep-coming',
      message: 'people came each time that it was about to be changed; nothing was changed',
      next: 'find out who sends them there, or run the command again later',
      host: plan.host,
    },
    ran: [],
    warnings: plan.warnings,
    durationMs: 0,
  };
}
