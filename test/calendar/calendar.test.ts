import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beginsNext, calendarOf, isByDay } from '../../src/calendar/calendar.ts';
import { isWithin } from '../../src/calendar/open-calendar.ts';
import { instantsOf } from '../../src/calendar/time-zone.ts';
import { type WeeklyWindow, weekdays } from '../../src/calendar/windows.ts';
import { parseDays, parseWindow } from '../../src/calendar/written.ts';

const berlin = 'Europe/Berlin';
const minute = 60_000;

function calendar(windows: readonly string[], { except = [] as readonly string[], zone = berlin } = {}) {
  const weekly = windows.map((text) => parseWindow(text) ?? expect.fail(`${text} is not a window`));
  const ranges = except.map((text) => parseDays(text) ?? expect.fail(`${text} is not a day`));
  const isExcepted = (date: string) => isWithin(ranges, date);
  return calendarOf({ weekly: weekly.map((window) => ({ ...window, isExcepted })), zone });
}

const at = (text: string) => Date.parse(text);
const iso = (instant: number | undefined) => instant && new Date(instant).toISOString().slice(0, 16);

describe('a window', () => {
  test('over midnight belongs to the day on which it begins', () => {
    const friday = calendar(['fri 22:00-05:00']);
    expect(iso(friday.opensNext(at('2026-11-26T10:00Z')))).toBe('2026-11-27T21:00');
    expect(friday.isOpen(at('2026-11-27T20:59Z'))).toBe(false);
    expect(friday.isOpen(at('2026-11-28T03:59Z'))).toBe(true);
    expect(friday.isOpen(at('2026-11-28T04:00Z'))).toBe(false);
    expect(friday.isOpen(at('2026-11-27T03:00Z'))).toBe(false);
    expect(iso(friday.closesAt(at('2026-11-27T22:00Z')))).toBe('2026-11-28T04:00');
  });

  test('whose ends are the same lasts a whole day', () => {
    const sunday = calendar(['sun 00:00-00:00']);
    expect(iso(sunday.opensNext(at('2026-11-26T10:00Z')))).toBe('2026-11-28T23:00');
    expect(iso(sunday.closesAt(at('2026-11-29T10:00Z')))).toBe('2026-11-29T23:00');
    const fromSix = calendar(['sun 06:00-06:00']);
    expect(iso(fromSix.closesAt(at('2026-11-29T10:00Z')))).toBe('2026-11-30T05:00');
  });

  test('goes on in one that follows without a gap', () => {
    const both = calendar(['sat 20:00-24:00', 'sun 00:00-06:00']);
    expect(iso(both.closesAt(at('2026-11-28T20:00Z')))).toBe('2026-11-29T05:00');
  });

  test('is not there on an excepted day, but the one of the day before still ends there', () => {
    const nightly = calendar(['22:00-05:00'], { except: ['2026-12-24..2026-12-26'] });
    expect(nightly.isOpen(at('2026-12-24T02:00Z'))).toBe(true);
    expect(nightly.isOpen(at('2026-12-24T22:00Z'))).toBe(false);
    expect(nightly.isOpen(at('2026-12-27T02:00Z'))).toBe(false);
    expect(iso(nightly.opensNext(at('2026-12-24T12:00Z')))).toBe('2026-12-27T21:00');
  });

  test('that never closes has no end, and without any day none opens', () => {
    const always = calendar(['00:00-00:00']);
    expect(always.closesAt(at('2026-12-24T12:00Z'))).toBeUndefined();
    const never = calendar(['mon 01:00-02:00'], { except: ['2026-01-01..2029-01-01'] });
    expect(never.opensNext(at('2026-12-24T12:00Z'))).toBeUndefined();
  });
});

describe('when clocks are set', () => {
  test('forward, a window across the missing hour is an hour shorter', () => {
    // 2026-03-29: 02:00 becomes 03:00 in Berlin.
    const night = calendar(['01:00-04:00']);
    expect(iso(night.opensNext(at('2026-03-28T12:00Z')))).toBe('2026-03-29T00:00');
    expect(iso(night.closesAt(at('2026-03-29T00:30Z')))).toBe('2026-03-29T02:00');
  });

  test('forward, a window within the missing hour is not there, and one that ends in it ends where it begins', () => {
    const inside = calendar(['02:10-02:50']);
    expect(iso(inside.opensNext(at('2026-03-28T12:00Z')))).toBe('2026-03-30T00:10');
    const into = calendar(['01:00-02:30']);
    expect(iso(into.closesAt(at('2026-03-29T00:30Z')))).toBe('2026-03-29T01:00');
    const outOf = calendar(['02:30-04:00']);
    expect(iso(outOf.opensNext(at('2026-03-29T00:30Z')))).toBe('2026-03-29T01:00');
  });

  test('back, a window in the doubled hour is open both times', () => {
    // 2026-10-25: 03:00 becomes 02:00 in Berlin.
    const inside = calendar(['02:00-03:00']);
    expect(iso(inside.opensNext(at('2026-10-24T12:00Z')))).toBe('2026-10-25T00:00');
    expect(iso(inside.closesAt(at('2026-10-25T00:30Z')))).toBe('2026-10-25T02:00');
    const half = calendar(['02:15-02:30']);
    expect(iso(half.closesAt(at('2026-10-25T00:20Z')))).toBe('2026-10-25T00:30');
    expect(iso(half.opensNext(at('2026-10-25T00:30Z')))).toBe('2026-10-25T01:15');
  });
});

test('the next beginning is in a window that is long enough', () => {
  const both = calendar(['mon 01:00-01:20', 'sat 06:00-18:00']);
  const sunday = at('2026-11-29T12:00Z');
  expect(iso(beginsNext(both, sunday, 20 * minute))).toBe('2026-11-30T00:00');
  expect(iso(beginsNext(both, sunday, 21 * minute))).toBe('2026-12-05T05:00');
  expect(beginsNext(both, sunday, 13 * 60 * minute)).toBeUndefined();
});

test('by day is from 07:00 to 18:00 on weekdays, by the clocks of the cluster', () => {
  expect(isByDay(at('2026-11-26T06:00Z'), berlin)).toBe(true);
  expect(isByDay(at('2026-11-26T05:59Z'), berlin)).toBe(false);
  expect(isByDay(at('2026-11-26T16:59Z'), berlin)).toBe(true);
  expect(isByDay(at('2026-11-26T17:00Z'), berlin)).toBe(false);
  expect(isByDay(at('2026-11-29T10:00Z'), berlin)).toBe(false);
  expect(isByDay(at('2026-11-26T10:00Z'), 'Pacific/Auckland')).toBe(false);
});

const shape = { dateStyle: 'short', timeStyle: 'short' } as const;
const formats = new Map<string, Intl.DateTimeFormat>();

/** What clocks show, by another way than the program's: the text that Node.js prints. */
function shown(instant: number, zone: string): { readonly day: number; readonly minute: number } {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('sv-SE', { ...shape, timeZone: zone });
  formats.set(zone, format);
  const text = format.format(instant);
  return {
    day: Date.parse(`${text.slice(0, 10)}T00:00Z`) / 86_400_000,
    minute: Number(text.slice(11, 13)) * 60 + Number(text.slice(14, 16)),
  };
}

/** Minute by minute: begun today or yesterday, and not over. */
function isOpenAt(windows: readonly WeeklyWindow[], instant: number, zone: string): boolean {
  const { day, minute: now } = shown(instant, zone);
  return windows.some(({ days, from, to }) =>
    [day, day - 1].some((began) => {
      // The epoch began on a Thursday.
      const name = weekdays[(((began + 3) % 7) + 7) % 7];
      const since = (day - began) * 1_440 + now - from;
      const length = to > from ? to - from : to + 1_440 - from;
      return name !== undefined && days.includes(name) && 0 <= since && since < length;
    }),
  );
}

test('opens and closes as a look at each minute says', () => {
  const clock = fc.integer({ min: 0, max: 95 }).map((quarter) => quarter * 15);
  const window = fc.record({ days: fc.subarray([...weekdays], { minLength: 1 }), from: clock, to: clock });
  const zone = fc.constantFrom(berlin, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC');
  // Around the days on which clocks are set in those zones, and elsewhere.
  const start = fc
    .constantFrom(
      '2026-03-07',
      '2026-03-28',
      '2026-04-04',
      '2026-10-03',
      '2026-10-24',
      '2026-10-31',
      '2026-07-01',
    )
    .chain((date) =>
      fc.integer({ min: 0, max: 2_880 }).map((later) => at(`${date}T00:00Z`) + later * minute),
    );
  fc.assert(
    fc.property(fc.array(window, { minLength: 1, maxLength: 3 }), zone, start, (weekly, name, from) => {
      const calendar = calendarOf({ weekly, zone: name });
      const open = isOpenAt(weekly, from, name);
      expect(calendar.isOpen(from)).toBe(open);
      let other = from;
      while (isOpenAt(weekly, other, name) === open && other < from + 86_400_000) other += minute;
      const found = open ? calendar.closesAt(from) : calendar.opensNext(from);
      if (other < from + 86_400_000) expect(iso(found)).toBe(iso(other));
      else expect(found ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(other);
    }),
    { numRuns: 60 },
  );
}, 120_000);

test('an instant is found again by what clocks show', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: at('2024-01-01T00:00Z') / minute, max: at('2030-01-01T00:00Z') / minute }),
      fc.constantFrom(berlin, 'America/St_Johns', 'Australia/Lord_Howe', 'Africa/Casablanca'),
      (minutes, zone) => {
        const { day, minute: clock } = shown(minutes * minute, zone);
        const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
        expect(instantsOf({ date, minute: clock }, zone)).toContain(minutes * minute);
      },
    ),
  );
});
