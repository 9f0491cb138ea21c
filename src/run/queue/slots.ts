import type { Interval } from '../../calendar/intervals.ts';

/** What hosts share that begin by themselves, and can't see each other. Milliseconds. */
export interface Dealing {
  readonly hosts: number;
  /** how many of them may be at work at once; at least 1 */
  readonly atOnce: number;
  /** when people may be interrupted, in order */
  readonly open: readonly Interval[];
  /** the longest that one of them may be at work, until it is done or put back */
  readonly needed: number;
}

/** Hosts' clocks may be a little apart, though each is told its slots by its own. */
const between = 60_000;
/** A slot lasts for a while, as people have to go by its end; but not so long that others wait for ever. */
const [shortest, longest] = [300_000, 1_800_000];

/**
 * When each of the hosts may begin, by which no more of them are ever at work at once than may be, although
 * they decide by themselves. Where all may, each may begin whenever there is time enough until the end;
 * otherwise they take turns: a slot in which those of one group may begin, then the time that they may need,
 * then the slot of the next group, through all intervals. A host without a slot gets none.
 */
export function dealSlots({ hosts, atOnce, open, needed }: Dealing): readonly (readonly Interval[])[] {
  const groups = Math.max(1, Math.ceil(hosts / Math.max(1, atOnce)));
  const dealt = groups === 1 ? [whole(open, needed)] : inTurns(groups, open, needed);
  return Array.from({ length: hosts }, (_, index) => dealt[index % groups] ?? []);
}

function whole(open: readonly Interval[], needed: number): readonly Interval[] {
  return open.flatMap(({ from, to }) => (to - needed > from ? [{ from, to: to - needed }] : []));
}

function inTurns(groups: number, open: readonly Interval[], needed: number): readonly Interval[][] {
  const dealt = Array.from({ length: groups }, (): Interval[] => []);
  let turn = 0;
  // The end of what was dealt may reach past one interval, never into the next: each keeps its own margin.
  for (const { from, to } of open) {
    // In a short one as many get a turn as can.
    const fair = (to - from) / groups - needed - between;
    const span = Math.max(shortest, Math.min(longest, fair, needed));
    for (let at = from; to - needed - at >= shortest; turn++) {
      const end = Math.min(at + span, to - needed);
      dealt[turn % groups]?.push({ from: at, to: end });
      at = end + needed + between;
    }
  }
  return dealt;
}
