import { isAtRest, type ProgressEvent } from '../../model/progress.ts';

/** How long something took. */
export interface PhaseTime {
  readonly phase: string;
  readonly seconds: number;
}

/** Takes the time of what is told while a command is at work. `now`: milliseconds that only ever grow. */
export class PhaseTimes {
  readonly #now: () => number;
  #lookBegan: number | undefined;
  #lookTook = 0;
  readonly #current = new Map<string, { readonly phase: string; readonly since: number }>();
  /** by host, then by phase; milliseconds */
  readonly #took = new Map<string, Map<string, number>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  see(event: ProgressEvent): void {
    const now = this.#now();
    if (event.kind === 'looking') this.#lookBegan ??= now;
    if (event.kind === 'looked') this.#lookTook = now - (this.#lookBegan ?? now);
    if (event.kind !== 'host') return;
    this.#endOf(event.host, now);
    if (!isAtRest(event.phase)) this.#current.set(event.host, { phase: event.phase, since: now });
  }

  /** Of each phase, how long the slowest host took for it, however often it came to it. */
  take(): readonly PhaseTime[] {
    const now = this.#now();
    for (const host of [...this.#current.keys()]) this.#endOf(host, now);
    const longest = new Map<string, number>();
    if (this.#lookBegan !== undefined) longest.set('looking', this.#lookTook);
    for (const phases of this.#took.values())
      for (const [phase, time] of phases) longest.set(phase, Math.max(time, longest.get(phase) ?? 0));
    return [...longest].map(([phase, time]) => ({ phase, seconds: Math.round(time) / 1_000 }));
  }

  #endOf(host: string, now: number): void {
    const current = this.#current.get(host);
    if (current === undefined) return;
    const phases = this.#took.get(host) ?? new Map<string, number>();
    phases.set(current.phase, (phases.get(current.phase) ?? 0) + now - current.since);
    this.#took.set(host, phases);
    this.#current.delete(host);
  }
}
