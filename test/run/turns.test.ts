import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  begun,
  closed,
  type Ending,
  ended,
  nextTurn,
  nothingProven,
  outNow,
  type Turn,
  type Turns,
} from '../../src/run/turns.ts';

const endings: readonly Ending[] = ['changed', 'as-before', 'out'];

/** A role, how each host of it will end, and who of those under way ends next. */
const scenario = fc
  .array(
    fc.record({
      interrupts: fc.boolean(),
      leaves: fc.boolean(),
      isDown: fc.boolean(),
      isDue: fc.boolean(),
      ending: fc.constantFrom(...endings),
    }),
    { maxLength: 12 },
  )
  .chain((hosts) =>
    fc.record({
      hosts: fc.constant(hosts.map((host, index) => ({ ...host, host: `h${index}` }))),
      limit: fc.integer({ min: 1, max: 5 }),
      parallel: fc.integer({ min: 1, max: 5 }),
      picks: fc.array(fc.nat(), { minLength: hosts.length, maxLength: hosts.length }),
    }),
  );

interface Moment {
  readonly kind: 'begun' | 'ended';
  readonly turn: Turn;
  readonly before: Turns;
  readonly after: Turns;
}

/** All that happens: hosts begin as soon as they may; one of those under way ends when none may. */
function play({
  hosts,
  limit,
  parallel,
  picks,
  together,
}: (typeof scenario extends fc.Arbitrary<infer Kind> ? Kind : never) & { readonly together?: number }): {
  readonly moments: readonly Moment[];
  readonly end: Turns;
} {
  let turns: Turns = {
    waiting: hosts.filter(({ isDue }) => isDue),
    underWay: [],
    busy: new Set(),
    down: new Set(hosts.filter(({ isDown, leaves }) => isDown && !leaves).map(({ host }) => host)),
    limit,
    parallel,
    together,
    proven: nothingProven,
  };
  const moments: Moment[] = [];
  const step = (kind: Moment['kind'], turn: Turn, after: Turns) => {
    moments.push({ kind, turn, before: turns, after });
    turns = after;
  };
  for (let index = 0; ; ) {
    const next = nextTurn(turns);
    if (next !== undefined) {
      step('begun', next, begun(turns, next));
      continue;
    }
    turns = closed(turns);
    const { underWay } = turns;
    const turn = underWay[(picks[index++] ?? 0) % Math.max(1, underWay.length)];
    if (turn === undefined) return { moments, end: turns };
    const ending = hosts.find(({ host }) => host === turn.host)?.ending ?? 'changed';
    step('ended', turn, ended(turns, turn, ending));
  }
}

const runs = { numRuns: 2_000 };

describe('whose turn it is, whatever becomes of each', () => {
  it('never has more hosts out than may be, but for those that nobody here put there', () => {
    fc.assert(
      fc.property(scenario, (given) => {
        for (const { kind, before, after } of play(given).moments) {
          if (kind !== 'begun') continue;
          const more = outNow(after).size > outNow(before).size;
          expect(more && outNow(after).size > given.limit).toBe(false);
        }
      }),
      runs,
    );
  });

  it('ends, begins each host once at most, and leaves out only what the limit holds back', () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const { moments, end } = play(given);
        const names = moments.filter(({ kind }) => kind === 'begun').map(({ turn }) => turn.host);
        expect(new Set(names).size).toBe(names.length);
        expect(end.underWay).toEqual([]);
        for (const turn of end.waiting) {
          expect(turn).toMatchObject({ interrupts: true, leaves: false });
          expect(end.down.has(turn.host)).toBe(false);
          expect(end.down.size).toBeGreaterThanOrEqual(given.limit);
        }
        const due = given.hosts.filter(({ isDue }) => isDue).map(({ host }) => host);
        expect([...names, ...end.waiting.map(({ host }) => host)].sort()).toEqual(due.sort());
      }),
      runs,
    );
  });

  it('changes one alone until one was really changed, of those that stay and of those that leave', () => {
    fc.assert(
      fc.property(scenario, (given) => {
        for (const { kind, turn, before } of play(given).moments) {
          if (kind !== 'begun') continue;
          const proven = (one: Turn) => (one.leaves ? before.proven.leaving : before.proven.staying);
          if (!proven(turn)) expect(before.underWay).toEqual([]);
          for (const other of before.underWay) expect(proven(other)).toBe(true);
        }
      }),
      runs,
    );
  });

  it('begins the next ones of a wave only when all that began together have ended, and never more', () => {
    fc.assert(
      fc.property(scenario, fc.integer({ min: 1, max: 4 }), (given, together) => {
        let size = 0;
        let ending = false;
        for (const { kind, before } of play({ ...given, together }).moments) {
          if (kind === 'ended') {
            ending = true;
            continue;
          }
          if (before.underWay.length === 0) [size, ending] = [0, false];
          expect(ending).toBe(false);
          size += 1;
          expect(size).toBeLessThanOrEqual(together);
        }
      }),
      runs,
    );
  });

  it('works on no more at once than --parallel says', () => {
    fc.assert(
      fc.property(scenario, (given) => {
        for (const { after } of play(given).moments) {
          expect(after.underWay.length).toBeLessThanOrEqual(given.parallel);
        }
      }),
      runs,
    );
  });
});
