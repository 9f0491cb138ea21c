import { isIP } from 'node:net';
import type { BrowserVerdict, Servers } from './judge.ts';
import type { Peer } from './page-probes.ts';
import type { Seen } from './seen-page.ts';
import { shownUrl } from './shown-url.ts';

/** The servers that a page has to do with, and the addresses of their names as they resolve here. */
export interface Places extends Servers {
  readonly places: ReadonlyMap<string, readonly string[]>;
}

/** A way to the other side (RFC 8839, 5.1). */
interface Candidate {
  /** `host`, `srflx`, `prflx` or `relay` */
  readonly type: string;
  readonly address: string;
  readonly transport: string;
}

/**
 * Where the media of a client in a meeting go. Whatever isn't the proxy's or another node's may be the
 * node's: behind a NAT it has an address that only it knows. A relay stands where its operator wants it, and
 * so do STUN and TURN servers, which are only told. A page that makes no connection shows nothing.
 */
export function judgeMedia(origin: string, seen: Seen, servers: Places): BrowserVerdict {
  const expected =
    'in a meeting, the client opens its sockets at the node and sends its media there, not to the proxy';
  const cluster = new URL(origin).host;
  const own = addressesOf(servers.own, servers, cluster);
  const proxy = addressesOf([cluster], servers).filter((address) => !own.includes(address));
  const others = addressesOf(servers.others, servers).filter((address) => !own.includes(address));
  const candidates = seen.peers.flatMap(({ candidates: all }) => all.flatMap(candidateIn));
  const direct = candidates.filter(({ type }) => type !== 'relay');
  const misled = direct.flatMap(({ address, transport }) => {
    if (proxy.includes(address)) return [`media go to the proxy (${address}, ${transport})`];
    return others.includes(address) ? [`media go to another node (${address}, ${transport})`] : [];
  });
  const sockets = seen.ownSockets.flatMap(({ url }) => {
    const { host } = new URL(url);
    if (host === cluster) return [`${shownUrl(url)} goes to the proxy`];
    return servers.others.has(host) ? [`${shownUrl(url)} goes to another node`] : [];
  });
  const wrong = [...new Set([...misled, ...sockets])];
  if (wrong.length > 0) return { outcome: 'failed', expected, found: wrong.join('; ') };
  const relays = relayWords(seen.peers);
  if (candidates.length === 0) {
    const why =
      seen.peers.length === 0
        ? 'the client makes no connection for media'
        : `the client makes a connection for media, and no way to the node is offered to it${relays}`;
    return { outcome: 'not-applicable', expected, found: why };
  }
  const addresses = [...new Set(direct.map(({ address }) => address))];
  const where = addresses.length === 0 ? 'by relays alone' : `to ${addresses.join(', ')}`;
  return { outcome: 'passed', expected, found: `media go ${where}${relays}` };
}

/** The addresses of servers, given by host and port, without those of one of them. */
function addressesOf(
  hosts: Iterable<string>,
  { places }: Pick<Places, 'places'>,
  without?: string,
): readonly string[] {
  return [...hosts].flatMap((host) => {
    if (host === without) return [];
    const { hostname } = new URL(`https://${host}`);
    const name = hostname.replace(/^\[|\]$/g, '');
    return isIP(name) === 0 ? (places.get(name) ?? []) : [name];
  });
}

/** `FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ TYPE …`; nothing if it is no such thing. */
export function candidateIn(text: string): readonly Candidate[] {
  const [, , transport = '', , address = '', , typ, type = ''] = text.split(' ');
  const known = typ === 'typ' && /^(?:udp|tcp)$/i.test(transport) && /^[\da-z.:-]{1,255}$/i.test(address);
  return known ? [{ type, address: address.toLowerCase(), transport: transport.toLowerCase() }] : [];
}

/** How many servers are told: a provider may give a long list. */
const mostTold = 4;

function relayWords(peers: readonly Peer[]): string {
  const servers = [...new Set(peers.flatMap((peer) => peer.servers))].flatMap((url) =>
    /^(?:stuns?|turns?):[\da-z.:[\]-]{1,255}(?:\?transport=(?:udp|tcp))?$/i.test(url) ? [url] : [],
  );
  if (servers.length === 0) return '';
  const more = servers.length - mostTold;
  const told = [...servers.slice(0, mostTold), ...(more > 0 ? [`and ${more} more`] : [])];
  return `; it was given ${told.join(', ')}`;
}
