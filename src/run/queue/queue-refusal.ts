import { spanWords } from '../../calendar/words.ts';
import type { Problem } from '../../model/operator-error.ts';
import { type HostPlan, isDue } from '../../model/plan.ts';
import { type LaterOptions, mayBeQueued } from './later.ts';
import { hasBalancer, timeAway } from './report.ts';

/** Why hosts can't be left to change themselves, before anything is done; undefined if they can. */
export function queueRefusal(plans: readonly HostPlan[], options: LaterOptions): Problem | undefined {
  const able = plans.filter((plan) => isDue(plan) && mayBeQueued(plan, options));
  const [first] = able;
  if (first === undefined) return undefined;
  if (options.confirm !== 'host') {
    return {
      code: 'usage',
      message: `hosts that change themselves later have nobody to confirm that, as --confirm ${options.confirm} asks for`,
      next: 'leave out --confirm, or let the run wait for people instead: --when-busy wait',
    };
  }
  if (options.onFailure === 'revert-wave') {
    return {
      code: 'usage',
      message:
        'hosts that change themselves later have nobody who could put them back together with others, as --on-failure revert-wave asks for',
      next: 'leave out --on-failure, or let the run wait for people instead: --when-busy wait',
    };
  }
  if (options.queue?.withoutCordon === true) return undefined;
  const seconds = Math.max(...able.map(timeAway));
  const knowsBalancer = hasBalancer(first, options);
  const why = knowsBalancer
    ? "a host that changes itself can't tell the balancer to send no more people there"
    : 'no balancer is known that could be told to send no more people there';
  return {
    code: 'without-cordon',
    message: `${why}, so while it restarts its services nobody can join on it, for up to ${spanWords(seconds * 1_000)}`,
    next: `agree to that with --without-cordon${knowsBalancer ? ', or let the run drain the hosts itself: --when-busy drain' : ''}`,
    host: first.host,
  };
}
