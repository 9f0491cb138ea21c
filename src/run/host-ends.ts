import { changesNow, type HostPlan, isDue } from '../model/plan.ts';
import type { HostResult } from '../model/result.ts';

/** Told each host that a run was to change, once, as soon as nothing more follows for it. */
export class HostEnds {
  readonly #tell: (result: HostResult) => void;
  readonly #tellLater: (host: string) => void;
  /** those of which nobody was told so far */
  readonly #left: Set<string>;
  /** those of which it was told that more follows */
  readonly #later = new Set<string>();

  /** `tellLater`: told of a host whose turn has gone well, and for which more follows all the same */
  constructor(
    plans: readonly HostPlan[],
    tell: (result: HostResult) => void,
    tellLater: (host: string) => void = () => undefined,
  ) {
    this.#tell = tell;
    this.#tellLater = tellLater;
    this.#left = new Set(plans.filter(isDue).map(({ host }) => host));
  }

  /** A host's turn is over; for some, more follows once all others have had theirs. */
  readonly turnEnded = (result: HostResult): void => {
    const { plan, status } = result;
    if (plan.last === undefined && !isForgotten(result)) {
      this.#told(result);
      return;
    }
    const isNew = this.#left.has(plan.host) && !this.#later.has(plan.host);
    if (!isNew || !good.has(status) || !changesNow(plan)) return;
    this.#later.add(plan.host);
    this.#tellLater(plan.host);
  };

  /** A host has done what comes last, or has nothing to do there. */
  readonly lastEnded = (result: HostResult): void => {
    if (!isForgotten(result)) this.#told(result);
  };

  /** The run is over. */
  over(results: readonly HostResult[]): void {
    for (const result of results) this.#told(result);
  }

  #told(result: HostResult): void {
    if (this.#left.delete(result.plan.host)) this.#tell(result);
  }
}

const good: ReadonlySet<HostResult['status']> = new Set(['changed', 'in-sync', 'done']);

/** What is stored on it goes once no other host needs it any more. */
function isForgotten({ plan: { leftovers = false, retires = false } }: HostResult): boolean {
  return leftovers || retires;
}
