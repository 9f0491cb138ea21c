import fc from 'fast-check';

/** `npm run test:long` tries everything; `npm test` tries a sample of it, a different one each time. */
export const long = process.env.CLUSTERPROXY_LONG === '1';

/** `npm run test:faults` tries everything that can go wrong while a host is changed, and nothing else. */
export const allFaults = long || process.env.CLUSTERPROXY_FAULTS === 'full';

/**
 * The seed for random texts, values and choices of a test run. vitest.config.ts chooses and prints it; the
 * same number repeats the same ones: `CLUSTERPROXY_SEED=N npx vitest run FILE`.
 */
export const seed = Number(process.env.CLUSTERPROXY_SEED);

// This file is one of the `setupFiles`, so it also applies to properties that set no number of runs.
fc.configureGlobal({ seed });

/**
 * How often a property is tried: `count` times in a long run, otherwise a twenty-fifth of that, but at least
 * `least` times.
 */
export function runs(count: number, least = 10): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: long ? count : Math.max(Math.ceil(count / 25), Math.min(least, count)), seed };
}

/**
 * Texts of any characters of Unicode. fast-check's own `unit: 'binary'` says the same, but makes a table of a
 * million characters first, in each place where it is used.
 */
export function anyText(constraints: fc.ArrayConstraints = {}): fc.Arbitrary<string> {
  const character = fc.oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  );
  return fc.array(character, constraints).map((codes) => String.fromCodePoint(...codes));
}
