import { type Lifetime, lateFrom, lateness } from '../../model/certificate-lifetime.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** Warns of a certificate that has ended, isn't valid yet, or should have been renewed by now. */
export function warnOfTime(host: StepHost, lifetime: Lifetime, title = 'the certificate'): void {
  const now = Date.now();
  const late = lateness(lifetime, now);
  const end = dateOf(lifetime.validTo);
  if (late === 'ended') host.warn(`${title} expired on ${end}: browsers refuse it`);
  else if (late !== 'in-time') {
    host.warn(`${title} expires on ${end}, and should have been renewed by ${dateOf(lateFrom(lifetime))}`);
  }
  if (lifetime.validFrom > now) host.warn(`${title} is not valid yet: browsers refuse it`);
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
