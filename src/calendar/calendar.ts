import { changeOfClocks, dateAfter, day, instantsOf, localTime } from './time-zone.ts';
import { type WeeklyWindow, weekdayOf } from './windows.ts';

/**
 * When windows are open. Instants are milliseconds since the epoch. The clock on the wall decides: what it
 * shows twice, when daylight saving ends, is in a window both times; what it skips is in none.
 */
export interface Calendar {
  isOpen(instant: number): boolean;
  /** When the window closes that is open at this instant; undefined if none closes within a year. */
  closesAt(instant: number): number | undefined;
  /** The next instant, from this one on, at which one is open; undefined if none is within a year. */
  opensNext(instant: number): number | undefined;
}

/** What a calendar is made of. */
export interface CalendarParts {
  readonly weekly: readonly CalendarWindow[];
  /** IANA name of the time zone whose clocks decide */
  readonly zone: string;
}

export interface CalendarWindow extends WeeklyWindow {
  /** whether it doesn't begin on a day, whichever day of the week that is */
  readonly isExcepted?: (date: string) => boolean;
}

/** How far ahead is looked: first near, then far, since most windows are weekly. Days. */
const horizons = [9, 400];

export function calendarOf({ weekly, zone }: CalendarParts): Calendar {
  const begins = ({ days, isExcepted }: CalendarWindow, date: string) =>
    days.includes(weekdayOf(date)) && isExcepted?.(date) !== true;

  const isOpen = (instant: number) => {
    const { date, minute } = localTime(instant, zone);
    const yesterday = dateAfter(date, -1);
    return weekly.some((window) => {
      const { from, to } = window;
      if (to > from) return from <= minute && minute < to && begins(window, date);
      return (from <= minute && begins(window, date)) || (minute < to && begins(window, yesterday));
    });
  };

  /** The instants after this one at which a window may open or close. */
  const boundaries = (after: number, days: number): readonly number[] => {
    const minutes = new Set(weekly.flatMap(({ from, to }) => [from, to, 0]));
    const { date } = localTime(after, zone);
    const found = Array.from({ length: days + 2 }, (_, index) => {
      const one = dateAfter(date, index - 1);
      const changed = changeOfClocks(Date.parse(`${one}T00:00:00Z`), zone);
      return [
        ...[...minutes].flatMap((minute) => instantsOf({ date: one, minute }, zone)),
        ...(changed === undefined ? [] : [changed]),
      ];
    }).flat();
    return found.filter((instant) => instant > after).sort((a, b) => a - b);
  };

  const next = (instant: number, wanted: boolean) => {
    for (const days of horizons) {
      const found = boundaries(instant, days).find((one) => isOpen(one) === wanted);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  return {
    isOpen,
    closesAt: (instant) => (isOpen(instant) ? next(instant, false) : instant),
    opensNext: (instant) => (isOpen(instant) ? instant : next(instant, true)),
  };
}

/**
 * The first instant from this one on at which a window is open that stays so for as long as is needed;
 * undefined if no window is long enough. Milliseconds.
 */
export function beginsNext(calendar: Calendar, instant: number, needed: number): number | undefined {
  const last = instant + 400 * day;
  let from: number | undefined = instant;
  while (from !== undefined && from < last) {
    const opens = calendar.opensNext(from);
    if (opens === undefined) return undefined;
    const closes = calendar.closesAt(opens);
    if (closes === undefined || closes - opens >= needed) return opens;
    from = closes;
  }
  return undefined;
}

/** The time in which people are taken to be there, if nothing else is said: school and office hours. */
export const usualDay = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: 7 * 60, to: 18 * 60 } as const;

/** Whether an instant is on a weekday between 07:00 and 18:00. */
export function isByDay(instant: number, zone: string): boolean {
  return calendarOf({ weekly: [usualDay], zone }).isOpen(instant);
}
