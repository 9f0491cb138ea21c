import { isIP } from 'node:net';
import { quoteWord } from '../../formats/haproxy.ts';
import type { Relay } from '../relay/relays.ts';
import { answer, literal, refuseTricks } from './answers.ts';
import { cacheLines } from './cache.ts';
import { nodeBackend } from './section-names.ts';

/** As nginx has it by itself (client_max_body_size): large files go to the nodes directly. In bytes. */
const largestBody = 1_048_576;

/** Which of a backend's paths a request is for; see `pathLines`. */
const relayVariable = 'txn.clusterproxy_relay';

/** The paths of a node that one server of it answers. */
interface Group {
  readonly server: Relay;
  readonly relays: readonly Relay[];
}

/**
 * A node's backends, one for each server: nearly always one. They do all that has to be done with a request
 * for the node themselves, so that every frontend only has to send it there, and nothing depends on what an
 * operator's `defaults` say. `cache`: the name of the cache in which files are kept; undefined: none.
 */
export function renderBackends(
  cluster: string,
  relays: readonly Relay[],
  node: string,
  cache?: string,
): string {
  return groupsOf(relays)
    .map((group, index) => {
      const lines = backendLines(group, cache);
      return `backend ${nodeBackend(cluster, node, index + 1)}\n${lines.map((line) => `    ${line}\n`).join('')}`;
    })
    .join('\n');
}

function groupsOf(relays: readonly Relay[]): readonly Group[] {
  const groups = new Map<string, Relay[]>();
  for (const relay of relays) {
    const { scheme, address, port, name, trust } = relay;
    const server = JSON.stringify([scheme, address, port, name, trust]);
    groups.set(server, [...(groups.get(server) ?? []), relay]);
  }
  return [...groups.values()].flatMap((some) =>
    some[0] === undefined ? [] : [{ server: some[0], relays: some }],
  );
}

function backendLines({ server, relays }: Group, cache: string | undefined): readonly string[] {
  // From the shortest to the longest, since of several beginnings of a path the longest counts.
  const paths = relays
    .toSorted((one, other) => one.path.length - other.path.length)
    // An address without a path is asked for the same path.
    .map((one) => ({ ...one, targetPath: one.targetPath || one.path }));
  return [
    'mode http',
    // A connection of its own for each request, as nginx has it: one that the node has just closed would cost
    // the request. WebSockets aren't concerned.
    'option http-server-close',
    'retries 1',
    'timeout connect 4s',
    'timeout queue 4s',
    'timeout server 60s',
    'timeout server-fin 30s',
    'timeout tunnel 1h',
    ...refuseTricks,
    ...paths.flatMap(({ path }) => slashLines(path, paths)),
    ...pathLines(paths),
    `${answer(404, 'Not found')} if !{ var(${relayVariable}) -m found }`,
    `${answer(413, 'Content too large')} if { req.body_size gt ${largestBody} }`,
    ...paths.flatMap(targetLines),
    // The target may end with a slash where the path doesn't: what comes next may have become a segment.
    ...(paths.some(({ path, targetPath }) => path !== targetPath)
      ? [`${answer(400, 'Bad request')} if is_trick`]
      : []),
    `http-request set-header Host ${server.name}`,
    ...(cache === undefined ? [] : cacheLines(cache, paths.flatMap(hashedFiles))),
    ...paths.map(redirectLine),
    serverLine(server),
  ];
}

/** The path without the slash at its end; the redirect names neither scheme nor host. */
function slashLines(path: string, all: readonly Relay[]): readonly string[] {
  const bare = path.replace(/\/$/, '');
  if (bare === path || all.some((one) => one.path === bare)) return [];
  return [
    `http-request redirect code 301 location ${path}?%[query] if { path ${bare} } { query,length gt 0 }`,
    `http-request redirect code 301 location ${path} if { path ${bare} }`,
  ];
}

/** Notes which path it is before any rule changes it: each later one takes the place of those before. */
function pathLines(relays: readonly Relay[]): readonly string[] {
  return [
    ...relays.map(({ path }, index) => `acl is_path${index + 1} path_beg ${path}`),
    ...relays.map(
      (_, index) => `http-request set-var(${relayVariable}) int(${index + 1}) if is_path${index + 1}`,
    ),
  ];
}

/** The rest of the path stays byte for byte, which `set-path` would not do: it escapes quotes. */
function targetLines({ path, targetPath }: Relay, index: number): readonly string[] {
  if (path === targetPath) return [];
  return [`http-request replace-path ^${literal(path)}(.*)$ ${targetPath}\\1 ${ifRelay(index)}`];
}

/** The condition for a path where files have names that never come again, and stay what they are. */
function hashedFiles({ path, targetPath, hasHashedFiles }: Relay, index: number): readonly string[] {
  return hasHashedFiles && path === targetPath ? [ifRelay(index)] : [];
}

/** A redirect of the node to its own address, as nginx has it by itself (proxy_redirect default). */
function redirectLine({ scheme, name, port, path, targetPath }: Relay, index: number): string {
  const usual = scheme === 'https' ? 443 : 80;
  const [portPart, rest] = port === undefined || port === usual ? [`(:${usual})?`, 2] : [`:${port}`, 1];
  const own = `^${scheme}://${literal(name)}${portPart}${literal(targetPath)}(.*)$`;
  return `http-response replace-header Location ${own} ${path}\\${rest} ${ifRelay(index)}`;
}

function ifRelay(index: number): string {
  return `if { var(${relayVariable}) -m int ${index + 1} }`;
}

function serverLine({ scheme, address, port, name, trust }: Relay): string {
  const to = isIP(address) === 6 ? `[${address}]` : address;
  return [
    `server node ${to}:${port ?? (scheme === 'https' ? 443 : 80)}`,
    ...(scheme === 'https' ? [`ssl sni str(${name}) alpn http/1.1`] : []),
    ...(scheme === 'https' && trust === undefined ? ['verify none'] : []),
    ...(trust === undefined
      ? []
      : [`verify required ca-file ${quoteWord(trust.certificates)} verifyhost ${name}`]),
    // A name that can't be looked up would keep HAProxy from starting, and so end all other nodes' pages.
    ...(isIP(address) === 0 ? ['init-addr last,libc,none'] : []),
  ].join(' ');
}
