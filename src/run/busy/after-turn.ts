import type { HostResult, Status } from '../../model/result.ts';
import { statusOfUnsettled } from '../result-of-plan.ts';

/** In what state a host is after its turn: as the run has left it, or an earlier one. */
export function stateAfter({ status, plan }: HostResult): Status {
  const before = nothingDone.includes(status) ? statusOfUnsettled(plan.unsettled) : undefined;
  return before !== undefined && needsPerson(before) ? before : status;
}

/** Of these, a host may still be as an earlier run has left it. */
const nothingDone: readonly Status[] = ['deferred', 'not-started', 'unreachable', 'failed'];

/** It stays out until somebody has looked at it. */
export function needsPerson(state: Status): boolean {
  return state === 'stuck' || state === 'conflict';
}

/** What was managed on a host that leaves has its former values again. */
export function hasLeft({ status }: HostResult): boolean {
  return left.includes(status);
}

const left: readonly Status[] = ['changed', 'in-sync', 'done', 'owed', 'kept'];

/** Nobody knows yet what becomes of it. */
export function isUnknown({ status }: HostResult): boolean {
  return status === 'unknown' || status === 'open';
}
