import type { Hold } from '../model/claims.ts';
import { OperatorError } from '../model/operator-error.ts';
import { heard } from '../secrets/showable.ts';
import type { Connection } from '../ssh/contract.ts';
import { readHold, shifted } from './claims.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { fieldSeparator, printable, record, splitOnce } from './records.ts';

/** A hold as it is asked for: the host knows the time by its own clock. */
export interface WantedHold extends Pick<Hold, 'by' | 'from' | 'reason'> {
  readonly cluster: string;
  /** undefined: until it is released */
  readonly seconds: number | undefined;
}

/**
 * Writes the hold of a cluster on a host, in place of one that is there. Returns the one that counted until
 * now, if there was one, by our clock. Throws an OperatorError: `hold-failed`, or one of the connection's.
 */
export async function setHold(connection: Connection, wanted: WantedHold): Promise<Hold | undefined> {
  const { cluster, seconds, by, from, reason } = wanted;
  const request = record('hold', 'set', cluster, seconds ?? '', by, from, reason);
  const { verdict, before, detail } = await ask(connection, request);
  if (verdict === 'set') return before;
  throw failed('stored', verdict, detail);
}

/** Takes it away; the rest is as for `setHold`. */
export async function releaseHold(connection: Connection, cluster: string): Promise<Hold | undefined> {
  const request = record('hold', 'release', cluster, '', '', '', '');
  const { verdict, before, detail } = await ask(connection, request);
  if (verdict === 'released' || verdict === 'none') return before;
  throw failed('removed', verdict, detail);
}

interface HoldAnswer {
  readonly verdict: string;
  readonly before: Hold | undefined;
  readonly detail: string;
}

async function ask(connection: Connection, request: string): Promise<HoldAnswer> {
  const nonce = newNonce();
  const askedAt = Date.now();
  const result = await connection.exec(bootstrap, framed(await program('hold'), request, nonce), {
    timeout: 60,
    maximumOutput: 1024 * 1024,
  });
  const line = new RegExp(`${nonce} (.*)\n`).exec(result.stdout.toString('utf8'))?.[1];
  if (line === undefined) {
    throw new OperatorError({
      code: result.code === null ? 'connection-lost' : 'hold-failed',
      message: 'the answer of the host about the hold is incomplete',
      next: 'run clusterproxy status to see whether the host has it',
      detail: printable(result.stderr.subarray(0, 2_000).toString('utf8')).trim(),
    });
  }
  const [verdict = '', rest = ''] = splitOnce(line, fieldSeparator);
  const [clock = '', told = ''] = splitOnce(rest, fieldSeparator);
  const holds = verdict === 'set' || verdict === 'released';
  const hold = holds && told !== '' ? readHold(told) : undefined;
  // Less than a few seconds may be the way there.
  const offset = Number(clock) - (askedAt + Date.now()) / 2_000;
  const ahead = Number.isFinite(offset) && Math.abs(offset) > 5 ? Math.round(offset) : 0;
  return { verdict, before: hold && shifted(hold, -ahead), detail: holds ? '' : told };
}

function failed(what: string, verdict: string, detail: string): OperatorError {
  if (verdict === 'foreign') {
    return new OperatorError({
      code: 'folder-not-roots',
      message: '/var/lib/clusterproxy is a link, or belongs to another account',
      next: 'find out who made it, and move it out of the way: clusterproxy will create it again as a folder of root',
    });
  }
  return new OperatorError({
    code: 'hold-failed',
    message: `the hold was not ${what} on this host${detail === '' ? '' : `: ${heard(printable(detail))}`}`,
    next: "log in as root, or set 'become: sudo' in the inventory; if the disk is full or read-only, fix that first",
  });
}
