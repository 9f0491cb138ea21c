import { type Calendar, calendarOf } from './calendar.ts';
import { dateAfter, localTime } from './time-zone.ts';
import type { DayRange, InventoryWindow } from './windows.ts';

/** How far back and ahead of an instant exceptions are known: a window may have begun before. Days. */
const [back, ahead] = [3, 420];

/**
 * The calendar of an inventory's windows around an instant (milliseconds since the epoch). Calendar files
 * have been checked when the inventory was read.
 */
export async function openCalendar(
  windows: readonly InventoryWindow[],
  { zone, now }: { readonly zone: string; readonly now: number },
): Promise<Calendar> {
  const { date } = localTime(now, zone);
  const span = { first: dateAfter(date, -back), last: dateAfter(date, ahead), zone };
  const weekly = windows.map(async ({ except, files, ...window }) => {
    // Only who has such files needs what reads them.
    const { daysOfEvents } = files.length === 0 ? noFiles : await import('./holidays.ts');
    const events = files.map((file) => daysOfEvents(file, span));
    const isExcepted = (day: string) => isWithin(except, day) || events.some((days) => days.has(day));
    return { ...window, isExcepted };
  });
  return calendarOf({ weekly: await Promise.all(weekly), zone });
}

const noFiles = { daysOfEvents: (): ReadonlySet<string> => new Set() };

/** Whether one of the ranges has the day. */
export function isWithin(ranges: readonly DayRange[], date: string): boolean {
  return ranges.some(({ first, last }) => first <= date && date <= last);
}
