import { isRenamed, type Relay, serverUrl } from '../relay/relays.ts';

/**
 * One node's locations for nginx, without markers. They are plain prefixes with `^~`, which no regular
 * expression overrides. `cacheZone`: the zone of nginx in which copies of files are kept; undefined: none.
 */
export function renderLocations(relays: readonly Relay[], cacheZone?: string): string {
  return relays.map((one) => renderLocation(one, cacheZone)).join('\n');
}

/** The servers to which a node's requests are passed. */
export function passedTo(block: string): readonly string[] {
  const passes = block.matchAll(/^\s*proxy_pass\s+(https?:\/\/[^/;\s]+)/gm);
  return [...passes].flatMap(([, to]) => to ?? []);
}

/**
 * A segment `..;x` is `..` to servers in Java, such as the one behind the nginx of a node, and a path that
 * climbs is nobody's. Nothing but `return` stands in the `if`, which is safe in a location; a location within
 * has nothing of it. Source: ngx_http_rewrite_module.
 */
const refuseTricks = 'if ($uri ~ "/[.][.]?;") { return 400; }';

function renderLocation(relay: Relay, cacheZone: string | undefined): string {
  const { path, targetPath, scheme, name, hasHashedFiles } = relay;
  const server = serverUrl(relay);
  // A regular expression can't put one path in the place of another.
  const isCached = cacheZone !== undefined && hasHashedFiles && targetPath === path;
  const lines = [
    `proxy_pass ${server}${targetPath};`,
    ...(isRenamed(relay) ? [`proxy_set_header Host ${name};`] : []),
    'proxy_http_version 1.1;',
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Connection "Upgrade";',
    ...(scheme === 'https' ? tls(relay) : []),
    // The path without its trailing slash: the redirect must not contain a scheme or port that only this host
    // uses.
    'absolute_redirect off;',
    refuseTricks,
    ...(isCached ? cacheLines(server, cacheZone) : []),
  ];
  return `location ^~ ${path} {\n${lines.map((line) => `    ${line}\n`).join('')}}\n`;
}

/**
 * Copies of the files whose names have a hash, such as `bundle.0123456789abcdef0123.js`: no other file, since
 * one that keeps its name would stay as it was after an upgrade of the node. A location of its own within the
 * client's, which wins over regular expressions of the server.
 */
function cacheLines(node: string, zone: string): readonly string[] {
  return [
    String.raw`location ~ "/(?:[^/]*[._-])?[0-9a-f]{16,64}\.[a-z0-9]+$" {`,
    `    ${refuseTricks}`,
    `    proxy_pass ${node};`,
    `    proxy_cache ${zone};`,
    // A node may compress without saying that this varies, and not everybody reads it.
    '    proxy_cache_key "$proxy_host$request_uri $http_accept_encoding";',
    '    proxy_cache_valid 200 7d;',
    '    proxy_cache_revalidate on;',
    '    proxy_cache_lock on;',
    '    proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;',
    '}',
  ];
}

/** By default, nginx sends no server name and checks no certificate. Source: ngx_http_proxy_module. */
function tls({ name, trust }: Relay): readonly string[] {
  const named = ['proxy_ssl_server_name on;', `proxy_ssl_name ${name};`];
  if (trust === undefined) return named;
  return [
    ...named,
    'proxy_ssl_verify on;',
    `proxy_ssl_verify_depth ${trust.depth};`,
    `proxy_ssl_trusted_certificate ${trust.certificates};`,
  ];
}
