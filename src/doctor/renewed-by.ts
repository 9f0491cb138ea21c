import type { Lifetime } from '../model/certificate-lifetime.ts';
import { type Due, dueOf, ofDaemon, settingOf } from './renewal-due.ts';
import { type Running, runningOf } from './renewal-runs.ts';
import { type Client, type Kept, type RenewalsFound, titleOf } from './renewals-found.ts';

/** A certificate that a host shows when it is asked for a name. */
export interface Shown extends Lifetime {
  readonly name: string;
  readonly serial: string;
}

/** Who renews a certificate. */
export interface Renewer {
  readonly client: Client;
  /** undefined where a daemon keeps it to itself */
  readonly kept: Kept | undefined;
  /** undefined where it isn't known */
  readonly due: Due | undefined;
  readonly running: Running;
}

/**
 * Who renews a certificate that is shown: whoever keeps the same one, wherever it is copied to, else a daemon
 * that gets one for that name by itself. Undefined where nobody is known to.
 */
export function renewerOf(shown: Shown, found: RenewalsFound): Renewer | undefined {
  const kept = found.kept.find(({ certificate }) => isSame(certificate, shown));
  const client = kept?.client ?? found.asked.find(({ names }) => covers(names ?? [], shown.name))?.client;
  if (client === undefined) return undefined;
  const due = kept === undefined ? { at: ofDaemon(client, shown), isWritten: false } : dueOf(kept, found);
  return { client, kept, due, running: stoppedByItself(kept) ?? runningOf(client, found, kept) };
}

function isSame(one: Shown | Kept['certificate'], other: Shown): boolean {
  const plain = (serial: string) => serial.toUpperCase().replace(/^0+/, '');
  return plain(one.serial) === plain(other.serial) && one.validTo === other.validTo;
}

/** A wildcard stands for one label: RFC 6125, 6.4.3. */
export function covers(names: readonly string[], name: string): boolean {
  const wanted = name.toLowerCase();
  return names.includes(wanted) || names.includes(wanted.replace(/^[^.]+/, '*'));
}

/** What a client was told of this one certificate, by which it never renews it by itself. */
function stoppedByItself(kept: Kept | undefined): Running | undefined {
  if (kept === undefined) return undefined;
  const { client, settings, file } = kept;
  if (client === 'certbot' && /^false$/i.test(settingOf(settings, 'autorenew') ?? '')) {
    const fix = 'take autorenew out of its file in /etc/letsencrypt/renewal';
    return { state: 'stopped', words: 'autorenew is off for it', fix };
  }
  const isByHand =
    client === 'certbot' &&
    settingOf(settings, 'authenticator') === 'manual' &&
    settingOf(settings, 'manual_auth_hook') === undefined;
  // acme.sh writes down `dns` where somebody has to put the record there by hand.
  if (isByHand || (client === 'acme.sh' && /^'?dns'?$/.test(settingOf(settings, 'Le_Webroot') ?? ''))) {
    const fix = `get it anew in a way that needs nobody, such as by a folder of the web server: ${client} keeps it as ${file}`;
    return { state: 'stopped', words: 'it was proved by hand, which nobody does by itself', fix };
  }
  return undefined;
}

/** `renewed by certbot, next about 2026-12-28; certbot.timer is active` */
export function renewerWords({ client, due, running }: Renewer, now: number): string {
  const about = due?.isWritten ? 'on' : 'about';
  const when =
    due === undefined
      ? ', but when is not known'
      : `, ${due.at < now ? 'was due' : 'next'} ${about} ${dateWords(due.at)}`;
  const renewed = running.state === 'stopped' ? 'to be renewed' : 'renewed';
  return `${renewed} by ${titleOf(client)}${when}; ${running.words}`;
}

/** `2026-12-28` */
export function dateWords(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** What is to be said where nobody is known to renew a certificate. */
export function nobodyWords({ partly }: RenewalsFound): string {
  const [first] = partly;
  return first === undefined
    ? 'nothing on this host is known to renew it'
    : `who renews it is not known: could not be read: ${partly.join(', ')}`;
}
