import { type HostPlan, isDue } from '../model/plan.ts';
import type { HostResult } from '../model/result.ts';

/** Told each host that a run was to change, once, as soon as nothing more follows for it. */
export class HostEnds {
  readonly #tell: (result: HostResult) => void;
  /** those of which nobody was told so far */
  readonly #left: Set<string>;

  constructor(plans: readonly HostPlan[], tell: (result: HostResult) => void) {
    this.#tell = tell;
    this.#left = new Set(plans.filter(isDue).map(({ host }) => host));
  }

  /** A host's turn is over; for some, more follows once all others have had theirs. */
  readonly ended = (result: HostResult): void => {
    const { last, leftovers, retires } = result.plan;
    if (last === undefined && leftovers !== true && retires !== true) this.#told(result);
  };

  /** The run is over. */
  over(results: readonly HostResult[]): void {
    for (const result of results) this.#told(result);
  }

  #told(result: HostResult): void {
    if (this.#left.delete(result.plan.host)) this.#tell(result);
  }
}
