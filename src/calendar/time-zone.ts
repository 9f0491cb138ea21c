/** A date and a time of day as clocks on the wall show them. */
export interface LocalTime {
  /** `2026-11-27` */
  readonly date: string;
  /** minutes since midnight, as the clock shows them */
  readonly minute: number;
}

/**
 * Whether a text is the name of a time zone in the IANA database, as far as this Node.js knows it. A mere
 * offset such as +01:00 isn't: it knows no daylight saving.
 */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What clocks in a time zone show at an instant; milliseconds since the epoch. */
export function localTime(instant: number, zone: string): LocalTime {
  const shown = new Date(instant + offsetAt(instant, zone));
  return { date: dateOf(shown.getTime()), minute: shown.getUTCHours() * 60 + shown.getUTCMinutes() };
}

/**
 * The instants at which clocks in a time zone show this: usually one, none in an hour that is skipped when
 * daylight saving begins, two in the hour that is repeated when it ends.
 */
export function instantsOf({ date, minute }: LocalTime, zone: string): readonly number[] {
  const shown = Date.parse(`${date}T00:00:00Z`) + minute * 60_000;
  const offsets = new Set([shown - day, shown, shown + day].map((instant) => offsetAt(instant, zone)));
  return [...offsets]
    .map((offset) => shown - offset)
    .filter((instant) => instant + offsetAt(instant, zone) === shown)
    .sort((a, b) => a - b);
}

/** When clocks are set forward or back in a day that begins at this instant; undefined if they aren't. */
export function changeOfClocks(from: number, zone: string): number | undefined {
  const before = offsetAt(from, zone);
  if (offsetAt(from + day, zone) === before) return undefined;
  let [same, other] = [from, from + day];
  while (other - same > quarter) {
    const middle = same + Math.floor((other - same) / 2 / quarter) * quarter;
    if (offsetAt(middle, zone) === before) same = middle;
    else other = middle;
  }
  return other;
}

/** So many days later, or earlier. */
export function dateAfter(date: string, days: number): string {
  return dateOf(Date.parse(`${date}T00:00:00Z`) + days * day);
}

/** A day in milliseconds, where no clock is set forward or back. */
export const day = 86_400_000;

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, Map<number, number>>();

/** Clocks are set at full quarters of an hour only. Milliseconds. */
const quarter = 900_000;

/**
 * How far clocks in a time zone are ahead of UTC, in milliseconds. Whoever looks for the next window asks for
 * the same few instants again and again.
 */
function offsetAt(instant: number, zone: string): number {
  const index = Math.floor(instant / quarter);
  const known = offsets.get(zone) ?? new Map<number, number>();
  offsets.set(zone, known);
  const offset = known.get(index) ?? lookUpOffset(index * quarter, zone);
  known.set(index, offset);
  return offset;
}

function lookUpOffset(instant: number, zone: string): number {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  formats.set(zone, format);
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value);
  const { year = 0, month = 1, day: dayOfMonth = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, dayOfMonth, hour, minute, second) - instant;
}
