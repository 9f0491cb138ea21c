import { type NodeRelays, type Relay, serverUrl } from '../relays.ts';

/**
 * Directives for a virtual host of Apache 2.4.47 and later, which has `upgrade=websocket` (mod_proxy_http).
 * mod_proxy decodes and cleans paths before it compares them. A `ProxyPass` with the longer path comes first,
 * because the first that matches counts.
 */
export function apacheDirectives(nodes: readonly NodeRelays[]): string {
  const parts = nodes.map(({ node, relays }) => {
    const longestFirst = relays.toSorted((one, other) => other.path.length - one.path.length);
    return [`# ${node}`, ...longestFirst.flatMap(directives)].join('\n');
  });
  return `${[preamble, ...parts].join('\n\n')}\n`;
}

const preamble = [
  '# Apache 2.4.47 or later, with the modules alias, proxy, proxy_http and ssl. The file with the authorities',
  '# is that of Debian and Ubuntu.',
  'SSLProxyEngine on',
  'SSLProxyVerify require',
  'SSLProxyCACertificateFile /etc/ssl/certs/ca-certificates.crt',
  'SSLProxyCheckPeerName on',
  'ProxyPreserveHost Off',
  'ProxyAddHeaders Off',
].join('\n');

function directives({ path, targetPath, ...relay }: Relay): readonly string[] {
  const target = `${serverUrl(relay)}${targetPath}`;
  const bare = path.endsWith('/') ? path.slice(0, -1) : undefined;
  return [
    ...(bare === undefined ? [] : [`RedirectMatch 301 "^${literal(bare)}$" "${path}"`]),
    `ProxyPass "${path}" "${target}" upgrade=websocket`,
    `ProxyPassReverse "${path}" "${target}"`,
  ];
}

function literal(path: string): string {
  return path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
