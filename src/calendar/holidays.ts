import ICAL from 'ical.js';
import type { Problem } from '../model/operator-error.ts';
import { dateAfter, localTime } from './time-zone.ts';
import type { CalendarFile } from './windows.ts';
import { isDate } from './written.ts';

/** The time for which days are looked for; both ends belong to it. */
export interface Span {
  readonly first: string;
  readonly last: string;
  /** IANA name of the time zone in which events whose times are in UTC have their days */
  readonly zone: string;
}

/** More repetitions than a calendar of holidays has, however old it is. */
const mostRepetitions = 20_000;

/** An event has at most so many days. */
const longest = 400;

/**
 * The days of all events of a calendar file (iCalendar, RFC 5545) within a span: an event that lasts whole
 * days has those from its start to before its end, any other one each day that it touches. Events that were
 * cancelled have none. The file must have no mistakes; see `calendarProblems`.
 */
export function daysOfEvents(file: CalendarFile, span: Span): ReadonlySet<string> {
  const days = new Set<string>();
  for (const event of eventsOf(file)) for (const date of daysOf(event, span)) days.add(date);
  return days;
}

/** The first mistake in a calendar file, with its place; none if it can be used. */
export function calendarProblems(file: CalendarFile): readonly Problem[] {
  const lines = file.text.split(/\r?\n/);
  const problem = (index: number, message: string): readonly Problem[] => {
    const at = Math.max(0, Math.min(index, lines.length - 1));
    const location = { file: file.file, line: at + 1, column: 1, text: lines[at] ?? '' };
    const next = 'export the calendar once more, or correct this line; RFC 5545 says how it is written';
    return [
      { code: 'calendar-invalid', message: `not a calendar that can be read: ${message}`, next, location },
    ];
  };
  const begin = lines.findIndex((line) => line.trim() !== '');
  if (!/^BEGIN:VCALENDAR\s*$/i.test(lines[begin] ?? ''))
    return problem(begin, 'an iCalendar file begins with BEGIN:VCALENDAR');
  const open = unclosed(lines);
  if (open !== undefined) return problem(open, `${(lines[open] ?? '').trim()} has no matching line after it`);
  for (const block of blocksOf(lines)) {
    const mistake = mistakeIn(block, file);
    if (mistake !== undefined) return problem(block.first + mistake.line, mistake.message);
  }
  try {
    ICAL.parse(file.text);
  } catch (error) {
    const { line, message } = mistakeOf(error, lines);
    return problem(line ?? begin, message);
  }
  return [];
}

/** A component BEGIN:VEVENT to END:VEVENT. */
interface Block {
  /** index of its first line */
  readonly first: number;
  readonly lines: readonly string[];
}

function blocksOf(lines: readonly string[]): readonly Block[] {
  const blocks: Block[] = [];
  let first: number | undefined;
  for (const [index, line] of lines.entries()) {
    if (/^BEGIN:VEVENT\s*$/i.test(line)) first = index;
    if (first === undefined || !/^END:VEVENT\s*$/i.test(line)) continue;
    blocks.push({ first, lines: lines.slice(first, index + 1) });
    first = undefined;
  }
  return blocks;
}

/** Index of the first BEGIN or END without its other half. */
function unclosed(lines: readonly string[]): number | undefined {
  const open: { name: string; index: number }[] = [];
  for (const [index, line] of lines.entries()) {
    const [, word, name = ''] = /^(BEGIN|END):(\S+)\s*$/i.exec(line) ?? [];
    if (word === undefined) continue;
    if (word.toUpperCase() === 'BEGIN') open.push({ name: name.toUpperCase(), index });
    else if (open.pop()?.name !== name.toUpperCase()) return index;
  }
  return open.at(-1)?.index;
}

function mistakeIn(
  { lines }: Block,
  file: CalendarFile,
): { readonly line: number; readonly message: string } | undefined {
  const at = (name: string) =>
    Math.max(
      0,
      lines.findIndex((line) => new RegExp(`^${name}[;:]`, 'i').test(line)),
    );
  for (const name of ['DTSTART', 'DTEND', 'RECURRENCE-ID']) {
    const line = at(name);
    const [, date] = /:(\d{8})(?:T\d{6}Z?)?\s*$/.exec(lines[line] ?? '') ?? [];
    if (date === undefined && (line > 0 || name === 'DTSTART'))
      return { line, message: `an event needs ${line > 0 ? 'a valid' : 'a'} ${name}` };
    if (date !== undefined && !isDate(date.replace(/^(....)(..)(..)$/, '$1-$2-$3')))
      return { line, message: `there is no such day as ${date}` };
  }
  const rule = at('RRULE');
  if (/FREQ=(SECOND|MINUTE|HOUR)LY/i.test(lines[rule] ?? ''))
    return { line: rule, message: 'an event is repeated several times a day' };
  try {
    const text = ['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR'].join('\n');
    for (const event of eventsOf({ ...file, text })) {
      const start = event.startDate.toString().slice(0, 10);
      for (const _ of daysOf(event, { first: start, last: dateAfter(start, 800), zone: 'UTC' }));
    }
    return undefined;
  } catch (error) {
    return { line: rule, ...mistakeOf(error, lines) };
  }
}

function eventsOf({ text }: CalendarFile): readonly ICAL.Event[] {
  // Of several calendars in one file the library makes a list.
  const parsed: unknown[] = ICAL.parse(text);
  const calendars = Array.isArray(parsed[0]) ? (parsed as unknown[][]) : [parsed];
  const components = calendars.flatMap((calendar) =>
    new ICAL.Component(calendar).getAllSubcomponents('vevent'),
  );
  const events = components.map((component) => new ICAL.Event(component));
  const usual = events.filter((event) => !event.isRecurrenceException());
  const moved = events.filter((event) => event.isRecurrenceException());
  for (const event of usual)
    for (const one of moved) if (one.uid === event.uid && event.uid !== null) event.relateException(one);
  const alone = moved.filter((one) => !usual.some(({ uid }) => uid === one.uid));
  return [...usual, ...alone].filter(({ component }) => !isCancelled(component));
}

function isCancelled(component: ICAL.Component): boolean {
  return String(component.getFirstPropertyValue('status') ?? '').toUpperCase() === 'CANCELLED';
}

function* daysOf(event: ICAL.Event, span: Span): Generator<string> {
  if (!event.isRecurring()) {
    yield* daysBetween(event.startDate, event.endDate, span);
    return;
  }
  const iterator = event.iterator();
  for (let count = 0; ; count++) {
    const next: ICAL.Time | null = iterator.next();
    if (next === null) return;
    if (dateOf(next, span.zone) > dateAfter(span.last, longest)) return;
    if (count > mostRepetitions) throw new Error('an event is repeated too often for a calendar of days');
    // What it lasts is looked up only where it may matter.
    if (dateOf(next, span.zone) < dateAfter(span.first, -longest)) continue;
    const { startDate, endDate, item } = event.getOccurrenceDetails(next);
    if (!isCancelled(item.component)) yield* daysBetween(startDate, endDate, span);
  }
}

function* daysBetween(start: ICAL.Time, end: ICAL.Time, span: Span): Generator<string> {
  const first = dateOf(start, span.zone);
  const exclusive = dateOf(end, span.zone);
  // An end at midnight isn't in the day that begins then, unless there is no other.
  const isMidnight = end.isDate || (end.hour === 0 && end.minute === 0 && end.second === 0);
  const last = isMidnight && exclusive > first ? dateAfter(exclusive, -1) : exclusive;
  for (let date = first, count = 0; date <= last && count < longest; date = dateAfter(date, 1), count++)
    if (span.first <= date && date <= span.last) yield date;
}

/** Its day as it is written; of a time in UTC, the day that it has where the cluster is. */
function dateOf(time: ICAL.Time, zone: string): string {
  if (time.isDate || time.zone?.tzid !== 'UTC') return time.toString().slice(0, 10);
  return localTime(time.toJSDate().getTime(), zone).date;
}

/** What the library says, in words of ours where it quotes a line, and which one that is. */
function mistakeOf(
  error: unknown,
  lines: readonly string[],
): { readonly line?: number; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error);
  const [, quoted] = /^invalid line .*?\) "(.{1,60})/.exec(message) ?? [];
  const start = quoted?.replace(/["…]+$/, '');
  const line = start === undefined ? -1 : lines.findIndex((one) => one.startsWith(start));
  return line < 0 ? { message } : { line, message: 'a line needs a name and a colon' };
}
