import fc from 'fast-check';

/** What goes wrong in the middle of a run, and when. */
export interface Crash {
  /**
   * before the call of that number that it makes on the host, or before or after the call that has this
   * pattern of sh(1)
   */
  readonly at: number | { readonly moment: 'before' | 'after'; readonly pattern: string };
  readonly how: 'power' | 'runner' | 'runner and all its processes' | 'controller' | 'somebody edits a file';
}

/** Something that happens to a host in the course of its life. */
export type Operation =
  | {
      readonly kind: 'apply';
      readonly generation: number;
      readonly extra: boolean;
      /** nginx doesn't accept what it comes to */
      readonly broken?: boolean | undefined;
      readonly crash: Crash | undefined;
    }
  | { readonly kind: 'rollback'; readonly crash: Crash | undefined }
  | { readonly kind: 'retire'; readonly crash: Crash | undefined }
  | { readonly kind: 'edit'; readonly what: Edit }
  | { readonly kind: 'upgrade'; readonly restart: boolean };

export const edits = [
  'a line of theirs among the keys',
  'our key',
  'the whole file of ours',
  'a variable of theirs in our drop-in',
  'a file of theirs in our directory',
  'our file is removed',
  'our link is turned',
] as const;
export type Edit = (typeof edits)[number];

/** A run makes about eighty calls; beyond them nothing happens to it. */
const crash: fc.Arbitrary<Crash> = fc.record({
  at: fc.integer({ min: 1, max: 90 }),
  how: fc.constantFrom(
    'power',
    'runner',
    'runner and all its processes',
    'controller',
    'somebody edits a file',
  ),
});
const perhaps = fc.oneof(crash, fc.constant(undefined));

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('apply' as const),
      generation: fc.integer({ min: 1, max: 3 }),
      extra: fc.boolean(),
      broken: fc.constantFrom(true, ...Array<undefined>(6)),
      crash: perhaps,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rollback' as const), crash: perhaps }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retire' as const), crash: perhaps }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('edit' as const), what: fc.constantFrom(...edits) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('upgrade' as const), restart: fc.boolean() }) },
);

/** How many sequences are tried: by `npm test`, by `npm run test:faults`. */
export const sequenceCounts = { usual: 2, full: 100 };

/** The same sequences for the same seed. */
export function sequencesOf(seed: number, count: number): readonly (readonly Operation[])[] {
  return fc.sample(fc.array(operation, { minLength: 6, maxLength: 8, size: 'max' }), {
    seed,
    numRuns: count,
  });
}

export function wordsOf(operation: Operation): string {
  switch (operation.kind) {
    case 'edit':
      return `by hand: ${operation.what}`;
    case 'upgrade':
      return operation.restart ? 'a package upgrade that restarts' : 'a package upgrade';
    default: {
      const { kind, crash: one } = operation;
      const what =
        kind === 'apply'
          ? `apply ${operation.generation}${operation.extra ? '+' : ''}${operation.broken ? ' broken' : ''}`
          : kind;
      if (one === undefined) return what;
      const { at } = one;
      const when = typeof at === 'number' ? `at call ${at}` : `${at.moment} ${at.pattern}`;
      return `${what} (${one.how} ${when})`;
    }
  }
}
