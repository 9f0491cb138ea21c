import { type EffectiveServer, isLocal, type Socket } from '../../formats/nginx.ts';
import type { OperatorError } from '../../model/operator-error.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { onlyRedirects } from './front-end.ts';
import { hasName, type NginxOnHost, nameWords, placeOf } from './nginx-on-host.ts';

/** What an operator says about the server block. */
export interface Wanted {
  /** the file that contains it */
  readonly path: string;
  /** one of its names */
  readonly name: string;
  /** the name that browsers ask for */
  readonly hostname: string;
}

/**
 * Of the server blocks with a name in a file, the one that answers what browsers ask of the cluster: on port
 * 443; or else the only one with TLS; or else, where TLS ends before nginx (HAProxy, a load balancer), the
 * one that listens for that, rather than a redirect to https of the same name. Anything less certain is
 * refused, with a list: a line in a block that is never used would be a plan that isn't the truth.
 */
export function servingBlock(
  host: StepHost,
  nginx: NginxOnHost,
  wanted: Wanted,
  named: readonly EffectiveServer[],
): EffectiveServer {
  const secure = nginx.sockets.filter((one) => one.port === 443 && !isLocal(one));
  if (secure.length > 0) return ofPort443(host, wanted, named, reachedOf(host, wanted, secure));
  const used = named.filter((server) => isUsed(nginx, wanted, server));
  const [first, ...others] = bestOf(used);
  if (first === undefined) throw notReached(host, wanted, named, answersOf(wanted, nginx.sockets));
  if (others.length > 0) throw ambiguous(host, wanted, [first, ...others]);
  if (onlyRedirects(first)) {
    throw host.problem(
      'server-not-reached',
      `${placeOf(first)} only redirects, so locations for the nodes would never be used there`,
      `name the file and the server_name of the server block that answers for ${wanted.hostname}, in "server_file" and "server_name"`,
    );
  }
  warnOfPlainOrOtherPort(host, wanted, first);
  return first;
}

function ofPort443(
  host: StepHost,
  wanted: Wanted,
  named: readonly EffectiveServer[],
  sockets: readonly Socket[],
): EffectiveServer {
  const answers = answersOf(wanted, sockets);
  const [answer, ...others] = answers;
  if (answer !== undefined && others.length === 0 && named.includes(answer)) return answer;
  if (answers.some((one) => named.includes(one))) throw ambiguous(host, wanted, answers);
  throw notReached(host, wanted, named, answers);
}

/** Of several sockets those at which a client arrives, as far as the addresses of its name tell. */
function reachedOf(host: StepHost, { hostname }: Wanted, sockets: readonly Socket[]): readonly Socket[] {
  const addresses = host.addresses(hostname).map((address) => address.toLowerCase());
  const exact = sockets.filter(({ address }) => addresses.includes(address));
  if (exact.length > 0) return exact;
  const isFour = addresses.some((address) => !address.includes(':'));
  const isSix = addresses.some((address) => address.includes(':'));
  const ofFamily = sockets.filter(({ family, alsoIpv4 }) => (family === 'ipv6' ? isSix || alsoIpv4 : isFour));
  return ofFamily.length > 0 ? ofFamily : sockets;
}

function answersOf({ hostname }: Wanted, sockets: readonly Socket[]): readonly EffectiveServer[] {
  return [...new Set(sockets.map((socket) => socket.answer(hostname).server))];
}

/** Whether nginx uses it anywhere for what browsers ask, or for the name that the operator gave. */
function isUsed({ sockets }: NginxOnHost, { hostname, name }: Wanted, server: EffectiveServer): boolean {
  return sockets.some(
    (socket) =>
      socket.servers.includes(server) &&
      [hostname, name].some((asked) => socket.answer(asked).server === server),
  );
}

/** Those that come first: with TLS, then those behind something that ends TLS, then those with pages. */
function bestOf(used: readonly EffectiveServer[]): readonly EffectiveServer[] {
  const secure = used.filter(({ listen }) => listen.some(({ ssl }) => ssl));
  if (secure.length > 0) return secure;
  const pages = used.filter((server) => !onlyRedirects(server));
  const inner = pages.filter(isBehindTls);
  // Beside them, one with pages for everybody may be the one that is meant.
  if (inner.length > 0 && inner.length === pages.length) return inner;
  return pages.length > 0 ? pages : used;
}

function isBehindTls({ listen }: EffectiveServer): boolean {
  return listen.some((one) => one.proxyProtocol || isLocal(one));
}

/** The client builds its addresses from the page's host name alone, without its port (since 3.0). */
function warnOfPlainOrOtherPort(host: StepHost, { path }: Wanted, server: EffectiveServer): void {
  const ports = [...new Set(server.listen.map(({ port }) => port))];
  if (server.listen.some(({ ssl }) => ssl)) {
    host.warn(
      `the server block of ${server.names.join(' ')} in ${path} listens on ${ports.join(', ')}, not on 443: the client asks for its node on the default port`,
    );
  } else if (!isBehindTls(server)) {
    host.warn(
      `the server block of ${server.names.join(' ')} in ${path} has no TLS: browsers allow microphones on https pages only`,
    );
  }
}

function ambiguous(host: StepHost, { hostname }: Wanted, servers: readonly EffectiveServer[]): OperatorError {
  return host.problem(
    'server-ambiguous',
    `several server blocks may answer for ${hostname}, and the locations belong into one: ${listed(servers)}`,
    'give the one that browsers reach a server_name of its own and name that in "server_name", or put both into one server block',
  );
}

function notReached(
  host: StepHost,
  { hostname }: Wanted,
  named: readonly EffectiveServer[],
  answers: readonly EffectiveServer[],
): OperatorError {
  const instead = answers.length === 0 ? '' : `; what answers is ${listed(answers)}`;
  return host.problem(
    'server-not-reached',
    `nginx doesn't use ${listed(named)} for requests of browsers for ${hostname}${instead}`,
    'name the file and the server_name of the server block that answers, in "server_file" and "server_name"',
  );
}

function listed(servers: readonly EffectiveServer[]): string {
  return servers.map((one) => `${placeOf(one)} (${nameWords(one)}, ${listenWords(one)})`).join('; ');
}

function listenWords({ directives }: EffectiveServer): string {
  const lines = directives.filter(({ name }) => name === 'listen');
  if (lines.length === 0) return 'listen 80';
  return lines.map(({ args }) => `listen ${args.map(({ text }) => text).join(' ')}`).join(', ');
}

/** Server blocks with that name, compared as nginx does, in that file. */
export function blocksNamed(
  { servers }: NginxOnHost,
  { path, name }: { readonly path: string; readonly name: string },
): readonly EffectiveServer[] {
  return servers.filter((server) => server.file.path === path && hasName(server, name));
}

/** nginx warns of two server blocks with one name on an address; so does the plan. */
export function warnOfConflicts(
  host: StepHost,
  { sockets }: NginxOnHost,
  { hostname }: Wanted,
  server: EffectiveServer,
): void {
  const words = sockets.flatMap(({ conflicts, port }) =>
    conflicts
      .filter(({ name, kept, ignored }) => {
        const isName = [hostname, `.${hostname}`].includes(name.toLowerCase());
        return isName && kept !== ignored && [kept, ignored].includes(server);
      })
      .map(({ name, kept, ignored }) => {
        const by = kept === undefined ? '' : `, because ${placeOf(kept)} has it first`;
        return `nginx ignores the server_name ${name} of ${placeOf(ignored)} on port ${port}${by}`;
      }),
  );
  for (const word of new Set(words)) host.warn(word);
}
