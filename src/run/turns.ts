/** A host that is to be changed. */
export interface Turn {
  readonly host: string;
  /** people are cut off, or may be, while it is being changed */
  readonly interrupts: boolean;
  /** it leaves the cluster: nobody depends on it any more */
  readonly leaves: boolean;
}

/**
 * Which hosts of a role are to be changed, are being changed, and are out. Plain data; `nextTurn` decides
 * what may happen next.
 */
export interface Turns {
  /** in the order in which they are to start */
  readonly waiting: readonly Turn[];
  readonly underWay: readonly Turn[];
  /** of those that are waiting: on which people are, so that they may not start yet */
  readonly busy: ReadonlySet<string>;
  /** hosts of the role that don't serve anyone, whether they are to be changed or not */
  readonly down: ReadonlySet<string>;
  /** maximum number of hosts that may be out at once; at least 1 */
  readonly limit: number;
  /** maximum number of hosts at once; at least 1 */
  readonly parallel: number;
  /**
   * how many hosts begin together, the next ones only when all of them have ended; undefined: each begins as
   * soon as another has ended
   */
  readonly together?: number | undefined;
  /** those that began together, as long as one of them is under way: how many, and whether more may follow */
  readonly group?: { readonly begun: number; readonly isOpen: boolean } | undefined;
  /** a host that stays in the cluster, or one that leaves it, was actually changed */
  readonly proven: { readonly staying: boolean; readonly leaving: boolean };
}

/**
 * `changed`: actually changed, and well since; `partly`: well, but some services still have to restart;
 * `as-before`: nothing was changed, or everything was reverted; `out`: it may not be serving anyone.
 */
export type Ending = 'changed' | 'partly' | 'as-before' | 'out';

export const nothingProven = { staying: false, leaving: false } as const;

/**
 * The first host that may start now; undefined if another has to end first. If none is in progress and still
 * none may start, those that wait never can: hosts that are down have reached the limit.
 *
 * Until one host was actually changed, only one is changed at a time, so that a fault common to all hits only
 * one of them, even if the first ones are deferred. A host that leaves says nothing about those that stay,
 * and vice versa.
 */
export function nextTurn(turns: Turns): Turn | undefined {
  const { underWay, parallel } = turns;
  const waiting = turns.waiting.filter(({ host }) => !turns.busy.has(host));
  if (underWay.length >= parallel || underWay.some((turn) => !isProven(turns, turn))) return undefined;
  if (!joins(turns)) return undefined;
  return waiting.find((turn) => (underWay.length === 0 || isProven(turns, turn)) && fits(turns, turn));
}

export function begun(turns: Turns, turn: Turn): Turns {
  return {
    ...turns,
    waiting: turns.waiting.filter((one) => one !== turn),
    underWay: [...turns.underWay, turn],
    group: { begun: turns.underWay.length === 0 ? 1 : (turns.group?.begun ?? 0) + 1, isOpen: true },
  };
}

/** All that may begin together have begun: whoever may start later belongs to the next ones. */
export function closed(turns: Turns): Turns {
  return { ...turns, group: turns.group && { ...turns.group, isOpen: false } };
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

/** People are on the host: it goes to the end of the row, and may not start before they have gone. */
export function putOff(turns: Turns, turn: Turn): Turns {
  return {
    ...turns,
    waiting: [...turns.waiting.filter((one) => one !== turn), turn],
    busy: new Set([...turns.busy, turn.host]),
  };
}

/** The people have gone, or it isn't waited for them any longer. */
export function mayStart(turns: Turns, host: string): Turns {
  return { ...turns, busy: new Set([...turns.busy].filter((one) => one !== host)) };
}

/** The hosts that don't, or may not, serve anyone at the moment. */
export function outNow({ down, underWay }: Turns): ReadonlySet<string> {
  const interrupted = underWay.filter((turn) => turn.interrupts && !turn.leaves);
  return new Set([...down, ...interrupted.map(({ host }) => host)]);
}

/** A host that is already down may be repaired: that does not increase the number of hosts that are out. */
function fits(turns: Turns, { host, interrupts, leaves }: Turn): boolean {
  return !interrupts || leaves || turns.down.has(host) || outNow(turns).size < turns.limit;
}

/** Whether a further host may begin beside those under way. */
function joins({ underWay, together, group }: Turns): boolean {
  if (together === undefined || underWay.length === 0) return true;
  return group?.isOpen === true && group.begun < together;
}

function isProven({ proven }: Turns, turn: Turn): boolean {
  return proven[kindOf(turn)];
}

function kindOf({ leaves }: Turn): keyof Turns['proven'] {
  return leaves ? 'leaving' : 'staying';
}
