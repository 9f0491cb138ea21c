import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { ProgressEvent } from '../../model/progress.ts';
import type { HostResult } from '../../model/result.ts';
import { notBegun } from '../waves.ts';

/** The host of a role that was upgraded first, and since when. */
export interface Canary {
  readonly host: string;
  /** milliseconds since the epoch, by our clock */
  readonly since: number;
}

export interface SoakOptions {
  /** how long people use the first one before another is upgraded; seconds */
  readonly soak: number;
  /** how the command is called again */
  readonly again: string;
  readonly signal: AbortSignal;
  readonly progress: (event: ProgressEvent) => void;
  /** what is wrong with the first one, in words; undefined if nothing is */
  readonly look: (host: string) => Promise<string | undefined>;
}

/** Of those that have been upgraded, the one that was so first. */
export function canaryOf(done: readonly Canary[]): Canary | undefined {
  return done.reduce<Canary | undefined>(
    (first, one) => (first === undefined || one.since < first.since ? one : first),
    undefined,
  );
}

/** The longest that a timer can wait is less than a month. Milliseconds. */
const longest = 3_600_000;

/**
 * Waits until the first host has been used with its new version for long enough, and looks at it once more.
 * Returns why the next one may not begin; undefined if it may.
 */
export async function soaked(
  plan: HostPlan,
  { host, since }: Canary,
  { soak, again, signal, progress, look }: SoakOptions,
): Promise<HostResult | undefined> {
  const until = since + soak * 1_000;
  const time = `${new Date(until).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const waits = Date.now() < until;
  if (waits) {
    const detail = `people use ${host} with its new version first (--soak); waits until ${time}`;
    progress({ kind: 'host', host: plan.host, phase: 'waiting', detail });
  }
  while (Date.now() < until && !signal.aborted) {
    await sleep(Math.min(longest, until - Date.now()), undefined, { signal }).catch(() => undefined);
  }
  const refused = (problem: Problem) => notBegun(plan, { ...problem, host: plan.host });
  if (signal.aborted) {
    return refused({
      code: 'interrupted',
      message: `nothing was done on this host: people use ${host} with its new version first, until ${time}`,
      next: `go on with the same call, before or after that: ${again}`,
    });
  }
  if (!waits) return undefined;
  const wrong = await look(host);
  if (wrong === undefined) return undefined;
  return refused({
    code: 'soak-failed',
    message: `nothing was done on this host, as ${host}, which has been upgraded first, is not well: ${wrong}`,
    next: `put that right, then go on with the same call: ${again}`,
  });
}
