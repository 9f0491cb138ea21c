import { type EffectiveServer, isLocal, type ServerAnswer, type Socket } from '../../formats/nginx.ts';
import type { OperatorError } from '../../model/operator-error.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { isFrontEnd, showsStockPage } from './front-end.ts';
import {
  hasName,
  mainFile,
  type NginxOnHost,
  nameWords,
  nginxOn,
  placeOf,
  warnOfUnread,
} from './nginx-on-host.ts';

/** Our own server block, as far as it matters who answers. */
export interface OwnServer {
  readonly path: string;
  readonly server_name: string;
  readonly ports: readonly number[];
  /** by what it would leave port 80 to others, as advice */
  readonly withoutPort80: string;
  readonly ipv6: boolean;
  readonly replace_server: boolean;
  readonly look_in: readonly string[];
}

/**
 * What answers for the name today. A server block that has the name itself is refused: nginx would go by one
 * of the two, and warn of the other. So is one that answers by a wildcard, a regular expression or as a
 * default with pages of its own, unless the operator agrees that ours takes its place; then, and where a mere
 * default answers, the plan says so, except for the distribution's welcome page.
 */
export function judgePresent(host: StepHost, wanted: OwnServer): void {
  const nginx = nginxOn(host, { usually: wanted.look_in });
  warnOfUnread(host, nginx);
  const sockets = nginx.sockets.filter(({ port }) => wanted.ports.includes(port));
  for (const socket of sockets) {
    const taken = socket.servers.find(
      (server) => hasName(server, wanted.server_name) && !isOurs(host, wanted, server),
    );
    if (taken !== undefined) throw nameTaken(host, wanted, socket, taken);
  }
  const told = new Set<EffectiveServer>();
  for (const socket of sockets.filter((one) => one.address === '*' && isReached(wanted, one))) {
    const answer = socket.answer(wanted.server_name);
    if (told.has(answer.server) || isOurs(host, wanted, answer.server)) continue;
    told.add(answer.server);
    tellOrRefuse(host, wanted, socket, answer);
  }
}

/** Whether ours answers, as the plan leaves the host: otherwise nobody would ever see it. */
export function judgePlanned(host: StepHost, wanted: OwnServer): void {
  const nginx = nginxOn(host, {
    usually: wanted.look_in,
    without: (path) => path !== wanted.path && isRemovedWith(host, path),
  });
  if (!nginx.servers.some(({ file }) => file.path === wanted.path)) throw notIncluded(host, wanted);
  refuseStreams(host, wanted, nginx);
  for (const socket of nginx.sockets.filter((one) => wanted.ports.includes(one.port))) {
    if (!isReached(wanted, socket)) continue;
    const { server } = socket.answer(wanted.server_name);
    if (server.file.path !== wanted.path) throw notReached(host, wanted, socket, server);
    refuseOtherKind(host, wanted, socket);
  }
}

/** Whether clients of the cluster may arrive there. */
function isReached({ ipv6 }: OwnServer, socket: Socket): boolean {
  return !isLocal(socket) && (ipv6 || socket.family !== 'ipv6' || socket.alsoIpv4);
}

function isOurs(host: StepHost, { path }: OwnServer, { file }: EffectiveServer): boolean {
  return file.path === path || isRemovedWith(host, file.path);
}

/** A file that this cluster had under another name is removed in the same plan. */
function isRemovedWith(host: StepHost, path: string): boolean {
  return host.isManaged(wholePath(path));
}

function otherCluster({ snapshot }: StepHost, { file }: EffectiveServer): string | undefined {
  return snapshot.others?.find(({ ledger }) => ledger.items.some(({ path }) => path === file.path))?.cluster;
}

function nameTaken(
  host: StepHost,
  { server_name: name, withoutPort80 }: OwnServer,
  { port }: Socket,
  server: EffectiveServer,
): OperatorError {
  const written = server.names.includes(name) ? '' : `, as ${server.names.join(' ')}`;
  const cluster = otherCluster(host, server);
  const owner = cluster === undefined ? '' : `: it belongs to the cluster ${cluster}`;
  return host.problem(
    'server-name-taken',
    `${placeOf(server)} already has a server block for ${name} on port ${port}${written}${owner}`,
    port === 80
      ? `set ${withoutPort80} to leave port 80 to it, or "proxy_server: include" with its file in "server_file"`
      : 'set "proxy_server: include" and name its file in "server_file", or remove that server block',
  );
}

function tellOrRefuse(host: StepHost, wanted: OwnServer, socket: Socket, { server, by }: ServerAnswer): void {
  const how =
    by === 'default' ? `as the default of port ${socket.port}` : `by a ${by} on port ${socket.port}`;
  const today = `${placeOf(server)} (${nameWords(server)}) answers for ${wanted.server_name} today, ${how}`;
  const isMissed = by !== 'default' || isFrontEnd(server, socket);
  if (isMissed && !wanted.replace_server) {
    throw host.problem(
      'server-name-taken',
      `${today}: a server block for that name would take its place`,
      `set "proxy_server: include" with ${server.file.path} in "server_file" to put the locations into it, or "replace_server: true" if nobody needs it at that name${
        socket.port === 80 ? `, or ${wanted.withoutPort80} to leave port 80 to it` : ''
      }`,
    );
  }
  // Nobody misses a welcome page; another cluster's own server block answers 404 for our name.
  const isNothing = by === 'default' && showsStockPage(server);
  if (!isNothing && otherCluster(host, server) === undefined) {
    host.warn(`${today}; clusterproxy's own server block takes its place`);
  }
}

function notIncluded(host: StepHost, { path }: OwnServer): OperatorError {
  return host.problem(
    'server-not-reached',
    `nginx doesn't read ${path}: no include in the http block of ${mainFile} leads there`,
    `add "include ${path.replace(/[^/]*$/, '*.conf')};" to the http block, or set "proxy_server: include" and name the file of a server block in "server_file"`,
  );
}

function notReached(
  host: StepHost,
  { server_name: name, withoutPort80 }: OwnServer,
  { address, family, port }: Socket,
  server: EffectiveServer,
): OperatorError {
  const shown = `${family === 'ipv6' ? `[${address === '*' ? '::' : address}]` : address}:${port}`;
  return host.problem(
    'server-not-reached',
    `${placeOf(server)} (${nameWords(server)}) listens on ${shown}, so nginx answers requests for ${name} there by it, and never by a server block that listens on every address`,
    port === 80
      ? `let it listen on port ${port} without an address, or set ${withoutPort80}`
      : `let it listen on port ${port} without an address, or set "proxy_server: include" and name a file in "server_file"`,
  );
}

/** A context `stream` that has the port keeps it from `http`. */
function refuseStreams(host: StepHost, wanted: OwnServer, { streams }: NginxOnHost): void {
  for (const server of streams) {
    const listen = server.listen.find((one) => wanted.ports.includes(one.port) && !isLocal(one));
    if (listen === undefined) continue;
    throw host.problem(
      'port-taken',
      `${placeOf(server)} passes connections to port ${listen.port} on as a stream, so no server block for ${wanted.server_name} can listen there`,
      'set "proxy_server: include" and name the file of the server block that gets these connections in "server_file"',
    );
  }
}

/** What one server block asks of an address counts for all that listen there. */
function refuseOtherKind(host: StepHost, { path, server_name: name }: OwnServer, socket: Socket): void {
  const others = socket.servers.filter(({ file }) => file.path !== path);
  const [other] = others;
  if (socket.port === 443 && other !== undefined && !others.some((one) => hasTls(one, socket))) {
    throw host.problem(
      'port-taken',
      `${placeOf(other)} (${nameWords(other)}) listens on port 443 without TLS: nginx would expect TLS there from all clients as soon as a server block for ${name} has it`,
      'set "proxy_server: include" and name the file of a server block in "server_file", or let that one listen elsewhere',
    );
  }
  if (!socket.alsoIpv4) return;
  throw host.problem(
    'port-taken',
    `${placeOf(socket.defaultServer)} listens on [::]:${socket.port} with ipv6only=off, so nginx can't open port ${socket.port} for IPv4 a second time`,
    `replace "ipv6only=off" there by another line, "listen ${socket.port}", or set "proxy_server: include"`,
  );
}

/** By `listen … ssl`, or by the directive `ssl` of nginx before 1.25. */
function hasTls({ listen, directives }: EffectiveServer, { address, port }: Socket): boolean {
  return (
    listen.some((one) => one.port === port && one.address === address && one.ssl) ||
    directives.some(({ name, args }) => name === 'ssl' && args[0]?.text === 'on')
  );
}
