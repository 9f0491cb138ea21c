import { promises as dns } from 'node:dns';
import { connect, isIP } from 'node:net';
import { ownNetworkErrors } from '../model/own-network.ts';
import type { Reached, SeenFromHere } from './seen.ts';

/** A server that is up answers within a round trip; a firewall that drops packets never. Milliseconds. */
const patience = 3_000;

/** What this machine knows of a name: its addresses, and whether something listens there on port 443. */
export async function seeFromHere(name: string, signal: AbortSignal): Promise<SeenFromHere> {
  const addresses = await resolve(name);
  const six = (addresses ?? []).filter((address) => isIP(address) === 6);
  const [four] = (addresses ?? []).filter((address) => isIP(address) === 4);
  // Nobody wants to know it of IPv4 alone: verify asks there.
  if (six.length === 0) return { addresses, ipv6: new Map(), ipv4: undefined };
  const [ipv4, ...ipv6] = await Promise.all([
    four === undefined ? undefined : listens(four, signal),
    ...six.map(async (address) => [address, await listens(address, signal)] as const),
  ]);
  return { addresses, ipv4, ipv6: new Map(ipv6) };
}

/** As programs of this machine resolve it; undefined if that can't be asked now. */
async function resolve(name: string): Promise<readonly string[] | undefined> {
  try {
    const found = await dns.lookup(name, { all: true });
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTFOUND' ? [] : undefined;
  }
}

function listens(address: string, signal: AbortSignal): Promise<Reached> {
  return new Promise((done) => {
    const socket = connect({ host: address, port: 443, signal });
    const end = (answer: Reached) => {
      socket.destroy();
      done(answer);
    };
    socket.setTimeout(patience, () => end('silent'));
    socket.on('connect', () => end('answers'));
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      if (signal.aborted || ownNetworkErrors.has(code)) end('not-asked');
      else end(code === 'ECONNREFUSED' ? 'refuses' : 'silent');
    });
  });
}
