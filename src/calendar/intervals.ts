import { type Calendar, calendarOf, usualDay } from './calendar.ts';

/** From the first of two instants up to the second; milliseconds since the epoch. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** When windows are open between two instants, in order. */
export function openIntervals(calendar: Calendar, { from, to }: Interval): readonly Interval[] {
  const found: Interval[] = [];
  for (let at: number | undefined = from; at !== undefined && at < to; ) {
    const opens = calendar.opensNext(at);
    if (opens === undefined || opens >= to) break;
    const closes = calendar.closesAt(opens);
    found.push({ from: opens, to: Math.min(closes ?? to, to) });
    at = closes;
  }
  return found;
}

/** When it isn't a weekday between 07:00 and 18:00, between two instants, in order. */
export function quietIntervals(zone: string, { from, to }: Interval): readonly Interval[] {
  const days = openIntervals(calendarOf({ weekly: [usualDay], zone }), { from, to });
  const ends = [from, ...days.map((day) => day.to)];
  const begins = [...days.map((day) => day.from), to];
  return ends.flatMap((end, index) => {
    const begin = begins[index] ?? to;
    return begin > end ? [{ from: end, to: begin }] : [];
  });
}
