import { type HostPlan, toSettle } from '../../model/plan.ts';
import type { HostResult } from '../../model/result.ts';
import type { BeginBefore } from '../../model/transaction.ts';
import type { ApplyOptions } from '../options.ts';
import { limitFor } from './gate.ts';

/** Whether a host may begin at this moment, and until when it may by its own clock. */
export type InTime =
  | { readonly refused: HostResult }
  | { readonly refused: undefined; readonly beginBefore: BeginBefore | undefined };

/**
 * Looks whether there is time for what a host has left to do. One on which an earlier run has to be settled
 * is begun in any case, since that waits for no window, and puts itself off afterwards.
 */
export function inTime(
  plan: HostPlan,
  { window, confirm, confirmTimeout }: Pick<ApplyOptions, 'window' | 'confirm' | 'confirmTimeout'>,
): InTime {
  const limit = window && limitFor(window, plan.stages, { confirm, confirmTimeout });
  if (window === undefined || limit === undefined) return { refused: undefined, beginBefore: undefined };
  const { at, code, message, next } = limit;
  if (at <= window.now() && toSettle(plan).length === 0) {
    const problem = { code, message, next, host: plan.host };
    return {
      refused: { plan, status: 'deferred', problem, ran: [], warnings: plan.warnings, durationMs: 0 },
    };
  }
  const offset = plan.snapshot?.clockOffset ?? 0;
  return { refused: undefined, beginBefore: { at: at / 1_000 + offset, code, message, next } };
}
