import { type Interval, openIntervals, quietIntervals } from '../calendar/intervals.ts';
import type { SchedulePolicy } from '../model/schedule.ts';
import { isQuietTime, type RunWindow } from '../run/windows/run-window.ts';

/** What a scheduled run does at this moment. */
export interface Decision {
  readonly does: SchedulePolicy;
  /** the policy would repair, but not now: no window is open */
  readonly isOutside: boolean;
  /** of a run that repairs: by when all of it has to be over; undefined: there is no end */
  readonly closes: number | undefined;
  /** windows that have passed since the run before, all of them closed by now */
  readonly missed: readonly Interval[];
}

/** What it is decided by. */
export interface Deciding {
  readonly policy: SchedulePolicy;
  readonly window: Pick<RunWindow, 'rule' | 'calendar' | 'regardless' | 'zone' | 'now'>;
  /** when the run before this one began; undefined: there was none */
  readonly last: number | undefined;
}

/** How far back windows are looked for that were missed. Milliseconds. */
const memory = 31 * 86_400_000;
/** How far ahead the end of one is looked for. */
const ahead = 400 * 86_400_000;

/**
 * A run repairs only while a window is open; without windows in the inventory, that is not on weekdays from
 * 07:00 to 18:00. So a run that is caught up, because this machine was off or asleep when its time came, only
 * looks, unless a window is open by then. Pure: the time is the window's.
 */
export function decide({ policy, window, last }: Deciding): Decision {
  const now = window.now();
  if (policy === 'report') return { does: 'report', isOutside: false, closes: undefined, missed: [] };
  const isOpen = isQuietTime({ ...window, deadline: undefined, zoneFrom: 'inventory' });
  return {
    does: isOpen ? 'fix' : 'report',
    isOutside: !isOpen,
    closes: isOpen ? closing(window, now) : undefined,
    missed: missedBetween(window, last, now),
  };
}

/** Whether a window is open, and when that changes; undefined: it never does. */
export function windowNow(window: Deciding['window']): { readonly open: boolean; readonly until?: number } {
  const now = window.now();
  const open = isQuietTime({ ...window, deadline: undefined, zoneFrom: 'inventory' });
  const until = open ? closing(window, now) : opening(window, now);
  return { open, ...(until === undefined ? {} : { until }) };
}

function opening(window: Deciding['window'], now: number): number | undefined {
  if (window.rule === 'windows') return window.calendar?.opensNext(now);
  return quietIntervals(window.zone, { from: now, to: now + 9 * 86_400_000 })[0]?.from;
}

function closing(window: Deciding['window'], now: number): number | undefined {
  if (window.rule === 'anytime') return undefined;
  if (window.rule === 'windows') {
    const closes = window.calendar?.closesAt(now);
    return closes === undefined || closes > now + ahead ? undefined : closes;
  }
  return quietIntervals(window.zone, { from: now, to: now + 9 * 86_400_000 })[0]?.to;
}

/** Those that opened after the run before, and have closed: in none of them anything was done. */
function missedBetween(
  { rule, calendar, zone }: Deciding['window'],
  last: number | undefined,
  now: number,
): readonly Interval[] {
  if (last === undefined || last >= now || rule === 'anytime') return [];
  const span = { from: Math.max(last, now - memory), to: now };
  const open =
    rule === 'windows' && calendar !== undefined ? openIntervals(calendar, span) : quietIntervals(zone, span);
  // What was open when the run before began is not missed, nor what is open now.
  return open.filter(({ from, to }) => from > span.from && to < now);
}
