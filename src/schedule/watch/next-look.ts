/** Seconds until hosts that did not answer are asked again: soon at first, as they may be restarting. */
const pauses = [15, 30, 60] as const;

/** How far a pause may differ from the one that was asked for, so that several watchers don't meet. */
const spread = 0.1;

/**
 * How long to wait for the next look, in seconds: `every`, a tenth more or less. Pure; `random` from 0 to 1.
 */
export function pauseBefore(every: number, random: number): number {
  return every * (1 - spread + 2 * spread * random);
}

/**
 * How long to wait until hosts that did not answer are asked again whether they are there, in seconds; never
 * longer than a minute, and at most a quarter of `every`. `tries`: how often they were asked by now.
 */
export function pauseBeforeAsking(every: number, tries: number): number {
  return Math.min(pauses[tries] ?? 60, every / 4);
}
