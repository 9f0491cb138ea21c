import type { Problem } from '../model/operator-error.ts';
import type { Managed } from '../virtual/managed.ts';
import type { VirtualHost } from '../virtual/virtual-host.ts';

/** A step that ran on a planned host. */
export interface PlannedStep {
  /** name of its step module */
  readonly module: string;
  /** as returned by the module's schema */
  readonly parameters: unknown;
  readonly managed: readonly Managed[];
}

/** A host as its plan leaves it. */
export interface PlannedHost {
  readonly host: VirtualHost;
  readonly steps: readonly PlannedStep[];
}

/** A check over the whole planned cluster: whether several hosts agree with each other. Pure, like a step. */
export interface CrossCheck {
  /** the name by which a playbook asks for it in `cross-checks` */
  readonly name: string;
  /** The problems of hosts, by name; a host with a problem is not changed. */
  check(planned: ReadonlyMap<string, PlannedHost>): ReadonlyMap<string, Problem>;
}
