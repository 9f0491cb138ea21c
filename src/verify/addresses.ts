import { promises as dns } from 'node:dns';
import type { Addresses, NoAnswer } from './answers.ts';
import { type NetworkOptions, waitFor } from './patience.ts';
import { noAnswer } from './trouble-words.ts';

/**
 * A name's addresses, as programs of this machine resolve it. Nothing can stop a look-up that is under way,
 * so it goes on by itself where nobody waits for it any more.
 */
export function addressesOf(hostname: string, options: NetworkOptions): Promise<Addresses | NoAnswer> {
  return new Promise((resolve) => {
    const stopWaiting = waitFor(options, (error) => resolve(noAnswer(error, hostname, hostname)));
    const end = (answer: Addresses | NoAnswer) => {
      stopWaiting();
      resolve(answer);
    };
    dns.lookup(hostname, { all: true }).then(
      (found) => end({ kind: 'addresses', addresses: [...new Set(found.map(({ address }) => address))] }),
      (error: NodeJS.ErrnoException) =>
        end(
          error.code === 'ENOTFOUND'
            ? { kind: 'addresses', addresses: [] }
            : noAnswer(error, hostname, hostname),
        ),
    );
  });
}
