import { caddyWord } from '../../formats/caddyfile.ts';
import { type Relay, serverUrl } from '../relay/relays.ts';
import type { CaddyAbilities } from './version.ts';

export interface RenderOptions {
  /** what begins the names of all matchers, since a site may have nodes of several clusters */
  readonly prefix: string;
  readonly abilities: CaddyAbilities;
  /** whether the certificate of a node without `trust` is left unchecked, and not left to Caddy's defaults */
  readonly skipsVerify: boolean;
}

/**
 * One node's rules for Caddy, without markers, to be imported into a site. Each path has a `handle`, so that
 * no other rule of the site that is a `handle`, `route`, `reverse_proxy` or `file_server` answers as well.
 *
 * - Caddy sorts such blocks by the length of the path in their matcher, so ours win over shorter ones of the
 *   operator's, wherever those stand. Directives that Caddy sorts before all `handle` blocks (`redir`,
 *   `rewrite`, `try_files`, …) come first all the same.
 * - The matcher `path` decodes, cleans and ignores case, and Caddy passes on what it was asked for as it is.
 *   So the beginning of the path as it will be passed on has to be ours too, letter by letter.
 */
export function renderRelays(relays: readonly Relay[], node: string, options: RenderOptions): string {
  const name = `@${options.prefix}_${node}`;
  const paths = new Set(relays.map(({ path }) => path));
  const sorted = relays.toSorted((one, other) => other.path.length - one.path.length);
  const blocks = sorted.flatMap((relay, index) => [
    ...relayed(relay, `${name}_${index + 1}`, name, options),
    ...(relay.path.endsWith('/') && !paths.has(relay.path.slice(0, -1))
      ? redirected(relay.path, `${name}_${index + 1}_slash`)
      : []),
  ]);
  return lines([...refusals(name), ...blocks]);
}

/** What one node's matchers share; a request with either property isn't passed on. */
function refusals(name: string): readonly Line[] {
  return [
    // nginx goes to the folder above, or takes two slashes for one, before it looks for a location. Caddy
    // would leave that to the node, which may come out at another path than those that are relayed.
    `${name}_unclean expression \`{http.request.uri.path}.matches("//|(^|/)[.][.]?(;[^/]*)?(/|$)")\``,
    // nginx's limit. Slides are uploaded to the node itself.
    `${name}_large expression \`{http.request.header.Content-Length} != "" && int({http.request.header.Content-Length}) > ${LARGEST}\``,
  ];
}

const LARGEST = 1_048_576;

function relayed(relay: Relay, matcher: string, name: string, options: RenderOptions): readonly Line[] {
  const { path, targetPath, scheme } = relay;
  const server = serverUrl(relay);
  return [
    ...matching(matcher, `${path}*`, `{http.request.uri}.startsWith("${path}")`),
    block(`handle ${matcher}`, [
      `respond ${name}_unclean 400`,
      // Without a look at the body, Caddy closes while more of it is on its way, and the system of whoever
      // sends it drops the answer. It waits for a moment after a body that was larger than it may be.
      block(`route ${name}_large`, [
        block('request_body', ['max_size 1024']),
        'vars clusterproxy_body {http.request.body}',
        'respond 413',
      ]),
      // For bodies that come in pieces and don't say how large they are.
      block('request_body', [`max_size ${LARGEST}`]),
      // On the path as it is written, so that nothing is decoded or encoded on the way.
      ...(targetPath === path ? [] : [`uri path_regexp ^${literal(path)} ${targetPath}`]),
      block(`reverse_proxy ${server}`, [
        `header_up Host ${relay.name}`,
        // Caddy would add them; nginx adds none, and no node needs any: its own nginx sets them anew.
        'header_up -X-Forwarded-For',
        'header_up -X-Forwarded-Host',
        'header_up -X-Forwarded-Proto',
        // Nor this, which newer versions of Caddy add: nginx doesn't compress for a proxy that says so.
        'header_up -Via',
        `header_down Location ^${literal(ownAddress(relay))} ${path}`,
        ...(options.abilities.keepsStreams ? ['stream_close_delay 24h'] : []),
        block('transport http', [
          'versions 1.1',
          'dial_timeout 5s',
          // As long as nginx waits for a node.
          'response_header_timeout 60s',
          // Shorter than the node's nginx keeps a connection that nobody uses.
          'keepalive 30s',
          ...(scheme === 'https' ? tls(relay, options) : []),
        ]),
      ]),
    ]),
  ];
}

/** A node's own address of what is relayed, as it stands in its redirects. */
function ownAddress({ scheme, name, port, targetPath }: Relay): string {
  return `${scheme}://${name}${port === undefined ? '' : `:${port}`}${targetPath}`;
}

function tls({ name, trust }: Relay, { abilities, skipsVerify }: RenderOptions): readonly Line[] {
  const named = `tls_server_name ${name}`;
  if (trust === undefined) return skipsVerify ? [named, 'tls_insecure_skip_verify'] : [named];
  const file = caddyWord(trust.certificates);
  return [named, abilities.hasTrustPool ? `tls_trust_pool file ${file}` : `tls_trusted_ca_certs ${file}`];
}

/** The path without its slash: a redirect without scheme, host and port, which only this host may use. */
function redirected(path: string, matcher: string): readonly Line[] {
  const bare = path.slice(0, -1);
  return [
    ...matching(matcher, bare, `{http.request.uri.path} == "${bare}"`),
    block(`handle ${matcher}`, [
      // In this order: Caddy would sort `redir` first.
      block('route', ['uri path_regexp $ /', 'redir {http.request.uri} 301']),
    ]),
  ];
}

function matching(matcher: string, path: string, expression: string): readonly Line[] {
  return [block(matcher, [`path ${path}`, `expression \`${expression}\``])];
}

/** A path or address in a regular expression of Go; a backslash would be one of the Caddyfile's first. */
function literal(text: string): string {
  return text.replaceAll('.', '[.]');
}

type Line = string | { readonly head: string; readonly inner: readonly Line[] };

function block(head: string, inner: readonly Line[]): Line {
  return { head, inner };
}

function lines(all: readonly Line[], indent = ''): string {
  return all
    .map((line) =>
      typeof line === 'string'
        ? `${indent}${line}\n`
        : `${indent}${line.head} {\n${lines(line.inner, `${indent}\t`)}${indent}}\n`,
    )
    .join('');
}
