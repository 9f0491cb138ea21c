import { isAtRest, type ProgressEvent } from '../model/progress.ts';

/** What happened on a host from one moment to another; milliseconds since the epoch. */
export interface Phase {
  readonly phase: string;
  readonly detail: string | undefined;
  readonly start: number;
  readonly end: number;
}

interface OpenPhase extends Omit<Phase, 'end'> {
  readonly end: number | undefined;
}

/** Phases whose detail is a command or a package; that of others may be about people. */
const told: readonly string[] = ['handler', 'validating', 'acting', 'unpacking', 'fetching', 'settling'];

/** Makes the phases of each host of what a view is told; times are those at which it was told. */
export class HostPhases {
  #lookBegan: number;
  /** by host; the last one of each may not have ended */
  readonly #phases = new Map<string, OpenPhase[]>();

  constructor(now: number) {
    this.#lookBegan = now;
  }

  progress(event: ProgressEvent, now: number): void {
    if (event.kind === 'looking') this.#lookBegan = now;
    if (event.kind === 'looked') {
      const look = { phase: 'looking', detail: undefined, start: this.#lookBegan, end: now };
      this.#of(event.host).push(look);
    }
    if (event.kind !== 'host') return;
    const phases = this.#of(event.host);
    end(phases, now);
    if (isAtRest(event.phase)) return;
    const detail = told.includes(event.phase) ? event.detail : undefined;
    phases.push({ phase: event.phase, detail, start: now, end: undefined });
  }

  /** All of them; what has not ended ends now. */
  ended(now: number): ReadonlyMap<string, readonly Phase[]> {
    const closed = (phase: OpenPhase): Phase => ({ ...phase, end: phase.end ?? now });
    return new Map([...this.#phases].map(([host, phases]) => [host, phases.map(closed)]));
  }

  #of(host: string): OpenPhase[] {
    const phases = this.#phases.get(host) ?? [];
    this.#phases.set(host, phases);
    return phases;
  }
}

function end(phases: OpenPhase[], now: number): void {
  const last = phases.at(-1);
  if (last !== undefined && last.end === undefined) phases[phases.length - 1] = { ...last, end: now };
}
