/** Days of the week as they are written in inventories and on the command line; the first is Monday. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** Part of a day in which people may be interrupted, on some days of the week. */
export interface WeeklyWindow {
  readonly days: readonly Weekday[];
  /** minutes since midnight by the clock on the wall, up to 1440 */
  readonly from: number;
  /**
   * The same. If it isn't after `from`, the window ends on the following day, and belongs to the day on which
   * it begins; if it equals `from`, that is after a whole day.
   */
  readonly to: number;
}

/** Days on which no window begins; both ends belong to it. */
export interface DayRange {
  /** `2026-12-24` */
  readonly first: string;
  readonly last: string;
}

/** A calendar file whose events are days on which no window begins. */
export interface CalendarFile {
  /** as the operator can open it */
  readonly file: string;
  readonly text: string;
}

/** A window of an inventory; plain data. */
export interface InventoryWindow extends WeeklyWindow {
  readonly except: readonly DayRange[];
  readonly files: readonly CalendarFile[];
}

export function weekdayOf(date: string): Weekday {
  const number = new Date(`${date}T00:00:00Z`).getUTCDay();
  return weekdays[(number + 6) % 7] ?? 'mon';
}
