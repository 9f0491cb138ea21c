import { type Lifetime, renewalDue } from '../model/certificate-lifetime.ts';
import type { Client, Kept, RenewalsFound } from './renewals-found.ts';

/** When a client renews a certificate, in milliseconds since the epoch. */
export interface Due {
  readonly at: number;
  /** the client has written it down; else it is what its rules make of the lifetime */
  readonly isWritten: boolean;
}

const day = 24 * 60 * 60 * 1000;

/**
 * When a client renews what it keeps; undefined where that isn't known, or is no time at which anybody
 * would. An authority may ask for another time (RFC 9773), which is known here only where the client has
 * written it down: acme.sh and Caddy do, certbot keeps nothing but when it asks again.
 */
export function dueOf(kept: Kept, found: RenewalsFound): Due | undefined {
  const { validFrom, validTo } = kept.certificate;
  const due = toldBy(kept, found);
  return due !== undefined && due.at > validFrom && due.at < validTo ? due : undefined;
}

function toldBy({ client, certificate, settings }: Kept, found: RenewalsFound): Due | undefined {
  const about = (at: number | undefined) => (at === undefined ? undefined : { at, isWritten: false });
  switch (client) {
    case 'certbot':
      return about(ofCertbot(certificate, settings));
    case 'acme.sh': {
      // Seconds; picked from what the authority asked for, where it did (acme.sh, `Le_NextRenewTime`).
      const seconds = Number(settingOf(settings, 'Le_NextRenewTime')?.replaceAll("'", ''));
      return seconds > 0 ? { at: seconds * 1000, isWritten: true } : undefined;
    }
    case 'lego':
      return about(ofLego(certificate, found));
    case 'caddy': {
      const at = ofCaddy(settings);
      return at === undefined ? about(share(certificate, 3)) : { at, isWritten: true };
    }
    default:
      return about(ofDaemon(client, certificate));
  }
}

/** When a daemon renews what it got by itself, by its rules. */
export function ofDaemon(client: Client, lifetime: Lifetime): number {
  // acme_schedule_date in HAProxy's src/acme.c; it looks every 12 hours.
  if (client === 'haproxy') return share(lifetime, 12);
  if (client === 'caddy') return share(lifetime, 3);
  // renewal_window_from_validity in nginx-acme's src/state/certificate.rs
  return share(lifetime, lifetime.validTo - lifetime.validFrom > 10 * day ? 3 : 2);
}

/**
 * 30 days before the end, before 4.1; then with a third of the lifetime left, or half of one of less than ten
 * days (certbot's changelog). `renew_before_expiry` wins, and is a comment where nobody has set it. The
 * version is that by which the file was written last.
 */
function ofCertbot(lifetime: Lifetime, settings: readonly string[]): number | undefined {
  const wanted = settingOf(settings, 'renew_before_expiry');
  if (wanted !== undefined) {
    const [, count, unit = ''] = /^(\d+)\s*(hour|day|week)s?$/.exec(wanted) ?? [];
    const length = { hour: day / 24, day, week: 7 * day }[unit];
    return length === undefined ? undefined : lifetime.validTo - Number(count) * length;
  }
  const [, major = '', minor = ''] = /^(\d+)\.(\d+)/.exec(settingOf(settings, 'version') ?? '') ?? [];
  if (major === '') return undefined;
  if (Number(major) < 4 || (major === '4' && minor === '0')) return lifetime.validTo - 30 * day;
  return share(lifetime, lifetime.validTo - lifetime.validFrom < 10 * day ? 2 : 3);
}

/**
 * With 30 days left, or by `--days`; `--dynamic` goes by the lifetime. From 5 on it does so always, but for
 * `--renew-days`, and has no `renew` any more (cmd/cmd_run_renew.go). It keeps none of that anywhere, so the
 * command line has to be known.
 */
function ofLego(lifetime: Lifetime, { runs }: RenewalsFound): number | undefined {
  const lines = [...new Set(runs.flatMap(({ client, line }) => (client === 'lego' ? line : [])))];
  const [line] = lines;
  if (line === undefined || lines.length > 1) return undefined;
  const days = /--(?:renew-)?days[ =](-?\d+)/.exec(line)?.[1];
  if (days !== undefined) return Number(days) < 0 ? undefined : lifetime.validTo - Number(days) * day;
  if (/\srenew\b/.test(line) && !line.includes('--dynamic')) return lifetime.validTo - 30 * day;
  return share(lifetime, lifetime.validTo - lifetime.validFrom <= 10 * day ? 2 : 3);
}

/** What Caddy picked from what the authority asked for: `renewal_info` of acmez's acme/ari.go. */
function ofCaddy(settings: readonly string[]): number | undefined {
  const text = settings.map((line) => /"_selectedTime":\s*"([^"]*)"/.exec(line)?.[1]).find(Boolean);
  const at = Date.parse(text ?? '');
  // Go's zero time stands for none.
  return at > 0 ? at : undefined;
}

/** With that part of the lifetime left. */
function share({ validFrom, validTo }: Lifetime, part: number): number {
  return validTo - (validTo - validFrom) / part;
}

/** Of `key = value`. */
export function settingOf(settings: readonly string[], key: string): string | undefined {
  const line = settings.find((one) => new RegExp(`^${key}\\s*=`).test(one));
  return line?.slice(line.indexOf('=') + 1).trim();
}

/** When it is to be renewed: by whoever does so, if that is later than others do. */
export function laterDue(lifetime: Lifetime, due: Due | undefined): number {
  return Math.max(renewalDue(lifetime), cappedDue(lifetime, due) ?? 0);
}

/** No date makes a certificate late later than one that is renewed with a twelfth of its lifetime left. */
export function cappedDue(lifetime: Lifetime, due: Due | undefined): number | undefined {
  return due === undefined ? undefined : Math.min(due.at, share(lifetime, 12));
}
