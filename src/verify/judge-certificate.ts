import type { CertificateQuestion, Verdict } from '../model/outside-check.ts';
import type { NoAnswer, ShownCertificate } from './answers.ts';

const day = 24 * 60 * 60 * 1000;

/**
 * Whether a browser trusts a certificate, and will next week. Whatever renews certificates does so with a
 * third of their lifetime left (certbot(1), RFC 9773), so below a quarter something is wrong; but with those
 * that people renew once a year that would be three months, so never more than 14 days.
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
  const least = Math.min((shown.validTo - shown.validFrom) / 4, 14 * day);
  return { outcome: left < least ? 'failed' : 'passed', expected, found: `it ends in ${spanWords(left)}` };
}

function spanWords(milliseconds: number): string {
  const days = Math.floor(milliseconds / day);
  if (days >= 2) return `${days} days`;
  const hours = Math.floor(milliseconds / (60 * 60 * 1000));
  return hours === 1 ? '1 hour' : `${hours} hours`;
}
