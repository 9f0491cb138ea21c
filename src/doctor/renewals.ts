import type { Finding } from '../model/trouble.ts';
import { shownWithRenewers } from './certificates.ts';
import { ownerOf } from './renewal-command.ts';
import { settingOf } from './renewal-due.ts';
import { type RenewalsFound, titleOf } from './renewals-found.ts';
import { absent, bySurroundings, found, type HostTrouble, notApplicable } from './seen.ts';
import type { Surroundings } from './surroundings.ts';

/** How each of them takes a certificate up, without ending a session. */
const commands: Readonly<Record<string, string>> = {
  nginx: 'runs systemctl reload nginx',
  haproxy: "makes HAProxy's bundle anew and runs systemctl reload haproxy",
  // turnserver(1): SIGUSR2 reads certificates again.
  coturn: 'runs systemctl kill --signal=USR2 coturn',
};

/**
 * A daemon that uses what certbot renews, and that nobody tells. It goes on with the old certificate until
 * that ends, in three months and at night. Where a program of the operator's runs after a renewal, what it
 * reloads isn't known.
 */
export const renewalNotTold: HostTrouble = {
  id: 'renewal-not-told',
  title: 'a daemon is not told of renewed certificates',
  judge: bySurroundings((surroundings, { snapshot, renewals }) => {
    const untoldByOthers = renewals && notToldByOthers(surroundings, renewals);
    if (untoldByOthers?.outcome === 'found') return untoldByOthers;
    const isUp = (daemon: string) => snapshot.units.get(`${daemon}.service`)?.active === 'active';
    const using = surroundings.uses.filter((one) => isUp(one.daemon) && isCertbots(one, surroundings));
    if (using.length === 0) return untoldByOthers ?? notApplicable;
    const { reloads } = surroundings;
    if (reloads.includes('?')) return absent;
    const untold = [...new Set(using.map(({ daemon }) => daemon))].filter((one) => !reloads.includes(one));
    const [first] = untold;
    if (first === undefined) return absent;
    const name = using.find(({ daemon }) => daemon === first)?.name;
    const told = reloads.length === 0 ? 'reloads nothing' : `reloads ${reloads.join(' and ')} only`;
    return found(
      `certbot renews the certificate of ${name}, which ${untold.join(' and ')} ${untold.length === 1 ? 'shows' : 'show'}; what runs after a renewal ${told}`,
      'it goes on showing the old certificate until that ends, and then browsers refuse it',
      `add an executable file to /etc/letsencrypt/renewal-hooks/deploy that ${commands[first] ?? `runs systemctl reload ${first}`}`,
    );
  }),
};

/**
 * acme.sh or lego renews the one that is shown, and no command that it runs afterwards is known, nor
 * anything that reloads a daemon every now and then. Undefined where neither of them does.
 */
function notToldByOthers(surroundings: Surroundings, renewals: RenewalsFound): Finding | undefined {
  const theirs = shownWithRenewers(surroundings, renewals).flatMap(({ one, renewer }) =>
    renewer?.kept !== undefined && (renewer.client === 'acme.sh' || renewer.client === 'lego')
      ? [{ one, kept: renewer.kept }]
      : [],
  );
  if (theirs.length === 0) return undefined;
  const untold = theirs.find(({ kept: { client, settings } }) => {
    if (renewals.reloads) return false;
    if (client === 'acme.sh') {
      const hooks = ['Le_ReloadCmd', 'Le_PostHook', 'Le_RenewHook'];
      return hooks.every((hook) => (settingOf(settings, hook) ?? '').replaceAll("'", '') === '');
    }
    const lines = renewals.runs.flatMap((one) => (one.client === client && one.line !== '' ? one.line : []));
    // A line that isn't known may do anything.
    return lines.length > 0 && !lines.some((line) => /hook|reload|restart|kill|HUP/.test(line));
  });
  if (untold === undefined) return absent;
  const { client } = untold.kept;
  return found(
    `${titleOf(client)} renews the certificate of ${untold.one.name}, and reloads nothing afterwards`,
    'what shows it goes on showing the old certificate until that ends, and then browsers refuse it',
    client === 'lego'
      ? 'add --renew-hook "systemctl reload nginx" to the line that runs lego, or what reloads the daemon that shows it'
      : `${byOwner(untold.kept.file, renewals)}acme.sh --install-cert -d ${untold.one.name} with --fullchain-file, --key-file and --reloadcmd "systemctl reload nginx", or what reloads the daemon that shows it`,
  );
}

/** What a user can write to is not run as root. */
function byOwner(file: string, renewals: RenewalsFound): string {
  const owner = ownerOf(file, renewals) ?? 'root';
  return owner === 'root' ? '' : `as ${owner}, whom sudo has to let do so: `;
}

/** HAProxy has a bundle of its own, so what it shows has to be of the same name and issuer. */
function isCertbots(
  { daemon, name, port }: Surroundings['uses'][number],
  { shown, lineages }: Surroundings,
): boolean {
  if (daemon !== 'haproxy') return true;
  const lineage = lineages.find((one) => one.name === name);
  return shown.some(
    (one) => one.name === name && one.port === port && one.organization === lineage?.organization,
  );
}
