import type { HostPlan } from '../model/plan.ts';

/** A plan of a host that is to do nothing; what is known of it goes over that. */
export function emptyPlan(host: { readonly name: string; readonly role: string }): HostPlan {
  return {
    host: host.name,
    role: host.role,
    recipe: undefined,
    problem: undefined,
    skipped: false,
    unreachable: false,
    actions: [],
    changes: [],
    handlers: [],
    guards: [],
    warnings: [],
    unsettled: [],
    units: [],
    ledger: undefined,
    snapshot: undefined,
    durationMs: 0,
  };
}
