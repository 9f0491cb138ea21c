import { isIP } from 'node:net';
import type { Node } from './nodes.ts';

/** How a node's certificate is checked. */
export interface Trust {
  /** the file with the authorities */
  readonly certificates: string;
  /** how many certificates a chain may have between the node's and an authority */
  readonly depth: number;
}

/**
 * What a proxy must do with the requests of one path: pass them on to a node. Each proxy's software has its
 * own way to say so; what it has to say is this and nothing else.
 *
 * - The path is literal and its case counts; it wins over whatever else the proxy's server has.
 * - Where it ends with a slash, a request for it without the slash is answered by a redirect (301) with the
 *   slash, whose query stays and which names neither scheme nor host.
 * - `targetPath` takes its place; the rest of the path and the query stay as they are.
 * - The node is asked at `address`, by HTTP/1.1, with `name` as Host and server name (SNI).
 * - A request that asks for a WebSocket gets one.
 */
export interface Relay {
  readonly path: string;
  readonly targetPath: string;
  readonly scheme: 'http' | 'https';
  /** an IP address without brackets, or a name that the proxy looks up */
  readonly address: string;
  /** undefined: that of the scheme */
  readonly port: number | undefined;
  /** the node's own name, in small letters */
  readonly name: string;
  /** undefined: the node's certificate isn't checked, or that is left to somebody else */
  readonly trust: Trust | undefined;
  /** whether names of files there may have a hash of their contents: such a file never changes */
  readonly hasHashedFiles: boolean;
}

/** What a proxy has to do for one node. */
export interface NodeRelays {
  /** the node's name in the inventory */
  readonly node: string;
  readonly relays: readonly Relay[];
}

/** What a proxy knows of its way to a node. */
export interface Way {
  /** undefined: certificates are left to somebody else */
  readonly trust?: Trust | undefined;
  /** where the proxy reaches the node; its hostname if left out */
  readonly address?: string | undefined;
}

/** What a proxy must do for a node. */
export function relaysOf(node: Node, { trust, address = node.hostname }: Way): readonly Relay[] {
  return node.locations.map(({ path, target, hashed_files: hasHashedFiles }) => {
    const [, scheme = '', host = '', port, targetPath = ''] =
      /^(https?):\/\/([^/:]+)(?::(\d+))?(.*)$/.exec(target) ?? [];
    const isSecure = scheme === 'https';
    // Another host than the node is asked under its own name.
    const isElsewhere = host.toLowerCase() === node.hostname.toLowerCase() && address !== node.hostname;
    return {
      path,
      targetPath,
      scheme: isSecure ? 'https' : 'http',
      address: isElsewhere ? address : host,
      port: port === undefined ? undefined : Number(port),
      name: host.toLowerCase(),
      trust: isSecure && node.verify ? trust : undefined,
      hasHashedFiles,
    };
  });
}

/** The server that is asked, as the beginning of a URL. */
export function serverUrl({ scheme, address, port }: Pick<Relay, 'scheme' | 'address' | 'port'>): string {
  return `${scheme}://${inUrl(address)}${port === undefined ? '' : `:${port}`}`;
}

/** An address as it stands in URLs. */
function inUrl(address: string): string {
  return isIP(address) === 6 ? `[${address}]` : address;
}

/** Whether the proxy asks for the node by another name than that which the node goes by. */
export function isRenamed({ address, name }: Relay): boolean {
  return address.toLowerCase() !== name;
}
