import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  lateFrom,
  lateness,
  pagedFrom,
  renewalDue,
  urgentFrom,
} from '../../src/model/certificate-lifetime.ts';

const hour = 3_600_000;
const day = 24 * hour;
const leftAt = (time: (one: { validFrom: number; validTo: number }) => number, days: number) =>
  (days * day - time({ validFrom: 0, validTo: days * day })) / hour;

it.each([
  // lifetime in days; hours that are left when it is due, late, urgent and worth waking somebody
  [90, 30 * 24, 22.5 * 24, 11.25 * 24, 48],
  [45, 15 * 24, 11.25 * 24, 5.625 * 24, 48],
  [10, 80, 60, 30, 30],
  [6, 72, 54, 27, 27],
  [1, 12, 9, 4.5, 4.5],
  [200, 30 * 24, 22.5 * 24, 11.25 * 24, 48],
  [3650, 30 * 24, 22.5 * 24, 11.25 * 24, 48],
])('a certificate for %s days', (days, due, late, urgent, paged) => {
  const left = [renewalDue, lateFrom, urgentFrom, pagedFrom].map((time) => leftAt(time, days));
  const wanted = [due, late, urgent, paged];
  for (const [index, one] of left.entries()) expect(one).toBeCloseTo(wanted[index] ?? 0, 6);
});

it('goes by when it is known to be renewed, where that is later', () => {
  const lifetime = { validFrom: 0, validTo: 90 * day };
  // HAProxy, with a twelfth left.
  const due = 82.5 * day;
  expect(lateness(lifetime, 84 * day)).toBe('urgent');
  expect(lateness(lifetime, 84 * day, due)).toBe('in-time');
  expect(lateness(lifetime, 85 * day, due)).toBe('late');
  expect(lateness(lifetime, 88 * day, due)).toBe('urgent');
  expect(lateness(lifetime, 90 * day, due)).toBe('ended');
});

it('only ever gets worse, and is due before it is late', () => {
  const order = ['in-time', 'late', 'urgent', 'ended'];
  fc.assert(
    fc.property(
      fc.integer({ min: hour, max: 4_000 * day }),
      fc.double({ min: 0, max: 2, noNaN: true }),
      (validTo, share) => {
        const lifetime = { validFrom: 0, validTo };
        const at = (time: number) => order.indexOf(lateness(lifetime, time));
        expect(at(renewalDue(lifetime))).toBe(0);
        expect(at(share * validTo)).toBeLessThanOrEqual(at(share * validTo + hour));
      },
    ),
  );
});
