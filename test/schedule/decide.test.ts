import { describe, expect, it } from 'vitest';
import { calendarOf } from '../../src/calendar/calendar.ts';
import { parseWindow } from '../../src/calendar/written.ts';
import type { SchedulePolicy } from '../../src/model/schedule.ts';
import { type Deciding, decide, windowNow } from '../../src/schedule/decide.ts';

const instant = (text: string) => Date.parse(`${text}Z`);
const iso = (at: number | undefined) =>
  at === undefined ? undefined : new Date(at).toISOString().slice(0, 16);

/** 2026-11-27 is a Friday. */
function windowAt(now: string, rule: 'anytime' | 'usual' | string, zone = 'UTC'): Deciding['window'] {
  const known = { regardless: false, zone, now: () => instant(now) };
  if (rule === 'anytime' || rule === 'usual') return { ...known, rule, calendar: undefined };
  const weekly = [parseWindow(rule) ?? expect.fail(rule)];
  return { ...known, rule: 'windows', calendar: calendarOf({ weekly, zone }) };
}

const nights = '22:00-05:00';
const weekend = 'sat,sun 06:00-18:00';

describe('what a run does', () => {
  it.each<[SchedulePolicy, string, string, string, string | undefined]>([
    ['report', nights, '2026-11-27T23:00', 'report', undefined],
    ['fix', nights, '2026-11-27T23:00', 'fix', '2026-11-28T05:00'],
    ['fix', nights, '2026-11-27T21:59', 'report', undefined],
    ['fix', nights, '2026-11-28T05:00', 'report', undefined],
    ['fix', weekend, '2026-11-27T10:00', 'report', undefined],
    ['fix', weekend, '2026-11-28T10:00', 'fix', '2026-11-28T18:00'],
    ['fix', 'anytime', '2026-11-27T10:00', 'fix', undefined],
    // Without windows: not on weekdays by day.
    ['fix', 'usual', '2026-11-27T10:00', 'report', undefined],
    ['fix', 'usual', '2026-11-26T19:00', 'fix', '2026-11-27T07:00'],
    ['fix', 'usual', '2026-11-27T19:00', 'fix', '2026-11-30T07:00'],
    ['fix', 'usual', '2026-11-28T12:00', 'fix', '2026-11-30T07:00'],
  ])('%s with %s at %s: %s until %s', (policy, rule, now, does, closes) => {
    const decided = decide({ policy, window: windowAt(now, rule), last: undefined });
    expect(decided).toMatchObject({ does, isOutside: policy === 'fix' && does === 'report', missed: [] });
    expect(iso(decided.closes)).toBe(closes);
  });

  it('goes by the clocks of the cluster', () => {
    const at = (now: string) =>
      decide({ policy: 'fix', window: windowAt(now, nights, 'Asia/Tokyo'), last: undefined }).does;
    expect([at('2026-11-27T14:00'), at('2026-11-27T22:30')]).toEqual(['fix', 'report']);
  });
});

describe('windows that were missed', () => {
  const missed = (rule: string, last: string, now: string, policy: SchedulePolicy = 'fix') =>
    decide({ policy, window: windowAt(now, rule), last: instant(last) }).missed.map(({ from, to }) => [
      iso(from),
      iso(to),
    ]);
  it.each([
    [
      'slept through a night',
      nights,
      '2026-11-26T20:00',
      '2026-11-27T07:00',
      [['2026-11-26T22:00', '2026-11-27T05:00']],
    ],
    ['ran in it', nights, '2026-11-26T22:10', '2026-11-27T07:00', []],
    ['woke within it', nights, '2026-11-26T20:00', '2026-11-27T03:00', []],
    ['ran right before', nights, '2026-11-26T21:00', '2026-11-26T22:00', []],
    [
      'was off for a week',
      weekend,
      '2026-11-26T20:00',
      '2026-12-01T09:00',
      [
        ['2026-11-28T06:00', '2026-11-28T18:00'],
        ['2026-11-29T06:00', '2026-11-29T18:00'],
      ],
    ],
    ['always', 'anytime', '2026-10-26T20:00', '2026-11-26T20:00', []],
    [
      'no windows',
      'usual',
      '2026-11-27T12:00',
      '2026-11-30T09:00',
      [['2026-11-27T18:00', '2026-11-30T07:00']],
    ],
    ['the clock was put back', nights, '2026-11-28T07:00', '2026-11-27T07:00', []],
  ])('%s', (_name, rule, last, now, expected) => {
    expect(missed(rule, last, now)).toEqual(expected);
  });
  it('are of no interest to a policy that only looks', () => {
    expect(missed(nights, '2026-11-26T20:00', '2026-11-27T07:00', 'report')).toEqual([]);
  });
  it('never make it repair outside of one: whatever was missed, whenever it is', () => {
    for (let hour = 0; hour < 24 * 14; hour++) {
      const now = new Date(instant('2026-11-23T00:30') + hour * 3_600_000).toISOString().slice(0, 16);
      const window = windowAt(now, weekend);
      const { does } = decide({ policy: 'fix', window, last: instant('2026-11-01T00:00') });
      expect(does).toBe(window.calendar?.isOpen(instant(now)) ? 'fix' : 'report');
    }
  });
});

it.each([
  [nights, '2026-11-27T23:00', true, '2026-11-28T05:00'],
  [nights, '2026-11-27T12:00', false, '2026-11-27T22:00'],
  ['anytime', '2026-11-27T12:00', true, undefined],
  ['usual', '2026-11-27T12:00', false, '2026-11-27T18:00'],
  ['usual', '2026-11-27T20:00', true, '2026-11-30T07:00'],
] as const)('with %s at %s a window is open: %s, until %s', (rule, now, open, until) => {
  const found = windowNow(windowAt(now, rule));
  expect([found.open, iso(found.until)]).toEqual([open, until]);
});
