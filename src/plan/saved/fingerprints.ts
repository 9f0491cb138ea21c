import { type ScryptOptions, scrypt } from 'node:crypto';
import { sha256 } from '../../model/change.ts';
import type { PathState } from '../../model/snapshot.ts';
import { stateFingerprint } from '../record.ts';

/** What of a state counts, and whether it contains a secret. */
export interface Kind {
  /** mode and owner don't, since they were only assumed */
  readonly contentOnly: boolean;
  readonly secret: boolean;
}

/**
 * 32 MB and about 100 ms for each guess (scrypt, RFC 7914). The hash of a file gives away a short password in
 * it, since anyone who knows the rest of the file can try all passwords. So this hash is salted and slow.
 */
const cost: ScryptOptions = { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 };

/**
 * Fingerprints of states in a saved plan, each a text; empty if there is nothing at the path. Equal contents
 * on many hosts are hashed once.
 */
export class Fingerprints {
  readonly salt: string;
  readonly #slow = new Map<string, Promise<string>>();

  constructor(salt: string) {
    this.salt = salt;
  }

  async of(path: string, state: PathState, { contentOnly, secret }: Kind): Promise<string> {
    const plain = contentOnly ? contentFingerprint(state) : (stateFingerprint(state) ?? '');
    return secret && plain !== '' ? this.#slowly(`${path}\n${plain}`) : plain;
  }

  #slowly(text: string): Promise<string> {
    const known = this.#slow.get(text);
    if (known !== undefined) return known;
    const hash = new Promise<string>((resolve, reject) =>
      scrypt(text, this.salt, 32, cost, (error, key) =>
        error === null ? resolve(`scrypt:${key.toString('hex')}`) : reject(error),
      ),
    );
    this.#slow.set(text, hash);
    return hash;
  }
}

function contentFingerprint(state: PathState): string {
  if (state.kind === 'file') return sha256(state.content);
  return state.kind === 'directory' ? state.kind : (stateFingerprint(state) ?? '');
}
