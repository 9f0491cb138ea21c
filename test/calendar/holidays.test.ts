import { expect, test } from 'vitest';
import { calendarProblems, daysOfEvents } from '../../src/calendar/holidays.ts';

const span = { first: '2026-01-01', last: '2027-12-31', zone: 'Europe/Berlin' };

function file(...events: readonly string[]) {
  const lines = events.flatMap((event, index) => [
    'BEGIN:VEVENT',
    `UID:${index}`,
    ...event.split('\n'),
    'END:VEVENT',
  ]);
  const text = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', ...lines, 'END:VCALENDAR', ''].join(
    '\r\n',
  );
  return { file: 'holidays.ics', text };
}

const days = (...events: readonly string[]) => [...daysOfEvents(file(...events), span)].sort();

test('an event that lasts whole days has each of them, without its end', () => {
  expect(days('DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227')).toEqual([
    '2026-12-24',
    '2026-12-25',
    '2026-12-26',
  ]);
  expect(days('DTSTART;VALUE=DATE:20261003')).toEqual(['2026-10-03']);
  expect(days('DTSTART;VALUE=DATE:20261224\nDURATION:P2D')).toEqual(['2026-12-24', '2026-12-25']);
});

test('a yearly event comes back each year, with what was excepted or moved', () => {
  expect(days('DTSTART;VALUE=DATE:19901003\nRRULE:FREQ=YEARLY')).toEqual(['2026-10-03', '2027-10-03']);
  expect(days('DTSTART;VALUE=DATE:19901003\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20261003')).toEqual([
    '2027-10-03',
  ]);
  const moved = file(
    'DTSTART;VALUE=DATE:19901003\nRRULE:FREQ=YEARLY',
    'RECURRENCE-ID;VALUE=DATE:20271003\nDTSTART;VALUE=DATE:20271004',
  );
  const text = moved.text.replace('UID:1', 'UID:0');
  expect([...daysOfEvents({ ...moved, text }, span)].sort()).toEqual(['2026-10-03', '2027-10-04']);
  // The fourth Thursday of November.
  expect(days('DTSTART;VALUE=DATE:20201126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH')).toEqual([
    '2026-11-26',
    '2027-11-25',
  ]);
});

test('an event with times has each day that it touches, in UTC those of the cluster', () => {
  expect(days('DTSTART:20261224T230000Z\nDTEND:20261225T010000Z')).toEqual(['2026-12-25']);
  expect(
    days('DTSTART;TZID=Europe/Berlin:20261224T200000\nDTEND;TZID=Europe/Berlin:20261226T000000'),
  ).toEqual(['2026-12-24', '2026-12-25']);
});

test('an event that was cancelled has no days', () => {
  expect(days('DTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED')).toEqual([]);
});

test('several calendars in one file count together', () => {
  const text = `${file('DTSTART;VALUE=DATE:20261224').text}${file('DTSTART;VALUE=DATE:20261225').text}`;
  expect(calendarProblems({ file: 'holidays.ics', text })).toEqual([]);
  expect(daysOfEvents({ file: 'holidays.ics', text }, span).size).toBe(2);
});

test('a mistake is told with its line', () => {
  const place = (text: string) => {
    const [problem] = calendarProblems({ file: 'holidays.ics', text });
    return problem && `${problem.location?.line}: ${problem.message.replace(/^.*?: /, '')}`;
  };
  expect(calendarProblems(file('DTSTART;VALUE=DATE:20261224'))).toEqual([]);
  expect(place('')).toBe('1: an iCalendar file begins with BEGIN:VCALENDAR');
  expect(place('<html>')).toBe('1: an iCalendar file begins with BEGIN:VCALENDAR');
  expect(place(file('DTSTART;VALUE=DATE:20261324').text)).toBe('6: there is no such day as 20261324');
  expect(place(file('SUMMARY:no start').text)).toBe('4: an event needs a DTSTART');
  expect(place(file('DTSTART;VALUE=DATE:tomorrow').text)).toBe('6: an event needs a valid DTSTART');
  expect(place(file('DTSTART;VALUE=DATE:20261224', 'DTSTART;VALUE=DATE:20261225\nnonsense').text)).toBe(
    '11: a line needs a name and a colon',
  );
  expect(place(file('DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=SOMETIMES').text)).toMatch(/^7: .*SOMETIMES/);
  expect(place(file('DTSTART;VALUE=DATE:20261224').text.replace('END:VEVENT\r\n', ''))).toMatch(/^7: /);
});

test('an event that is repeated every second is refused', () => {
  const [problem] = calendarProblems(file('DTSTART:20261224T000000Z\nRRULE:FREQ=SECONDLY'));
  expect(problem?.message).toContain('repeated several times a day');
});
