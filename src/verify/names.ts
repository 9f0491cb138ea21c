import type { NamesQuestion } from '../model/balancer-question.ts';
import type { Verdict } from '../model/outside-check.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Network } from './network.ts';

/** A name's addresses; undefined where it could not be asked. */
export interface NameSeen {
  readonly name: string;
  /** from this machine */
  readonly here: readonly string[] | undefined;
  /** on the host, as its own programs resolve it */
  readonly there: readonly string[] | undefined;
}

/** Asks this machine for names, and compares that with what the look at the host has found. */
export async function askNames(
  { names }: NamesQuestion,
  network: Network,
  snapshot: Snapshot | undefined,
): Promise<Verdict> {
  const seen = await Promise.all(
    names.map(async (name) => {
      const here = await network.addresses(name);
      const there = snapshot?.names.get(name);
      return { name, here: here.kind === 'trouble' ? undefined : here.addresses, there };
    }),
  );
  return judgeNames(seen);
}

/**
 * Whether a host that relays by names comes to the right servers. Answers that differ are no fault, since
 * many networks answer differently inside and outside; that a name leads to the address of another one is.
 */
export function judgeNames(seen: readonly NameSeen[]): Verdict {
  const names = seen.map(({ name }) => name);
  const listed = [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((words) => words !== '');
  const expected = `the host resolves ${listed.join(' and ')}, each to an address of its own`;
  const faults = seen.flatMap((one) => faultOf(one, seen));
  if (faults.length > 0) return { outcome: 'failed', expected, found: faults.join('; ') };
  if (seen.some(({ there }) => there === undefined)) {
    return { outcome: 'not-asked', expected, found: 'the host could not be asked for it' };
  }
  if (seen.some(({ here }) => here === undefined)) {
    return { outcome: 'not-asked', expected, found: "this machine can't resolve names at the moment" };
  }
  const notes = seen.flatMap(noteOf);
  return notes.length === 0
    ? { outcome: 'passed', expected, found: 'so it does, as this machine does' }
    : { outcome: 'passed', expected, found: 'so it does', note: notes.join('; ') };
}

function faultOf({ name, here = [], there }: NameSeen, all: readonly NameSeen[]): readonly string[] {
  if (there === undefined) return [];
  if (there.length === 0) return [`${name} does not resolve on the host`];
  if (here.length === 0 || overlap(here, there)) return [];
  const other = all.find((one) => one.name !== name && overlap(one.here ?? [], there));
  if (other === undefined) return [];
  return [`${name} has ${there.join(', ')} on the host, which is the address of ${other.name}`];
}

function noteOf({ name, here = [], there = [] }: NameSeen): readonly string[] {
  if (overlap(here, there)) return [];
  const words = `${name} has ${there.join(', ')} on the host`;
  if (here.length === 0) return [`${words}, and does not resolve here`];
  return [`${words} and ${here.join(', ')} here, as in networks that answer differently inside and outside`];
}

function overlap(some: readonly string[], others: readonly string[]): boolean {
  return some.some((address) => others.includes(address));
}
