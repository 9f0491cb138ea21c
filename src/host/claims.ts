import type { Aborted, Claim, Hold, Lease } from '../model/claims.ts';
import { fields, printable } from './records.ts';

/** The record of a hold, as src/host/remote/claims.sh has it; undefined if there is none. */
export function readHold(record: string | undefined): Hold | undefined {
  if (record === undefined) return undefined;
  const [until = '', since = '', by = '', from = '', reason = ''] = fields(record);
  const text = { by: printable(by), from: printable(from), reason: printable(reason) };
  return { ...text, since: secondsIn(since) ?? 0, until: secondsIn(until) };
}

/** The same of a lease. */
export function readLease(record: string | undefined): Lease | undefined {
  if (record === undefined) return undefined;
  const [until = '', since = '', ...texts] = fields(record);
  const [by = '', from = '', run = '', command = '', process = ''] = texts.map(printable);
  return { by, from, run, command, process, since: secondsIn(since) ?? 0, until: secondsIn(until) };
}

/** Who has aborted a run, as src/host/remote/agreements.sh has it. */
export function readAborted(record: string): Aborted {
  const [since = '', by = '', from = ''] = fields(record);
  return { since: secondsIn(since) ?? 0, by: printable(by), from: printable(from) };
}

/** A claim by a clock that is ahead of the host's by so many seconds. */
export function shifted<Kind extends Claim>(claim: Kind, by: number): Kind {
  const until = claim.until === undefined ? undefined : claim.until + by;
  return { ...claim, since: claim.since + by, until };
}

/** A time that a host tells; undefined where it is none, which more digits are as well. */
export function secondsIn(text: string): number | undefined {
  return /^[0-9]{1,11}$/.test(text) ? Number(text) : undefined;
}
