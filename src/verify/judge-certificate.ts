import { lateFrom, lateness } from '../model/certificate-lifetime.ts';
import type { CertificateQuestion, CheckResult, Verdict } from '../model/outside-check.ts';
import type { NoAnswer, ShownCertificate } from './answers.ts';

const day = 24 * 60 * 60 * 1000;

/**
 * Whether a browser trusts a certificate, and will go on doing so. One that should have been renewed by now
 * gets a note, and is a fault where nobody may wait for that any more.
 */
export function judgeCertificate(
  { hostname, port }: CertificateQuestion,
  shown: ShownCertificate | NoAnswer,
  now: number,
): Verdict {
  const server = port === 443 ? hostname : `${hostname}:${port}`;
  const expected = `${server} shows a certificate that browsers trust, and that is renewed in time`;
  if (shown.kind === 'trouble') return { outcome: 'failed', expected, found: shown.words, fix: shown.fix };
  if (shown.mistrust !== undefined) {
    const fix = shown.fix === undefined ? {} : { fix: shown.fix };
    return { outcome: 'failed', expected, found: shown.mistrust, ...fix };
  }
  const left = shown.validTo - now;
  if (!Number.isFinite(left)) {
    return { outcome: 'failed', expected, found: "when its certificate ends can't be read" };
  }
  const { serial, validFrom, validTo } = shown;
  const certificates = serial === undefined ? [] : [{ name: hostname, port, serial, validFrom, validTo }];
  const found = `it ends in ${spanWords(left)}`;
  const late = lateness(shown, now);
  if (late === 'in-time') return { outcome: 'passed', expected, found, certificates };
  if (late !== 'late') return { outcome: 'failed', expected, found, certificates };
  const since = new Date(lateFrom(shown)).toISOString().slice(0, 10);
  const note = `it ends in ${spanWords(left)}, and should have been renewed by ${since}`;
  return { outcome: 'passed', expected, found, note, certificates };
}

/**
 * What is said of a certificate that browsers trust, but that is late, where a change of the host is judged:
 * nothing against it, as no change of its configuration makes a certificate last longer.
 */
export function regardlessOfTime<Given extends Pick<Verdict, 'outcome'> & Pick<CheckResult, 'certificates'>>(
  verdict: Given,
  now: number,
): Given {
  const { outcome, certificates = [] } = verdict;
  const isOnlyLate = certificates.length > 0 && certificates.every(({ validTo }) => now < validTo);
  return outcome === 'failed' && isOnlyLate ? { ...verdict, outcome: 'passed' } : verdict;
}

function spanWords(milliseconds: number): string {
  const days = Math.floor(milliseconds / day);
  if (days >= 2) return `${days} days`;
  const hours = Math.floor(milliseconds / (60 * 60 * 1000));
  return hours === 1 ? '1 hour' : `${hours} hours`;
}
