import type { HostPlan } from '../../model/plan.ts';
import { toSettle } from '../../model/plan.ts';
import type { HostResult } from '../../model/result.ts';
import { hasGuards, presence } from '../busy/ask-guards.ts';
import { handsOver } from '../busy/hands-over.ts';
import { policyOf } from '../busy/policy.ts';
import { isBusy } from '../busy/waiting.ts';
import type { ApplyOptions } from '../options.ts';
import { limitFor } from '../windows/gate.ts';
import { interruptsPeople } from '../windows/report.ts';
import { isUsualDay } from '../windows/run-window.ts';

export type LaterOptions = Pick<
  ApplyOptions,
  'inventory' | 'whenBusy' | 'queue' | 'window' | 'confirm' | 'confirmTimeout' | 'onFailure'
>;

/** Whether a host can wait for people by itself: with a guard that tells when they have gone. */
export function mayBeQueued(plan: HostPlan, options: LaterOptions): boolean {
  const { skipped, problem, retires } = plan;
  if (skipped || problem !== undefined || retires === true) return false;
  return policyOf(plan.role, options) === 'later' && hasGuards(plan) && interruptsPeople(plan);
}

/** Whether a host is to be queued rather than begun now: people are there by the look, or it is no time. */
export function isLater(plan: HostPlan, options: LaterOptions): boolean {
  if (!mayBeQueued(plan, options) || toSettle(plan).length > 0) return false;
  const isBusy = presence(plan).kind !== 'empty' && !handsOver(plan, options);
  return isBusy || isNoTime(plan, options);
}

/** Whether a host that was put off is to be queued instead. */
export function becomesLater(result: HostResult, options: LaterOptions): boolean {
  const isOutside = result.status === 'deferred' && result.problem?.code === 'outside-window';
  return mayBeQueued(result.plan, options) && (isBusy(result) || isOutside);
}

function isNoTime({ stages }: HostPlan, options: LaterOptions): boolean {
  const window = options.queue?.window ?? options.window;
  if (window === undefined) return false;
  const limit = limitFor({ ...window, deadline: undefined }, stages, options);
  return isUsualDay(window) || (limit !== undefined && limit.at <= window.now());
}
