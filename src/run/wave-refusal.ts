import type { Problem } from '../model/operator-error.ts';
import { type HostPlan, isDue, stagesOf } from '../model/plan.ts';
import type { ApplyOptions } from './options.ts';

/**
 * Why hosts can't be put back together, before anything is begun: what an action does stays, and so does a
 * stage that is done when the next one fails. Undefined where they can.
 */
export function waveRefusal(
  plans: readonly HostPlan[],
  { onFailure }: Pick<ApplyOptions, 'onFailure'>,
): Problem | undefined {
  if (onFailure !== 'revert-wave') return undefined;
  const due = plans.filter(isDue);
  const acting = due.find((plan) => stagesOf(plan).some(({ actions }) => actions.length > 0));
  const staged = due.find((plan) => plan.stages.length > 1);
  const plan = acting ?? staged;
  if (plan === undefined) return undefined;
  const why =
    acting === undefined
      ? 'it is changed in several stages, and those that are done stay'
      : 'its plan has actions, such as installing packages, and what they do stays';
  return {
    code: 'wave-cannot-revert',
    message: `--on-failure revert-wave can't be kept for ${plan.host}: ${why}`,
    next: 'leave the option out, so that a failure stops the run, or name the hosts without such plans with --limit',
    host: plan.host,
  };
}
