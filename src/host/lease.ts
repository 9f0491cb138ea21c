import type { Aborted, Hold, Lease } from '../model/claims.ts';
import type { Connection } from '../ssh/contract.ts';
import { readAborted, readHold, readLease } from './claims.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { fieldSeparator, printable, record, splitOnce } from './records.ts';

/** A lease as it is asked for: the host knows the time by its own clock. */
export interface WantedLease extends Pick<Lease, 'by' | 'from' | 'run' | 'command' | 'process'> {
  readonly machineId: string;
  readonly cluster: string;
  readonly seconds: number;
  /** of this call: another one with the same id of a run is another */
  readonly token: string;
}

/** What goes to the host with it. */
export interface LeaseExtras {
  /** a run whose lease may be taken over */
  readonly over?: string | undefined;
  /** what was agreed on, when it is taken; how the run ended, when it is released */
  readonly file?: Buffer | undefined;
  /** how many runs the host remembers; 20 by default */
  readonly keep?: number | undefined;
}

/** What a host says to it. */
export type LeaseAnswer =
  | { readonly kind: 'taken' | 'released' }
  /** it isn't this run's any more: it was broken, or another run came after it had expired */
  | { readonly kind: 'lost' }
  /** another call has begun a run of this id */
  | { readonly kind: 'known' }
  /** nothing more of the run is to be begun; if it was renewed, it is renewed */
  | { readonly kind: 'aborted'; readonly aborted: Aborted }
  /** another run has reserved the host */
  | { readonly kind: 'leased'; readonly lease: Lease }
  | { readonly kind: 'held'; readonly hold: Hold }
  /** another run is at work there; who, in words */
  | { readonly kind: 'locked'; readonly who: string }
  /** nothing that counts, as from another machine at this address */
  | { readonly kind: 'none' };

/** What is done with it; `withdraw` is for a run that hasn't begun, and leaves nothing of it. */
export type LeaseWish = 'take' | 'renew' | 'release' | 'withdraw';

/** Takes, renews or gives back the lease of a run on a host. Throws what the connection throws. */
export async function lease(
  connection: Connection,
  what: LeaseWish,
  wanted: WantedLease,
  { over = '', file, keep }: LeaseExtras = {},
): Promise<LeaseAnswer> {
  const { machineId, cluster, run, seconds, by, from, command, process, token } = wanted;
  const nonce = newNonce();
  const whose = [machineId, cluster, run, seconds, by, from, command, process] as const;
  const request = record('lease', what, ...whose, over, token, file?.length ?? 0, keep ?? 20);
  const header = framed(await program('lease'), request, nonce);
  const result = await connection.exec(bootstrap, file === undefined ? header : [header, file], {
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
    case 'known':
      return { kind };
    case 'aborted':
      return { kind, aborted: readAborted(told) };
    case 'locked':
      return { kind, who: printable(told) };
  }
  const other = kind === 'leased' ? readLease(told) : undefined;
  if (other !== undefined) return { kind: 'leased', lease: other };
  const hold = kind === 'held' ? readHold(told) : undefined;
  if (hold !== undefined) return { kind: 'held', hold };
  return { kind: 'none' };
}
