import { localIso } from '../../calendar/words.ts';
import { interruptsPeople as interrupting } from '../../model/handler.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { RoleQueue, RoleRollout, RoleWindow } from '../../model/rollout.ts';
import { drainsOf } from '../../playbook/resolve/drains.ts';
import { tellersIn } from '../busy/drain-refusal.ts';
import { hostOf } from '../busy/waiting.ts';
import { isLater, type LaterOptions, mayBeQueued } from './later.ts';

/** A rollout with the hosts that would be queued at this moment rather than begun, and what that means. */
export function withQueues(
  rollout: readonly RoleRollout[],
  plans: readonly HostPlan[],
  options: LaterOptions,
): readonly RoleRollout[] {
  return rollout.map((role) => {
    const able = plans.filter((plan) => role.hosts.includes(plan.host) && mayBeQueued(plan, options));
    const queue = roleQueue(able, options);
    if (queue === undefined) return role;
    return {
      ...role,
      hosts: role.hosts.filter((host) => !queue.hosts.includes(host)),
      window: withoutQueued(role.window, queue.hosts),
      queue,
    };
  });
}

function roleQueue(able: readonly HostPlan[], options: LaterOptions): RoleQueue | undefined {
  const { queue, window } = options;
  const [first] = able;
  if (queue === undefined || first === undefined) return undefined;
  return {
    hosts: able.filter((plan) => isLater(plan, options)).map(({ host }) => host),
    idleFor: queue.idleFor,
    until: localIso(queue.until, window?.zone ?? 'UTC'),
    away: Math.max(...able.map(timeAway)),
    balancer: hasBalancer(first, options),
    withoutCordon: queue.withoutCordon,
  };
}

/** How long nobody may be able to join on a host: the time limits of what interrupts people. Seconds. */
export function timeAway({ stages }: Pick<HostPlan, 'stages'>): number {
  const handlers = stages.flatMap((stage) => stage.handlers.map(({ handler }) => handler));
  const actions = stages.flatMap((stage) => stage.actions.map(({ action }) => action));
  return [...handlers.filter(interrupting), ...actions].reduce((sum, { timeout }) => sum + timeout, 0);
}

/** Whether there is a balancer that could be told to send no more people to a host. */
export function hasBalancer(plan: HostPlan, { inventory }: Pick<LaterOptions, 'inventory'>): boolean {
  return drainsOf(inventory, hostOf(plan, { inventory })).some(
    ({ on }) => tellersIn(inventory, on).length > 0,
  );
}

/** They wait for a window by themselves, and need nobody's word for that. */
function withoutQueued(window: RoleWindow | undefined, queued: readonly string[]): RoleWindow | undefined {
  if (window === undefined) return undefined;
  const others = (hosts: readonly string[]) => hosts.filter((host) => !queued.includes(host));
  const left = others(window.interrupting);
  if (left.length === 0 && window.deadline === undefined) return undefined;
  return {
    ...window,
    ...(left.length === 0 ? { state: undefined } : {}),
    ...{ interrupting: left, deferred: others(window.deferred) },
  };
}
