import { type Directive, scanWalkable } from '../../formats/nginx.ts';
import { type ListedHost, placed } from './listed-host.ts';

/**
 * The nodes of a cluster proxy that was set up by hand, as the guide has it: `location /bbb-01/html5client/`
 * with `proxy_pass https://bbb-01.example.com;`. The name stays the path that browsers know. Undefined if the
 * text has no location: https://docs.bigbluebutton.org/administration/cluster-proxy
 */
export function readNginx(
  text: string,
): { readonly hosts: readonly ListedHost[]; readonly hostname: string | undefined } | undefined {
  if (!/^\s*(?:location|server|http|proxy_pass)\b[^\n]*[{;]/m.test(text)) return undefined;
  const all = walked(scanned(text));
  const locations = all.filter(({ name }) => name === 'location');
  if (locations.length === 0) return undefined;
  const hosts = new Map<string, ListedHost>();
  for (const { args, block } of locations) {
    const path = args.at(-1)?.text ?? '';
    const [, node] = /^\/([A-Za-z0-9._-]+)\/(?:html5client|[a-z]+\/api)\b/.exec(path) ?? [];
    const target = block?.directives.find(({ name }) => name === 'proxy_pass')?.args[0]?.text ?? '';
    const [, place] = /^https?:\/\/([^/:$\s]+)/.exec(target) ?? [];
    if (node !== undefined && place !== undefined && !hosts.has(node))
      hosts.set(node, { name: node, ...placed(place) });
  }
  const server = all.find(
    ({ name, block }) => name === 'server' && walked(block?.directives ?? []).some(isNode),
  );
  const names = server?.block?.directives.find(({ name }) => name === 'server_name')?.args ?? [];
  return { hosts: [...hosts.values()], hostname: names[0]?.text.toLowerCase() };
}

function scanned(text: string): readonly Directive[] {
  try {
    return scanWalkable(text);
  } catch {
    return [];
  }
}

function walked(directives: readonly Directive[]): readonly Directive[] {
  return directives.flatMap((one) => [one, ...walked(one.block?.directives ?? [])]);
}

function isNode({ name, args }: Directive): boolean {
  return name === 'location' && /\/html5client\b/.test(args.at(-1)?.text ?? '');
}
