import { type Lifetime, lateness } from '../model/certificate-lifetime.ts';
import { absent, bySurroundings, found, type HostTrouble, notApplicable } from './seen.ts';
import type { Certificate } from './surroundings.ts';

/** Whether whatever renews it should have done so by now, or it has ended. */
export function endsSoon(certificate: Lifetime, now: number): boolean {
  return lateness(certificate, now) !== 'in-time';
}

export const certificateEnding: HostTrouble = {
  id: 'certificate-ending',
  title: 'a certificate is about to end',
  judge: bySurroundings(({ shown }, _host, { now }) => {
    if (shown.length === 0) return notApplicable;
    const ending = shown.filter((one) => endsSoon(one, now));
    const [first] = ending;
    if (first === undefined) return absent;
    return found(
      ending.map((one) => `port ${one.port} shows one for ${one.name} that ${endWords(one, now)}`).join('; '),
      'browsers refuse the host from then on, and nobody gets into a meeting',
      `certbot renew --cert-name ${first.name}, or renew it where it comes from`,
    );
  }),
};

/**
 * certbot has a newer one of the same issuer than a daemon shows. A certificate of another authority isn't
 * replaced by certbot's, and says nothing.
 */
export const certificateNotTakenUp: HostTrouble = {
  id: 'certificate-not-taken-up',
  title: 'a renewed certificate is not in use',
  judge: bySurroundings(({ shown, lineages }) => {
    if (shown.length === 0 || lineages.length === 0) return notApplicable;
    const old = shown.filter((one) =>
      lineages.some(
        (lineage) =>
          lineage.name === one.name &&
          lineage.organization === one.organization &&
          lineage.serial !== one.serial &&
          lineage.validFrom > one.validFrom,
      ),
    );
    const [first] = old;
    if (first === undefined) return absent;
    const ports = old.map(({ port }) => `port ${port}`).join(', ');
    return found(
      `${ports}: shown is the certificate that ends on ${dateWords(first.validTo)}, and /etc/letsencrypt/live/${first.name} has a newer one`,
      'the hook of the renewal reloads only one of the daemons, or a bundle was not made anew: this one ends although it was renewed',
      `add a hook to /etc/letsencrypt/renewal-hooks/deploy that reloads what listens there: ss -ltnp sport = :${first.port}`,
    );
  }),
};

function endWords({ validTo }: Certificate, now: number): string {
  return validTo < now ? `ended on ${dateWords(validTo)}` : `ends on ${dateWords(validTo)}`;
}

function dateWords(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
