import { setTimeout as sleep } from 'node:timers/promises';
import type { HostPlan } from '../../model/plan.ts';
import type { ProgressEvent } from '../../model/progress.ts';
import type { Presence } from './ask-guards.ts';

/** How a wait for people to go ended: they have gone, the time is up, or nobody waits any longer. */
export type WaitEnd =
  | { readonly kind: 'empty' | 'stopped' }
  | { readonly kind: 'late'; readonly found: Presence };

export interface WaitOptions {
  readonly ask: () => Promise<Presence>;
  /** when it isn't waited any longer; milliseconds since the epoch */
  readonly until: number;
  /** ends the wait */
  readonly signal: AbortSignal;
  readonly progress: (event: ProgressEvent) => void;
  /** what is known of them already */
  readonly found?: Presence | undefined;
}

/** The pauses between two questions grow from the first of these to the second. Milliseconds. */
const [shortest, longest] = [2_000, 15_000];

/** Asks a host again and again until nobody is there, and tells who still is. */
export async function untilEmpty(
  { host }: Pick<HostPlan, 'host'>,
  { ask, until, signal, progress, found }: WaitOptions,
): Promise<WaitEnd> {
  let told = '';
  const tell = (present: Presence) => {
    if (present.kind === 'empty' || present.words === told) return;
    told = present.words;
    progress({
      kind: 'host',
      host,
      phase: 'waiting',
      detail: `${told}; waits until ${clock(until)}`,
    });
  };
  if (found !== undefined) tell(found);
  let present = found ?? (await ask());
  for (let pause = shortest; ; pause = Math.min(longest, pause * 1.5)) {
    if (signal.aborted) return { kind: 'stopped' };
    if (present.kind === 'empty') return { kind: 'empty' };
    tell(present);
    const left = until - Date.now();
    if (left <= 0) return { kind: 'late', found: present };
    await sleep(Math.min(pause, left), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return { kind: 'stopped' };
    present = await ask();
  }
}

/** `16:02`, by this machine's clock */
function clock(milliseconds: number): string {
  const at = new Date(milliseconds);
  return [at.getHours(), at.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
}
