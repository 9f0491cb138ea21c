import { beginsNext } from '../../calendar/calendar.ts';
import { localIso } from '../../calendar/words.ts';
import { stageInterrupts } from '../../model/interrupting.ts';
import { type HostPlan, toSettle } from '../../model/plan.ts';
import type { RoleRollout, RoleWindow } from '../../model/rollout.ts';
import type { ApplyOptions } from '../options.ts';
import { type GateOptions, limitFor, neededFor } from './gate.ts';
import { isUsualDay, type RunWindow } from './run-window.ts';

/** A rollout with what windows and the deadline mean for each role. */
export function withWindows(
  rollout: readonly RoleRollout[],
  plans: readonly HostPlan[],
  { window, ...options }: GateOptions & Pick<ApplyOptions, 'window'>,
): readonly RoleRollout[] {
  if (window === undefined) return rollout;
  return rollout.map((role) => {
    const going = plans.filter(({ host }) => role.hosts.includes(host));
    const told = roleWindow(window, going, options);
    return told === undefined ? role : { ...role, window: told };
  });
}

function roleWindow(
  window: RunWindow,
  plans: readonly HostPlan[],
  options: GateOptions,
): RoleWindow | undefined {
  const { calendar, deadline, regardless, zone, zoneFrom } = window;
  const now = window.now();
  const iso = (instant: number | undefined) => (instant === undefined ? undefined : localIso(instant, zone));
  const interrupting = plans.filter(interruptsPeople);
  const byDay = isUsualDay({ ...window, regardless: false });
  const state = interrupting.length === 0 ? undefined : stateOf(calendar?.isOpen(now), byDay);
  if (state === undefined && deadline === undefined) return undefined;
  const needed = Math.max(0, ...interrupting.map(({ stages }) => neededFor(stages, options)));
  const limits = plans.flatMap(({ stages }) => limitFor(window, stages, options) ?? []);
  const closes = state === 'open' ? calendar?.closesAt(now) : undefined;
  const late = lateLimits(plans, { window, ...options });
  const opens =
    state === 'closed' || late.length > 0
      ? calendar && beginsNext(calendar, closes ?? now, needed)
      : undefined;
  const last = Math.min(...limits.map(({ at }) => at));
  return {
    timeZone: zone,
    timeZoneFrom: zoneFrom,
    ...{ state, regardless },
    now: localIso(now, zone),
    closes: iso(closes),
    opens: iso(opens),
    deadline: iso(deadline),
    lastBegin: last > now && Number.isFinite(last) ? iso(last) : undefined,
    interrupting: interrupting.map(({ host }) => host),
    deferred: late.flatMap(({ host, code }) => (code === 'outside-window' ? [host] : [])),
    pastDeadline: late.flatMap(({ host, code }) => (code === 'past-deadline' ? [host] : [])),
  };
}

function stateOf(isOpen: boolean | undefined, byDay: boolean): RoleWindow['state'] {
  if (isOpen !== undefined) return isOpen ? 'open' : 'closed';
  return byDay ? 'by-day' : undefined;
}

/** Whether people may be cut off by what is to be done on a host; what is settled first doesn't count. */
export function interruptsPeople({ stages }: HostPlan): boolean {
  return stages.some(stageInterrupts);
}

/** Whether it is too late, or too early, for a host at this moment. */
export function isLate(plan: HostPlan, options: WindowedOptions): boolean {
  return lateLimits([plan], options).length > 0;
}

type WindowedOptions = GateOptions & Pick<ApplyOptions, 'window'>;

function lateLimits(plans: readonly HostPlan[], { window, ...options }: WindowedOptions) {
  if (window === undefined) return [];
  return plans.flatMap((plan) => {
    const limit = limitFor(window, plan.stages, options);
    if (limit === undefined || limit.at > window.now() || toSettle(plan).length > 0) return [];
    return [{ host: plan.host, code: limit.code }];
  });
}
