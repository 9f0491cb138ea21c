/** From when to when a certificate is valid, in milliseconds since the epoch. */
export interface Lifetime {
  readonly validFrom: number;
  readonly validTo: number;
}

/**
 * `in-time`: nothing has to be done yet. `late`: whatever renews it should have done so a while ago.
 * `urgent`: so late that nobody may wait for it any more. `ended`: browsers refuse it.
 */
export type Lateness = 'in-time' | 'late' | 'urgent' | 'ended';

const day = 24 * 60 * 60 * 1000;

/**
 * When a certificate is to be renewed, as far as nobody says otherwise: with a third of its lifetime left,
 * or half of one that lasts less than ten days. That is what certbot does from 4.1 on (its changelog), and
 * lego with `--dynamic`, from 5 on always (cmd/cmd_run_renew.go), and nginx's ACME module
 * (src/state/certificate.rs); an authority asks for much the same (RFC 9773). Caddy goes by a third of any
 * (DefaultRenewalWindowRatio of certmagic), which is later for less than ten days. Of one that people renew
 * once a year that would be months, so never more than the 30 days of certbot before 4.1 and of lego before
 * 5. acme.sh renews earlier, some time after it got the certificate. HAProxy does it later, see
 * `src/doctor/renewal-due.ts`.
 */
export function renewalDue({ validFrom, validTo }: Lifetime): number {
  const lifetime = validTo - validFrom;
  return validTo - (lifetime < 10 * day ? lifetime / 2 : Math.min(lifetime / 3, 30 * day));
}

/**
 * Since when it is late: a quarter of the time between its renewal and its end has passed. So it is with a
 * quarter of 45 days left, which are 11 days, with 22 of 90 days or a year, and with 54 hours of 6 days.
 */
export function lateFrom(lifetime: Lifetime, due = renewalDue(lifetime)): number {
  return due + (lifetime.validTo - due) / 4;
}

/** Since when it is urgent: with half of the time left that it had when it became late. */
export function urgentFrom(lifetime: Lifetime, due = renewalDue(lifetime)): number {
  return (lateFrom(lifetime, due) + lifetime.validTo) / 2;
}

/** Since when it is worth waking somebody: it is urgent, and ends within 48 hours. */
export function pagedFrom(lifetime: Lifetime, due = renewalDue(lifetime)): number {
  return Math.max(urgentFrom(lifetime, due), lifetime.validTo - 2 * day);
}

/**
 * How late the renewal of a certificate is. `due`: when whoever renews it is known to do so, where that is
 * later than others do.
 */
export function lateness(lifetime: Lifetime, now: number, due = renewalDue(lifetime)): Lateness {
  if (now >= lifetime.validTo) return 'ended';
  if (now > urgentFrom(lifetime, due)) return 'urgent';
  return now > lateFrom(lifetime, due) ? 'late' : 'in-time';
}
