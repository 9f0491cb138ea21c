import { type Lifetime, lateness } from '../model/certificate-lifetime.ts';
import { renewalCommand } from './renewal-command.ts';
import { laterDue } from './renewal-due.ts';
import { type RenewalsFound, titleOf } from './renewals-found.ts';
import { dateWords, nobodyWords, type Renewer, renewerOf, renewerWords } from './renewed-by.ts';
import { absent, bySurroundings, found, type HostSeen, type HostTrouble, notApplicable } from './seen.ts';
import type { Surroundings } from './surroundings.ts';

/** Whether whatever renews it should have done so by now, or it has ended. */
export function endsSoon(certificate: Lifetime, now: number, due?: number): boolean {
  return lateness(certificate, now, due) !== 'in-time';
}

type Shown = Surroundings['shown'][number];

/** Who renews each of the certificates that a host shows, as far as it is known. */
export function shownWithRenewers(
  { shown }: Surroundings,
  renewals: RenewalsFound | undefined,
): readonly { readonly one: Shown; readonly renewer: Renewer | undefined }[] {
  return shown.map((one) => ({ one, renewer: renewals && renewerOf(one, renewals) }));
}

export const certificateEnding: HostTrouble = {
  id: 'certificate-ending',
  title: 'a certificate is about to end',
  judge: bySurroundings((surroundings, { renewals }, { now }) => {
    if (surroundings.shown.length === 0) return notApplicable;
    const all = shownWithRenewers(surroundings, renewals);
    const known = all.flatMap(({ one, renewer }) =>
      renewer === undefined || renewer.running.state === 'stopped'
        ? []
        : [`the certificate of ${one.name} is ${renewerWords(renewer, now)}`],
    );
    const note = known.length === 0 ? {} : { note: [...new Set(known)].join('; ') };
    const ending = all.filter(
      ({ one, renewer }) => lateness(one, now, laterDue(one, renewer?.due)) !== 'in-time',
    );
    const [first] = ending;
    if (first === undefined) return { ...absent, ...note };
    const facts = ending.map(
      ({ one }) => `port ${one.port} shows one for ${one.name} that ${endWords(one, now)}`,
    );
    const nobody = first.renewer === undefined && renewals !== undefined ? `; ${nobodyWords(renewals)}` : '';
    return {
      ...found(
        `${facts.join('; ')}${nobody}`,
        'browsers refuse the host from then on, and nobody gets into a meeting',
        renewalFix(first.one, first.renewer, surroundings, renewals),
      ),
      ...note,
    };
  }),
};

/** How it is renewed at once, by whoever does so. */
function renewalFix(
  { name }: Shown,
  renewer: Renewer | undefined,
  { lineages }: Surroundings,
  renewals: RenewalsFound | undefined,
): string {
  switch (renewer?.client) {
    case 'certbot':
    case 'acme.sh':
    case 'lego':
      return renewer.kept === undefined || renewals === undefined
        ? `run ${titleOf(renewer.client)} by hand, which says what is wrong`
        : `${renewalCommand(renewer.kept, renewals)}, which says what is wrong`;
    case 'caddy':
    case 'nginx':
    case 'haproxy':
      return `journalctl -u ${renewer.client} and its error log say what is wrong`;
    default:
      return lineages.length > 0 && lineages.some((one) => one.name === name)
        ? `certbot renew --cert-name ${name}, or renew it where it comes from`
        : 'renew it where it comes from';
  }
}

/**
 * Whoever renews it has a newer one of the same issuer than a daemon shows. A certificate of another
 * authority isn't replaced by that one, and says nothing.
 */
export const certificateNotTakenUp: HostTrouble = {
  id: 'certificate-not-taken-up',
  title: 'a renewed certificate is not in use',
  judge: bySurroundings(({ shown, lineages }, { renewals }) => {
    const kept = [
      ...lineages.map((one) => ({
        ...{ ...one, client: 'certbot' as const },
        file: `/etc/letsencrypt/live/${one.name}`,
      })),
      ...keptFiles(renewals),
    ];
    if (shown.length === 0 || kept.length === 0) return notApplicable;
    // Of a name there may be several, such as one with RSA and one with elliptic curves.
    const isKept = (one: Shown) =>
      (renewals?.kept ?? []).some(({ certificate }) => certificate.serial === one.serial);
    const newerOf = (one: Shown) =>
      kept.find(
        (other) =>
          isForSame(one, other) &&
          other.organization === one.organization &&
          other.serial !== one.serial &&
          other.validFrom > one.validFrom,
      );
    const old = shown.flatMap((one) => {
      const newer = isKept(one) ? undefined : newerOf(one);
      return newer === undefined ? [] : [{ one, newer }];
    });
    const [first] = old;
    if (first === undefined) return absent;
    const ports = old.map(({ one }) => `port ${one.port}`).join(', ');
    const isCertbots = first.newer.client === 'certbot';
    return found(
      `${ports}: shown is the certificate that ends on ${dateWords(first.one.validTo)}, and ${first.newer.file} has a newer one`,
      'the hook of the renewal reloads only one of the daemons, or a bundle was not made anew: this one ends although it was renewed',
      `${isCertbots ? 'add a hook to /etc/letsencrypt/renewal-hooks/deploy' : `give ${titleOf(first.newer.client)} a command`} that reloads what listens there: ss -ltnp sport = :${first.one.port}`,
    );
  }),
};

/**
 * Whether a certificate is the successor of the one that is shown: it is for the very same names. Another one
 * for that name, such as a wildcard, may be there for something else. Where it isn't known for which names
 * they are, the one is meant that was asked for.
 */
function isForSame(
  { name, names = [] }: Shown,
  other: { readonly name?: string; readonly names?: readonly string[] },
): boolean {
  const others = other.names ?? [];
  if (names.length === 0 || others.length === 0) {
    return other.name === name || others.includes(name.toLowerCase());
  }
  return [...names].sort().join(' ') === [...others].sort().join(' ');
}

/**
 * A daemon that gets certificates by itself takes them up by itself. Of what users keep in their homes nobody
 * knows what it is for.
 */
function keptFiles(renewals: HostSeen['renewals']) {
  return (renewals?.kept ?? []).flatMap(({ client, file, names, certificate }) =>
    (client === 'acme.sh' || client === 'lego') && !file.startsWith('/home/')
      ? [{ ...certificate, client, file, names }]
      : [],
  );
}

function endWords({ validTo }: Lifetime, now: number): string {
  return validTo < now ? `ended on ${dateWords(validTo)}` : `ends on ${dateWords(validTo)}`;
}
