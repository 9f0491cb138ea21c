import type { HostPlan } from '../../model/plan.ts';
import type { HostResult } from '../../model/result.ts';
import type { ApplyOptions } from '../options.ts';
import { askGuards } from './ask-guards.ts';
import { policyOf } from './policy.ts';
import { untilEmpty } from './until-empty.ts';
import { hostOf, isBusy, stillThere } from './waiting.ts';

/**
 * Carries out a stage of a host on which others are done already. People who come in between are waited for
 * where they stand, as the policy says, and until the deadline: what came before is not done once more. A
 * host that is drained gets new people only by mistake, such as a class that its balancer remembers from
 * there (scalelite#1260).
 */
export async function onHalfDone(
  plan: HostPlan,
  options: ApplyOptions,
  carryOut: () => Promise<HostResult>,
): Promise<HostResult> {
  let result = await carryOut();
  // They are waited for from when they were found, however long that took.
  const begun = Date.now();
  const until = begun + patienceWith(plan, options);
  while (isBusy(result) && Date.now() < until && !options.signal.aborted) {
    const end = await untilEmpty(plan, {
      ask: () => askGuards(plan, hostOf(plan, options), options),
      signal: AbortSignal.any([options.signal, options.leave]),
      ...{ until, progress: options.progress },
    });
    if (end.kind === 'stopped') return result;
    if (end.kind === 'late') {
      const { problem } = stillThere(plan, end.found, Math.round((Date.now() - begun) / 1_000));
      return { ...result, problem };
    }
    result = await carryOut();
  }
  return result;
}

/** How long people are waited for, from now on. Milliseconds. */
function patienceWith({ role }: HostPlan, options: ApplyOptions): number {
  const { drainTimeout, waitTimeout, window } = options;
  const policy = policyOf(role, options);
  const seconds = policy === 'drain' ? drainTimeout : policy === 'wait' ? waitTimeout : 0;
  const left = window?.deadline === undefined ? Number.POSITIVE_INFINITY : window.deadline - window.now();
  return Math.min(seconds * 1_000, left);
}
