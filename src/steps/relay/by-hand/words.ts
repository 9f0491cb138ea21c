import { type NodeRelays, type Relay, serverUrl } from '../relays.ts';

/** For proxies whose form isn't known here, such as a cloud's balancer. */
export function inWords(nodes: readonly NodeRelays[], hostname: string): string {
  const parts = nodes.map(({ node, relays }) =>
    [`${node}:`, ...relays.map((relay) => `  ${pathWords(relay, hostname)}`)].join('\n'),
  );
  return `${[rules(nodes), ...parts].join('\n\n')}\n`;
}

function rules(nodes: readonly NodeRelays[]): string {
  const isSecure = nodes.some(({ relays }) => relays.some(({ scheme }) => scheme === 'https'));
  return [
    'For each of these paths the proxy, on port 443:',
    '- compares the beginning of the path literally, upper and lower case apart, after it has decoded it and',
    '  taken ".." out of it;',
    '- asks the node by HTTP/1.1, with the name of the node as Host;',
    ...(isSecure
      ? ['- sends that name as server name (SNI), and checks that the certificate is for it;']
      : []),
    '- passes WebSockets on, and closes none that is idle for less than a minute;',
    '- answers a path without its slash at the end by a redirect (301) to the path with it;',
    '- keeps query, cookies and the rest of the path as they are, and sends nobody to another name or port.',
  ].join('\n');
}

function pathWords({ path, targetPath, ...relay }: Relay, hostname: string): string {
  return `https://${hostname}${path}…  goes to  ${serverUrl(relay)}${targetPath}…`;
}
