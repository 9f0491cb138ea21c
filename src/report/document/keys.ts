import { cleanName } from './harmless.ts';
import type { ReportHost, ReportHostKeys } from './schema.ts';

/** The public keys that a host shows, and what is known of them. */
export interface HostKeys {
  /** where it is, and the hosts on the way */
  readonly address: string;
  readonly keys: readonly {
    readonly type: string;
    readonly fingerprint: string;
    readonly state: NonNullable<ReportHost['hostKeys']>[number]['state'];
  }[];
  /** what is known and contradicted */
  readonly old: readonly {
    readonly type: string;
    readonly fingerprint: string;
    readonly file: string;
    readonly line: number;
  }[];
  /** fingerprints that the inventory pins */
  readonly pinned: readonly string[];
  /** fingerprints of the keys that this run has written down */
  readonly written: readonly string[];
}

/** The keys of a host, for the document. */
export function keysDocument({ address, keys, old, pinned, written }: HostKeys): ReportHostKeys {
  return {
    address: cleanName(address),
    hostKeys: keys.map(({ type, fingerprint, state }) => ({
      type: cleanName(type),
      fingerprint: cleanName(fingerprint),
      state,
      pinned: written.includes(fingerprint),
    })),
    ...(old.length === 0
      ? {}
      : {
          contradicted: old.map(({ type, fingerprint, file, line }) => ({
            type: cleanName(type),
            fingerprint: cleanName(fingerprint),
            file: cleanName(file),
            line,
          })),
        }),
    ...(pinned.length === 0 ? {} : { inventoryKeys: pinned.map(cleanName) }),
  };
}
