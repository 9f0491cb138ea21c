import type { Problem } from '../model/operator-error.ts';
import type { Managed } from '../virtual/managed.ts';
import type { VirtualHost } from '../virtual/virtual-host.ts';

/** A step as it ran on a planned host. */
export interface PlannedStep {
  /** name of its step module */
  readonly module: string;
  /** as the module's schema returned them */
  readonly parameters: unknown;
  readonly managed: readonly Managed[];
}

/** A host as its plan leaves it. */
export interface PlannedHost {
  readonly host: VirtualHost;
  readonly steps: readonly PlannedStep[];
}

/**
 * A check over the whole planned cluster: what fits together only if several hosts agree. Pure, as a step is.
 */
export interface CrossCheck {
  /** as a playbook asks for it in `cross-checks` */
  readonly name: string;
  /** The problems of hosts, by name; they are not changed then. */
  check(planned: ReadonlyMap<string, PlannedHost>): ReadonlyMap<string, Problem>;
}
