import type { Answer } from '../model/reads.ts';
import { type Certificate, namesIn, readCertificate } from './surroundings.ts';

/** Programs that get certificates by ACME (RFC 8555), by the names that renewals.sh has for them. */
export const clients = ['certbot', 'acme.sh', 'lego', 'caddy', 'nginx', 'haproxy'] as const;
export type Client = (typeof clients)[number];

const titles: Readonly<Record<Client, string>> = {
  certbot: 'certbot',
  'acme.sh': 'acme.sh',
  lego: 'lego',
  caddy: 'Caddy itself',
  nginx: "nginx's ACME module",
  haproxy: "HAProxy's own ACME",
};

/** Who renews, in a sentence. */
export function titleOf(client: Client): string {
  return titles[client];
}

/** A certificate that a client keeps in a file. */
export interface Kept {
  readonly client: Client;
  readonly file: string;
  readonly certificate: Certificate;
  /** as they stand in it, wildcards too; none where the host's openssl(1) doesn't tell them */
  readonly names: readonly string[];
  /** lines that the client has written down of it */
  readonly settings: readonly string[];
}

/** A certificate that a daemon gets by itself, by its configuration. */
export interface AskedFor {
  readonly client: Client;
  /** undefined where the configuration doesn't say for which */
  readonly names: readonly string[] | undefined;
}

/** What starts a client. */
export interface Runs {
  readonly client: Client;
  /** `cron`: the name is that of a file */
  readonly kind: 'timer' | 'service' | 'cron';
  readonly name: string;
  /** the command line, of lego only, which keeps no settings anywhere else */
  readonly line: string;
  /** as whom it runs */
  readonly user: string;
  /** those of settings and certificates that the command line names */
  readonly folders: readonly string[];
}

export interface UnitSeen {
  /** systemd's LoadState */
  readonly load: string;
  readonly active: boolean;
  readonly failed: boolean;
}

/** What src/host/remote/renewals.sh found on a host. */
export interface RenewalsFound {
  readonly kept: readonly Kept[];
  readonly asked: readonly AskedFor[];
  /** whether HAProxy is told not to renew what it got */
  readonly schedulerOff: boolean;
  readonly runs: readonly Runs[];
  /** units among these, those that timers start, and cron's */
  readonly units: ReadonlyMap<string, UnitSeen>;
  /** whether something reloads a daemon every now and then, whatever is renewed */
  readonly reloads: boolean;
  /** whose folders are that users can write to */
  readonly owners: ReadonlyMap<string, string>;
  /** what could not be read, in words */
  readonly partly: readonly string[];
}

const separator = '\u001f';

/** Of an answer no more is read (`ask` of src/host/remote/lib.sh). Bytes. */
const longestAnswer = 65_536;

/**
 * Undefined if the program did not come to its end, so that nothing is known. What was cut off an answer that
 * is too long is something that could not be read.
 */
export function readRenewals(answer: Answer | undefined): RenewalsFound | undefined {
  const output = answer?.output ?? '';
  const all = output.split('\n').map((line) => line.split(separator));
  const isWhole = all.some(([key]) => key === 'end');
  const isCut = !isWhole && Buffer.byteLength(output) >= longestAnswer - 4;
  if (!isWhole && !isCut) return undefined;
  const lines = isCut ? all.slice(0, -1) : all;
  const of = (wanted: string) => lines.flatMap(([key, ...fields]) => (key === wanted ? [fields] : []));
  const clientIn = (text: string | undefined) => clients.filter((one) => one === text);
  const asks = of('asks').flatMap(([name, ...fields]) =>
    clientIn(name).map((client) => ({ client, fields, text: fields[0] ?? '' })),
  );
  return {
    kept: of('own').flatMap(([name, file = '', x509 = '', names = '', ...settings]) =>
      clientIn(name).flatMap((client) =>
        readCertificate(x509).map((certificate) => ({
          ...{ client, file, certificate, names: namesIn(names) },
          settings: settings.map((one) => one.trim()),
        })),
      ),
    ),
    asked: asks.flatMap(({ client, fields, text }): AskedFor[] => {
      if (client === 'nginx') return [{ client, names: ofNginx(text, fields[1] ?? '') }];
      return /^\s*acme\.scheduler\s/.test(text) ? [] : [{ client, names: ofHaproxy(text) }];
    }),
    schedulerOff: asks.some(({ text }) => /^\s*acme\.scheduler\s+off\b/.test(text)),
    runs: of('runs').flatMap(([name, kind, unit = '', line = '', user = 'root', ...folders]) =>
      clientIn(name).flatMap((client) =>
        (['timer', 'service', 'cron'] as const)
          .filter((one) => one === kind)
          .map((one) => ({ client, kind: one, name: unit, line, user, folders })),
      ),
    ),
    units: new Map(
      of('unit').map(([name = '', load = '', active]) => [
        name,
        { load, active: active === 'active' || active === 'reloading', failed: active === 'failed' },
      ]),
    ),
    reloads: of('reloads').length > 0,
    owners: new Map(of('owner').map(([folder = '', owner = '']) => [folder, owner])),
    partly: [...of('partly').map(([where = '']) => where), ...(isCut ? ['more than an answer holds'] : [])],
  };
}

/**
 * `ISSUER [NAME...] [key=...]`, and the names of the server block, which count where there are no others.
 * Source: README of nginx-acme, `acme_certificate`.
 */
function ofNginx(acme: string, servers: string): readonly string[] {
  const own = words(acme)
    .slice(1)
    .filter((word) => !word.startsWith('key='));
  return own.length > 0
    ? own
    : words(servers).flatMap((name) => (name.startsWith('.') ? [name.slice(1)] : name));
}

/** `... acme NAME domains "a.example.com,b.example.com"`; source: HAProxy's manual, 12.8, ACME. */
function ofHaproxy(text: string): readonly string[] | undefined {
  const domains = /\sdomains\s+(?:"([^"]*)"|'([^']*)'|(\S+))/.exec(text);
  const names = domains?.slice(1).find((one) => one !== undefined);
  return names
    ?.replace(/\]$/, '')
    .split(/[,\s]+/)
    .filter((one) => one !== '');
}

function words(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}
