import { parts, sampling } from './long-files.ts';
import { seed } from './random.ts';

/** The cases of a long table that are tried: all of them, or those of the seed's part. */
export function sampled<Case>(cases: readonly Case[]): readonly Case[] {
  // Where there are fewer cases than parts, one of them all the same.
  const every = Math.min(parts, cases.length);
  return sampling ? cases.filter((_, index) => (index + seed) % every === 0) : cases;
}
