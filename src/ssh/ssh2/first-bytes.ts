import type { Duplex } from 'node:stream';
import { parseOffer, type ServerOffer } from './server-offer.ts';

/** If more bytes arrive before the end of the first packet, it isn't an sshd. */
const longest = 64 * 1024;

/** What a server sends first, read along with ssh2, which keeps most of it to itself. */
export interface FirstBytes {
  /** lines before the server's version (RFC 4253, 4.2), or instead of it */
  greeting(): string;
  /** the algorithms that it offers; undefined if they have not arrived */
  offer(): ServerOffer | undefined;
}

/** To be called in the same tick in which ssh2 gets the stream, so that neither misses anything. */
export function firstBytesOf(stream: Duplex): FirstBytes {
  let bytes = Buffer.alloc(0);
  const take = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length > longest || parseOffer(bytes) !== 'incomplete') stream.off('data', take);
  };
  stream.on('data', take);
  return {
    greeting: () => bytes.toString('latin1').replace(/(?:^|(?<=\n))SSH-[\s\S]*/, ''),
    offer: () => {
      const offer = parseOffer(bytes);
      return offer === 'incomplete' ? undefined : offer;
    },
  };
}
