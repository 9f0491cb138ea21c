import { describe, expect, test } from 'vitest';
import { isTimeZone } from '../../src/calendar/time-zone.ts';
import { spanWords, timeWords } from '../../src/calendar/words.ts';
import { instantOf, parseClock, parseDays, parseTime, parseWindow } from '../../src/calendar/written.ts';

test('a window is read as it is written', () => {
  expect(parseWindow('sat,sun 06:00-18:00')).toEqual({ days: ['sat', 'sun'], from: 360, to: 1080 });
  expect(parseWindow('Mon-Fri 22:00-05:00')?.days).toEqual(['mon', 'tue', 'wed', 'thu', 'fri']);
  expect(parseWindow('fri-mon, wed 1:00 - 2:00')?.days).toEqual(['fri', 'sat', 'sun', 'mon', 'wed']);
  expect(parseWindow('22:00-05:00')?.days).toHaveLength(7);
  expect(parseWindow('sun 00:00-24:00')).toEqual({ days: ['sun'], from: 0, to: 1440 });
  for (const wrong of ['', 'sat', 'saturday 06:00-18:00', 'sat 6-18', 'sat 24:00-02:00', 'sat 06:60-07:00'])
    expect(parseWindow(wrong), wrong).toBeUndefined();
});

test('days and clock times that do not exist are refused', () => {
  expect(parseDays('2026-12-24..2027-01-06')).toEqual({ first: '2026-12-24', last: '2027-01-06' });
  expect(parseDays('2026-02-29')).toBeUndefined();
  expect(parseDays('2027-01-06..2026-12-24')).toBeUndefined();
  expect(parseClock('24:01')).toBeUndefined();
  expect(isTimeZone('Europe/Berlin')).toBe(true);
  for (const wrong of ['Europe/Bonn', '+01:00', '', 'CEST?']) expect(isTimeZone(wrong), wrong).toBe(false);
});

describe('a deadline', () => {
  const now = Date.parse('2026-11-26T21:30:00Z');
  const meant = (text: string, from = now) => {
    const written = parseTime(text) ?? expect.fail(`${text} is no time`);
    return new Date(instantOf(written, from, 'Europe/Berlin')).toISOString().slice(0, 16);
  };

  test('is an instant, the next clock time, or a duration', () => {
    expect(meant('2026-11-27T05:00')).toBe('2026-11-27T04:00');
    expect(meant('2026-11-27T05:00Z')).toBe('2026-11-27T05:00');
    expect(meant('2026-11-27T05:00+05:30')).toBe('2026-11-26T23:30');
    expect(meant('05:00')).toBe('2026-11-27T04:00');
    expect(meant('23:00')).toBe('2026-11-26T22:00');
    expect(meant('22:30')).toBe('2026-11-27T21:30');
    expect(meant('90m')).toBe('2026-11-26T23:00');
    expect(meant('1h30m')).toBe('2026-11-26T23:00');
    for (const wrong of ['', 'tomorrow', '5', '2026-11-31T05:00', '25:00', '5:00 pm'])
      expect(parseTime(wrong), wrong).toBeUndefined();
  });

  test('in the missing hour is its end, and in the doubled one the first of both', () => {
    expect(meant('2026-03-29T02:30')).toBe('2026-03-29T01:00');
    expect(meant('2026-10-25T02:30')).toBe('2026-10-25T00:30');
  });
});

test('times are shown as clocks show them', () => {
  expect(timeWords(Date.parse('2026-11-28T21:00Z'), 'Europe/Berlin')).toBe('Sat 28 Nov 22:00');
  expect(spanWords(35 * 60_000 - 1)).toBe('35 min');
  expect(spanWords(7_200_000)).toBe('2 h');
});
