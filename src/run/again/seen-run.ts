import type { RunKnown } from '../../host/agreement.ts';
import { hasEnded } from '../../host/run-state.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import type { Aborted, Lease } from '../../model/claims.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { AgreedHost, Agreement, RunOutcome } from '../../plan/saved/agreement.ts';

/** What was seen of a run on one host. */
export interface SeenOnHost {
  readonly host: InventoryHost;
  /** undefined if it could never be asked */
  readonly known: RunKnown | undefined;
  /** why it could not be asked the last time */
  readonly problem: Problem | undefined;
}

/** A run, put together from what its hosts know of it. */
export interface SeenRun {
  /** what most of its hosts have stored */
  readonly agreement: Agreement;
  /** hosts that have stored something else, which none should; empty if left out */
  readonly differing?: readonly string[];
  /** hosts that have stored what was agreed on; none if left out */
  readonly holders?: readonly string[];
  readonly outcome: RunOutcome | undefined;
  readonly hosts: readonly SeenOnHost[];
}

/**
 * `going-on`: a host works on it, or its controller may go on with it. `ended`: all that was to be done is
 * done, its controller has said how it ended, or another run goes on with its rest. `lost`: none of these,
 * since its controller is gone.
 */
export type RunPhase = 'going-on' | 'ended' | 'lost';

/** How a run stands; `isOver` tells whether the controller that has a lease has surely ended. */
export function phaseOf(seen: SeenRun, isOver: (lease: Lease) => boolean): RunPhase {
  const { agreement, outcome, hosts } = seen;
  if (workingHosts(hosts).length > 0) return 'going-on';
  if (outcome !== undefined || resumedBy(seen) !== undefined) return 'ended';
  if (isReserved(seen, isOver)) return 'going-on';
  const due = agreement.hosts.filter((one) => one.due);
  return due.every((one) => isComplete(one, hosts)) ? 'ended' : 'lost';
}

/** Whether its controller may be alive: it still has a host, by that host's clock. */
export function isReserved({ hosts }: SeenRun, isOver: (lease: Lease) => boolean): boolean {
  return hosts.some(({ known }) => {
    const { lease, now = 0 } = known ?? {};
    return lease !== undefined && now < (lease.until ?? Number.POSITIVE_INFINITY) && !isOver(lease);
  });
}

/** The hosts that are at work on it. */
export function workingHosts(hosts: readonly SeenOnHost[]): readonly SeenOnHost[] {
  return hosts.filter(({ known }) => known?.stages.some(({ state, alive }) => alive && !hasEnded(state)));
}

/** Nothing more was to be done there: its last stage has ended, or one before it otherwise than planned. */
function isComplete({ host, stages }: AgreedHost, hosts: readonly SeenOnHost[]): boolean {
  const seen = hosts.find((one) => one.host.name === host)?.known?.stages ?? [];
  const last = seen.at(-1);
  if (last === undefined || !hasEnded(last.state)) return false;
  // Those before the last may have been put off, and were tried again under another id.
  const kept = seen.filter(({ state }) => state === 'committed').length;
  return last.state !== 'committed' || kept >= stages;
}

/** The run that goes on with its rest, by what any host knows. */
export function resumedBy({ hosts }: SeenRun): string | undefined {
  return hosts.find(({ known }) => known?.resumedBy !== undefined)?.known?.resumedBy;
}

/** Who has aborted it, by what any host knows. */
export function abortedBy({ outcome, hosts }: SeenRun): Aborted | undefined {
  return outcome?.aborted ?? hosts.find(({ known }) => known?.aborted !== undefined)?.known?.aborted;
}

/** The same with a later look. A host that can't be asked any more is as it was seen last. */
export function seenLater(
  before: SeenRun,
  later: readonly SeenOnHost[],
  outcome: RunOutcome | undefined,
): SeenRun {
  const byName = new Map(later.map((one) => [one.host.name, one]));
  return {
    ...before,
    outcome: before.outcome ?? outcome,
    hosts: before.hosts.map((one) => {
      const now = byName.get(one.host.name);
      return now === undefined ? one : { ...now, known: now.known ?? one.known };
    }),
  };
}
