import type { Calendar } from '../../calendar/calendar.ts';
import { calendarOf, isByDay } from '../../calendar/calendar.ts';
import { openCalendar } from '../../calendar/open-calendar.ts';
import type { WeeklyWindow } from '../../calendar/windows.ts';
import { instantOf, type WrittenTime } from '../../calendar/written.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { OperatorError } from '../../model/operator-error.ts';

/** What time it is, and where. */
export interface Clock {
  /** milliseconds since the epoch */
  readonly now: () => number;
  /** IANA name of the time zone of the machine where the program runs */
  readonly zone: string;
}

/** When the hosts of a run may interrupt people, and by when all of it has to be over. */
export interface RunWindow {
  readonly zone: string;
  readonly zoneFrom: 'inventory' | 'machine';
  /** milliseconds since the epoch */
  readonly now: () => number;
  /**
   * `anytime`: always; `windows`: while one of the calendar is open; `usual`: nothing is configured, so by
   * day only if the operator says so
   */
  readonly rule: 'anytime' | 'windows' | 'usual';
  /** undefined unless the rule is `windows` */
  readonly calendar: Calendar | undefined;
  /** milliseconds since the epoch */
  readonly deadline: number | undefined;
  /** the operator said for this run that people may be interrupted now */
  readonly regardless: boolean;
}

/** What the command line says of it. */
export interface WindowWishes {
  /** replace those of the inventory; empty: it decides */
  readonly window: readonly WeeklyWindow[];
  readonly now: boolean;
  readonly deadline: WrittenTime | undefined;
}

/** Throws an OperatorError `deadline-past` for a deadline that is over. */
export async function runWindow(
  inventory: Pick<Inventory, 'timeZone' | 'windows'>,
  wishes: WindowWishes,
  clock: Clock,
): Promise<RunWindow> {
  const zone = inventory.timeZone ?? clock.zone;
  const now = clock.now();
  const deadline = wishes.deadline && instantOf(wishes.deadline, now, zone);
  if (deadline !== undefined && deadline <= now) {
    throw new OperatorError({
      code: 'deadline-past',
      message: 'the time given by --deadline is over',
      next: 'give a time that is still to come, such as 05:00, 2026-11-27T05:00 or 90m',
    });
  }
  return {
    zone,
    zoneFrom: inventory.timeZone === undefined ? 'machine' : 'inventory',
    now: clock.now,
    ...(await ruleOf(inventory.windows, wishes.window, { zone, now })),
    deadline,
    regardless: wishes.now,
  };
}

async function ruleOf(
  windows: Inventory['windows'],
  given: readonly WeeklyWindow[],
  at: { readonly zone: string; readonly now: number },
): Promise<Pick<RunWindow, 'rule' | 'calendar'>> {
  if (given.length > 0) return { rule: 'windows', calendar: calendarOf({ weekly: given, zone: at.zone }) };
  if (windows === undefined) return { rule: 'usual', calendar: undefined };
  if (windows === 'anytime') return { rule: 'anytime', calendar: undefined };
  return { rule: 'windows', calendar: await openCalendar(windows, at) };
}

/** Whether people are taken to be there at this moment, because nothing else is configured. */
export function isUsualDay({ rule, regardless, now, zone }: RunWindow): boolean {
  return rule === 'usual' && !regardless && isByDay(now(), zone);
}

/** Whether few people are taken to be there at this moment, so that more than one host may be out at once. */
export function isQuietTime({ rule, calendar, now, zone }: RunWindow): boolean {
  if (rule === 'windows') return calendar?.isOpen(now()) ?? false;
  return rule === 'anytime' || !isByDay(now(), zone);
}
