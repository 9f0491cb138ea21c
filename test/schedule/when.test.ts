import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { calendarOf } from '../../src/calendar/calendar.ts';
import { parseWindow } from '../../src/calendar/written.ts';
import { everWithin } from '../../src/schedule/ever.ts';
import {
  cronFields,
  onCalendar,
  parseEvery,
  usualSpread,
  type When,
  whenWords,
} from '../../src/schedule/when.ts';
import { hasSystemd } from './systemd-here.ts';

const daily: When = { kind: 'daily', minute: 3 * 60 + 30 };

it.each([
  ['15m', 'every 15m', '*-*-* *:0/15:00', '*/15 * * * *'],
  ['1m', 'every 1m', '*-*-* *:0/1:00', '* * * * *'],
  ['60m', 'every 1h', '*-*-* 0/1:00:00', '7 * * * *'],
  ['6h', 'every 6h', '*-*-* 0/6:00:00', '7 */6 * * *'],
  ['1d', 'every 24h', '*-*-* 00:00:00', '7 0 * * *'],
])('%s is %s', (text, words, calendar, cron) => {
  const when = parseEvery(text) ?? expect.fail(text);
  expect([whenWords(when), onCalendar(when, 'Europe/Berlin'), cronFields(when, 7)]).toEqual([
    words,
    calendar,
    cron,
  ]);
});

it.each(['', '7m', '0m', '90m', '5h', '2d', '1w', '1', '-1h', '1.5h', '1h30m'])('%s is none', (text) => {
  expect(parseEvery(text)).toBeUndefined();
});

it('a time of day is one by the clocks of the cluster', () => {
  expect(whenWords(daily)).toBe('every day at 03:30');
  expect(onCalendar(daily, 'Europe/Berlin')).toBe('*-*-* 03:30:00 Europe/Berlin');
  expect(onCalendar(daily, undefined)).toBe('*-*-* 03:30:00');
  expect(cronFields(daily, 7)).toBe('30 3 * * *');
});

it('is put off at random by less than the time between two runs', () => {
  expect(usualSpread({ kind: 'minutes', every: 15 })).toBe(225);
  expect(usualSpread(daily)).toBe(600);
});

const everything = ['1m', '5m', '30m', '1h', '8h', '1d'].flatMap((text) => parseEvery(text) ?? []);

it.skipIf(!hasSystemd)('systemd reads all of it', () => {
  for (const when of [...everything, daily]) {
    const text = execFileSync('systemd-analyze', ['calendar', onCalendar(when, 'Europe/Berlin')]);
    expect(text.toString()).toContain('Next elapse: ');
  }
});

describe('whether it ever runs within a window', () => {
  const windowed = (text: string, zone = 'UTC') => {
    const window = parseWindow(text) ?? expect.fail(text);
    const now = () => Date.parse('2026-11-26T10:07:00Z');
    const calendar = calendarOf({ weekly: [window], zone });
    return { rule: 'windows' as const, calendar, regardless: false, zone, now };
  };
  const at = (hour: number, minute = 0): When => ({ kind: 'daily', minute: hour * 60 + minute });
  it.each([
    [at(3, 30), 'sat 03:00-04:00', true],
    [at(4), 'sat 03:00-04:00', false],
    [at(2, 30), 'sat 03:00-04:00', false],
    [at(23, 59), 'mon 23:00-00:30', true],
    [{ kind: 'hours', every: 6 }, 'sun 05:00-06:00', false],
    [{ kind: 'hours', every: 6 }, 'sun 05:00-07:00', true],
    [{ kind: 'minutes', every: 30 }, 'sun 05:10-05:20', false],
    [{ kind: 'minutes', every: 5 }, 'sun 05:10-05:20', true],
  ] as const)('%j in %s: %s', (when, text, ever) => {
    expect(everWithin(when, windowed(text), 'UTC')).toBe(ever);
  });
  it('goes by the clocks of the cluster for a time of day, by those of the machine otherwise', () => {
    const berlin = windowed('sat 03:00-03:10', 'Europe/Berlin');
    expect(everWithin(at(3), berlin, 'UTC')).toBe(true);
    expect(everWithin({ kind: 'hours', every: 1 }, berlin, 'Asia/Kolkata')).toBe(false);
    expect(everWithin({ kind: 'hours', every: 1 }, berlin, 'UTC')).toBe(true);
  });
});
