import { type Address, type HowNamed, namedBy, type Statement } from '../../formats/caddyfile.ts';
import type { OperatorError } from '../../model/operator-error.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import {
  type CaddyOnHost,
  caddyOn,
  importedBy,
  isMatched,
  type PlacedSite,
  placeOf,
  sitesOf,
} from './caddy-files.ts';

/** Our own site, as far as it matters who answers. */
export interface OwnSite {
  readonly path: string;
  readonly hostname: string;
  readonly caddyfile: string;
  readonly certificate: string;
  readonly redirect_http: boolean;
  readonly replace_server: boolean;
  readonly look_in: readonly string[];
}

/**
 * What answers for the name today. A site that has the name itself is refused, since Caddy loads no
 * configuration with two of them. So is one that answers on port 443 by a wildcard or for any name, unless
 * the operator agrees that ours takes its place: Caddy goes by the name itself first.
 */
export function judgeSites(host: StepHost, wanted: OwnSite): void {
  const caddy = caddyOn(host, wanted.caddyfile, wanted.look_in);
  for (const pattern of caddy.unread) {
    host.warn(`the Caddyfile imports ${pattern}, which was not read: sites in it are not considered`);
  }
  judgeOptions(host, wanted, caddy);
  for (const site of otherSites(host, wanted, caddy)) {
    // One with a path has that alone, and Caddy looks at it first.
    const reached = site.addresses.filter(
      ({ port = 0, path }) => portsOf(wanted).includes(port) && /^\/?$/.test(path),
    );
    for (const address of reached) {
      const how = namedBy(address, wanted.hostname);
      if (how === 'name') throw taken(host, wanted, site, address);
      if (how !== undefined) tellOrRefuse(host, wanted, site, address, how);
    }
  }
}

/** Whether other sites listen on all addresses: then ours can't choose some for the same ports. */
export function listensElsewhere(host: StepHost, wanted: OwnSite): boolean {
  return otherSites(host, wanted, caddyOn(host, wanted.caddyfile, wanted.look_in)).length > 0;
}

/** Whether a line of somebody else's imports our file already: a second one would define the site twice. */
export function isImportedOtherwise({ files }: CaddyOnHost, path: string): boolean {
  const patterns = files.flatMap(importedBy);
  return patterns.some((pattern) => pattern !== path && isMatched(path, pattern));
}

function otherSites(host: StepHost, { path }: OwnSite, caddy: CaddyOnHost): readonly PlacedSite[] {
  return sitesOf(host, caddy).filter(({ file }) => file.path !== path);
}

function portsOf({ redirect_http: redirect }: OwnSite): readonly number[] {
  return redirect ? [80, 443] : [443];
}

function taken(
  host: StepHost,
  { hostname: name }: OwnSite,
  site: PlacedSite,
  { port, text }: Address,
): OperatorError {
  const cluster = host.snapshot.others?.find(({ ledger }) =>
    ledger.items.some(({ path }) => path === site.file.path),
  )?.cluster;
  const owner = cluster === undefined ? '' : `: it belongs to the cluster ${cluster}`;
  return host.problem(
    'server-name-taken',
    `${placeOf(site)} already has the site ${text} for ${name}${owner}, and Caddy loads no second one`,
    port === 80
      ? 'set "redirect_http: false" to leave port 80 to it, or "proxy_server: include" with its file in "server_file"'
      : 'set "proxy_server: include" and name its file in "server_file", or remove that site',
  );
}

function tellOrRefuse(
  host: StepHost,
  wanted: OwnSite,
  site: PlacedSite,
  { text, port }: Address,
  how: HowNamed,
): void {
  const today = `${placeOf(site)} (${text}) answers for ${wanted.hostname} today, ${how === 'wildcard' ? 'by a wildcard' : 'as for any name'}`;
  if (port !== 80 && !wanted.replace_server) {
    throw host.problem(
      'server-name-taken',
      `${today}: a site for that name would take its place`,
      `set "proxy_server: include" with ${site.file.path} in "server_file" and ${text} in "server_name" to put the rules into it, or "replace_server: true" if nobody needs it at that name`,
    );
  }
  if (!isStock(site)) host.warn(`${today}; clusterproxy's own site takes its place`);
}

/** Debian's welcome page: nobody misses it. */
function isStock({ statements }: PlacedSite): boolean {
  const words = statements.map((one) => one.words.map(({ text }) => text).join(' '));
  return words.every((line) => line === 'root * /usr/share/caddy' || line === 'file_server');
}

/** What global options take away from a site. */
function judgeOptions(host: StepHost, wanted: OwnSite, { files }: CaddyOnHost): void {
  const options = files[0]?.parts.options?.block?.statements ?? [];
  const automatic = new Set(wordsOf(options, 'auto_https'));
  const doesNothing = automatic.has('off') || automatic.has('disable_certs');
  if (doesNothing && wanted.certificate === '') {
    throw host.problem(
      'certificate-missing',
      `auto_https in ${wanted.caddyfile} keeps Caddy from getting a certificate for ${wanted.hostname}`,
      'name the files of a certificate in "certificate" and "certificate_key", or remove that option',
    );
  }
  if (!wanted.redirect_http && !automatic.has('off') && !automatic.has('disable_redirects')) {
    host.warn(
      `Caddy redirects from port 80 by itself, whatever "redirect_http" says, unless ${wanted.caddyfile} has "auto_https disable_redirects" among its global options`,
    );
  }
}

function wordsOf(statements: readonly Statement[], name: string): readonly string[] {
  return statements
    .filter(({ words: [first] }) => first?.text === name)
    .flatMap(({ words }) => words.slice(1).map(({ text }) => text));
}
