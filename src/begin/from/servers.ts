import { type ListedHost, placed } from './listed-host.ts';
import { entriesOf, plainData } from './plain-data.ts';

const deepest = 20;
/** Keys under which the balancers' lists have a server's name without a scheme. */
const nameKeys = new Set(['domain', 'hostname', 'host', 'server']);

/**
 * The servers of a balancer of meetings: what `rake servers` of Scalelite, `b3scalectl show backends` or
 * `bbblb` print, or a file of theirs in JSON, YAML or as variables. Only addresses are taken, never secrets.
 * Undefined if there is none.
 */
export function readServers(text: string): readonly ListedHost[] | undefined {
  const data = plainData(text);
  const places = [
    ...(data === undefined ? [] : placesIn(data, 0)),
    ...[...text.matchAll(/https?:\/\/([^\s/:"'<>@,]+)(?::\d+)?\/[a-z]+\/api\b/gi)].map(
      ([, host = '']) => host,
    ),
  ];
  const unique = [...new Set(places.map((place) => place.toLowerCase()))];
  return unique.length === 0 ? undefined : unique.map(placed);
}

function placesIn(data: unknown, depth: number): readonly string[] {
  if (depth > deepest) return [];
  if (Array.isArray(data)) return data.flatMap((item) => placesIn(item, depth + 1));
  return entriesOf(data).flatMap(([key, value]) => {
    if (typeof value !== 'string') return placesIn(value, depth + 1);
    const [, host] = /^https?:\/\/([^/:\s]+)(?::\d+)?(?:\/|$)/i.exec(value) ?? [];
    if (host !== undefined) return /^(?:url|host|address|api|api_?url|server)$/i.test(key) ? [host] : [];
    return nameKeys.has(key.toLowerCase()) && /^[\w-]+(?:\.[\w-]+)+$/.test(value) ? [value] : [];
  });
}
