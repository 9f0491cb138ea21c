import { describe, expect, it } from 'vitest';
import { calendarOf, isByDay } from '../../src/calendar/calendar.ts';
import { openIntervals, quietIntervals } from '../../src/calendar/intervals.ts';

const zone = 'Europe/Berlin';
const at = (text: string) => Date.parse(text);
const iso = ({ from, to }: { from: number; to: number }) =>
  [from, to].map((one) => new Date(one).toISOString().slice(0, 16));

describe('when windows are open until an instant', () => {
  const night = calendarOf({ weekly: [{ days: ['fri', 'sat'], from: 22 * 60, to: 5 * 60 }], zone });

  it('is told in order, cut at both ends', () => {
    const found = openIntervals(night, { from: at('2026-11-28T01:00Z'), to: at('2026-11-28T22:00Z') });
    expect(found.map(iso)).toEqual([
      ['2026-11-28T01:00', '2026-11-28T04:00'],
      ['2026-11-28T21:00', '2026-11-28T22:00'],
    ]);
  });

  it('is nothing where none opens', () => {
    expect(openIntervals(night, { from: at('2026-11-23T00:00Z'), to: at('2026-11-26T00:00Z') })).toEqual([]);
  });

  it('is longer or shorter by an hour when clocks change', () => {
    const summer = openIntervals(night, { from: at('2026-10-24T12:00Z'), to: at('2026-10-25T12:00Z') });
    expect(summer.map(iso)).toEqual([['2026-10-24T20:00', '2026-10-25T04:00']]);
  });

  it('is all of it where one never closes', () => {
    const always = calendarOf({
      weekly: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: 0, to: 0 }],
      zone,
    });
    const span = { from: at('2026-11-28T01:00Z'), to: at('2026-12-28T22:00Z') };
    expect(openIntervals(always, span)).toEqual([span]);
  });
});

describe('quiet times', () => {
  it('are those in which it is not a weekday from 07:00 to 18:00', () => {
    const span = { from: at('2026-11-26T10:00Z'), to: at('2026-11-30T12:00Z') };
    expect(quietIntervals(zone, span).map(iso)).toEqual([
      ['2026-11-26T17:00', '2026-11-27T06:00'],
      ['2026-11-27T17:00', '2026-11-30T06:00'],
    ]);
    for (let now = span.from; now < span.to; now += 900_000) {
      const quiet = quietIntervals(zone, span).some(({ from, to }) => from <= now && now < to);
      expect(quiet).toBe(!isByDay(now, zone));
    }
  });
});
