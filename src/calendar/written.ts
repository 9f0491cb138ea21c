import { instantsOf, localTime } from './time-zone.ts';
import { type DayRange, type Weekday, type WeeklyWindow, weekdays } from './windows.ts';

/** `22:00` in minutes since midnight; 24:00 is allowed as an end. Undefined for any other text. */
export function parseClock(text: string): number | undefined {
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hours === undefined || minutes === undefined) return undefined;
  const all = Number(hours) * 60 + Number(minutes);
  return Number(minutes) > 59 || all > 1_440 ? undefined : all;
}

/** `2026-12-24` or `2026-12-24..2027-01-06`; undefined for any other text, and where the days don't exist. */
export function parseDays(text: string): DayRange | undefined {
  const [, first, last = first] = /^(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?$/.exec(text) ?? [];
  if (first === undefined || last === undefined) return undefined;
  return isDate(first) && isDate(last) && first <= last ? { first, last } : undefined;
}

/** Whether there is such a day: not 2026-02-30. */
export function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/**
 * A window as on the command line: `sat,sun 06:00-18:00`, `mon-fri 22:00-05:00`, or `22:00-05:00` for every
 * day. Undefined for any other text.
 */
export function parseWindow(text: string): WeeklyWindow | undefined {
  const [, listed, start = '', end = ''] =
    /^(?:([a-z,\s-]+)\s)?\s*(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})$/i.exec(text.trim()) ?? [];
  const [from, to] = [parseClock(start), parseClock(end)];
  if (from === undefined || to === undefined || from === 1_440) return undefined;
  const days = listed === undefined ? weekdays : parseWeekdays(listed);
  return days === undefined || days.length === 0 ? undefined : { days, from, to };
}

function parseWeekdays(text: string): readonly Weekday[] | undefined {
  const parts = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((part) => part !== '');
  const ranges = parts.map((part) => {
    const ends = part.split('-').map((name) => (weekdays as readonly string[]).indexOf(name));
    const [first = -1, last = first] = ends;
    if (ends.length > 2 || first < 0 || last < 0) return undefined;
    const length = ((last - first + 7) % 7) + 1;
    return Array.from({ length }, (_, index) => weekdays[(first + index) % 7] ?? 'mon');
  });
  if (ranges.includes(undefined)) return undefined;
  return [...new Set(ranges.flatMap((range) => range ?? []))];
}

/** A time by which something has to be over, as it was written: an instant, a clock time, or a duration. */
export type WrittenTime =
  /** without an offset it is shown by the clock on the wall */
  | { readonly kind: 'instant'; readonly date: string; readonly minute: number; readonly offset?: string }
  | { readonly kind: 'clock'; readonly minute: number }
  | { readonly kind: 'duration'; readonly milliseconds: number };

/** `2026-11-27T05:00`, also with Z or an offset, `05:00` or `90m`; undefined for any other text. */
export function parseTime(text: string): WrittenTime | undefined {
  const clock = parseClock(text);
  if (clock !== undefined) return { kind: 'clock', minute: clock % 1_440 };
  const [, date, time, offset] =
    /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(Z|[+-]\d{2}:\d{2})?$/.exec(text) ?? [];
  if (date !== undefined) {
    const minute = parseClock(time ?? '');
    if (!isDate(date) || minute === undefined || minute === 1_440) return undefined;
    return { kind: 'instant', date, minute, ...(offset === undefined ? {} : { offset }) };
  }
  const parts = [...text.matchAll(/(\d{1,5})([smhd])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  const seconds = parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * ({ s: 1, m: 60, h: 3_600, d: 86_400 }[unit ?? ''] ?? 0),
    0,
  );
  return { kind: 'duration', milliseconds: seconds * 1_000 };
}

/**
 * The instant that is meant at `now`, in milliseconds since the epoch: a clock time is the next one. Where
 * the clock shows it twice, the first is taken; where it skips it, the end of the gap.
 */
export function instantOf(written: WrittenTime, now: number, zone: string): number {
  if (written.kind === 'duration') return now + written.milliseconds;
  if (written.kind === 'instant') {
    const { date, minute, offset } = written;
    if (offset === undefined) return shownAt(date, minute, zone);
    const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
    return Date.parse(`${date}T${clock}:00${offset}`);
  }
  const { date } = localTime(now, zone);
  const today = shownAt(date, written.minute, zone);
  if (today > now) return today;
  const tomorrow = new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  return shownAt(tomorrow, written.minute, zone);
}

function shownAt(date: string, minute: number, zone: string): number {
  for (let later = 0; later <= 180; later++) {
    const [first] = instantsOf({ date, minute: minute + later }, zone);
    if (first !== undefined) return first;
  }
  throw new Error(`no clock in ${zone} shows minute ${minute} on ${date}`);
}
