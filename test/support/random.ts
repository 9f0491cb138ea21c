import fc from 'fast-check';

/** `npm run test:long` tries everything; `npm test` tries a sample of it, a different one each time. */
export const long = process.env.CLUSTERPROXY_LONG === '1';

/**
 * Of what can go wrong while a host is changed: `npm run test:faults` tries all of that, and nothing else.
 */
export const allFaults = long || process.env.CLUSTERPROXY_FAULTS === 'full';

/**
 * What a test run draws its random texts, values and choices from. vitest.config.ts chooses and prints it;
 * the same number draws the same ones again: `CLUSTERPROXY_SEED=N npx vitest run FILE`.
 */
export const seed = Number(process.env.CLUSTERPROXY_SEED);

// This file is among the `setupFiles`, so it also holds for properties that name no number of runs.
fc.configureGlobal({ seed });

/**
 * How often a property is tried: `count` times in a long run, otherwise a tenth of that, but at least `least`
 * times.
 */
export function runs(count: number, least = 20): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: long ? count : Math.max(Math.ceil(count / 10), Math.min(least, count)), seed };
}
