import type { Hold, Lease } from '../model/claims.ts';
import type { Connection } from '../ssh/contract.ts';
import { readHold, readLease } from './claims.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { fieldSeparator, printable, record, splitOnce } from './records.ts';

/** A lease as it is asked for: the host knows the time by its own clock. */
export interface WantedLease extends Pick<Lease, 'by' | 'from' | 'run' | 'command' | 'process'> {
  readonly machineId: string;
  readonly cluster: string;
  readonly seconds: number;
}

/** What a host says to it. */
export type LeaseAnswer =
  | { readonly kind: 'taken' | 'released' }
  /** it isn't this run's any more: it was broken, or another run came after it had expired */
  | { readonly kind: 'lost' }
  /** another run has reserved the host */
  | { readonly kind: 'leased'; readonly lease: Lease }
  | { readonly kind: 'held'; readonly hold: Hold }
  /** another run is at work there; who, in words */
  | { readonly kind: 'locked'; readonly who: string }
  /** nothing that counts, as from another machine at this address */
  | { readonly kind: 'none' };

/**
 * Takes, renews or gives back the lease of a run on a host; `over` names a run whose lease may be taken over.
 * Throws what the connection throws.
 */
export async function lease(
  connection: Connection,
  what: 'take' | 'renew' | 'release',
  wanted: WantedLease,
  { over = '' }: { readonly over?: string | undefined } = {},
): Promise<LeaseAnswer> {
  const { machineId, cluster, run, seconds, by, from, command, process } = wanted;
  const nonce = newNonce();
  const request = record('lease', what, machineId, cluster, run, seconds, by, from, command, process, over);
  const result = await connection.exec(bootstrap, framed(await program('lease'), request, nonce), {
    timeout: 60,
    maximumOutput: 1024 * 1024,
  });
  const line = new RegExp(`${nonce} (.*)\n`).exec(result.stdout.toString('utf8'))?.[1] ?? '';
  const [kind = '', rest = ''] = splitOnce(line, fieldSeparator);
  const [, told = ''] = splitOnce(rest, fieldSeparator);
  switch (kind) {
    case 'taken':
    case 'released':
    case 'lost':
      return { kind };
    case 'locked':
      return { kind, who: printable(told) };
  }
  const other = kind === 'leased' ? readLease(told) : undefined;
  if (other !== undefined) return { kind: 'leased', lease: other };
  const hold = kind === 'held' ? readHold(told) : undefined;
  if (hold !== undefined) return { kind: 'held', hold };
  return { kind: 'none' };
}
