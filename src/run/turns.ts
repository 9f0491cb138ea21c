/** A host that is to be changed. */
export interface Turn {
  readonly host: string;
  /** people are cut off, or may be, while it's changed */
  readonly interrupts: boolean;
  /** it leaves the cluster: nobody counts on it any more */
  readonly leaves: boolean;
}

/**
 * Who of a role is to be changed, who is being changed, and who is out. Plain data; what may happen next is a
 * question to `nextTurn`.
 */
export interface Turns {
  /** in the order in which they are to begin */
  readonly waiting: readonly Turn[];
  readonly underWay: readonly Turn[];
  /** hosts of the role that serve nobody, whether they are to be changed or not */
  readonly down: ReadonlySet<string>;
  /** so many may be out at once; at least 1 */
  readonly limit: number;
  /** so many are worked on at once; at least 1 */
  readonly parallel: number;
  /** a host that stays in the cluster, or one that leaves it, was really changed */
  readonly proven: { readonly staying: boolean; readonly leaving: boolean };
}

/**
 * `changed`: really, and well since; `partly`: well, but services still have to take something up;
 * `as-before`: nothing was changed, or all was put back; `out`: it may serve nobody.
 */
export type Ending = 'changed' | 'partly' | 'as-before' | 'out';

export const nothingProven = { staying: false, leaving: false } as const;

/**
 * The first host that may begin now; undefined where one has to end first. Where none is under way and still
 * none may begin, those that wait never can: the limit is reached by hosts that are down.
 *
 * Until a host was really changed there is one at a time: a fault that all share is met by one of them only,
 * also where the first ones are put off. What a host that leaves goes through tells nothing of those that
 * stay, and the other way round.
 */
export function nextTurn(turns: Turns): Turn | undefined {
  const { waiting, underWay, parallel } = turns;
  if (underWay.length >= parallel || underWay.some((turn) => !isProven(turns, turn))) return undefined;
  return waiting.find((turn) => (underWay.length === 0 || isProven(turns, turn)) && fits(turns, turn));
}

export function begun(turns: Turns, turn: Turn): Turns {
  return {
    ...turns,
    waiting: turns.waiting.filter((one) => one !== turn),
    underWay: [...turns.underWay, turn],
  };
}

export function ended(turns: Turns, turn: Turn, ending: Ending): Turns {
  const down = new Set(turns.down);
  if (ending === 'out' && !turn.leaves) down.add(turn.host);
  if (ending === 'changed' || ending === 'partly') down.delete(turn.host);
  return {
    ...turns,
    underWay: turns.underWay.filter((one) => one !== turn),
    down,
    proven: ending === 'changed' ? { ...turns.proven, [kindOf(turn)]: true } : turns.proven,
  };
}

/** The hosts that serve nobody at this moment, or may not. */
export function outNow({ down, underWay }: Turns): ReadonlySet<string> {
  const interrupted = underWay.filter((turn) => turn.interrupts && !turn.leaves);
  return new Set([...down, ...interrupted.map(({ host }) => host)]);
}

/** One that is down already may be mended: it doesn't make more of them. */
function fits(turns: Turns, { host, interrupts, leaves }: Turn): boolean {
  return !interrupts || leaves || turns.down.has(host) || outNow(turns).size < turns.limit;
}

function isProven({ proven }: Turns, turn: Turn): boolean {
  return proven[kindOf(turn)];
}

function kindOf({ leaves }: Turn): keyof Turns['proven'] {
  return leaves ? 'leaving' : 'staying';
}
