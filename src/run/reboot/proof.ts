import { durationWords } from '../../model/duration.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { Query } from '../../model/reads.ts';
import type { HostResult } from '../../model/result.ts';
import { hostOf } from '../busy/waiting.ts';
import type { ApplyOptions } from '../options.ts';
import type { Planner } from '../planner.ts';
import { otherMissing, type SeenHost, type WellAgain, wellAgain } from './well-again.ts';

export interface RebootProofOptions
  extends Pick<ApplyOptions, 'inventory' | 'connect' | 'leave' | 'progress'> {
  /** as they were before */
  readonly seen: ReadonlyMap<string, SeenHost>;
  readonly query: Query;
  /** how long a host may take to be back, and then to be well; seconds */
  readonly timeout: number;
}

/**
 * What has to hold of a host that was restarted, before it gets people again. One that isn't back, or isn't
 * well, stays out with the reason.
 */
export function rebootProof(options: RebootProofOptions): Pick<Planner, 'proven' | 'staysOut'> {
  return {
    proven: async (result) => {
      const { leave, timeout, seen } = options;
      const before = seen.get(result.plan.host);
      if (!hasBegun(result)) return result;
      if (result.status === 'unknown') return leave.aborted ? result : failed(result, notBack(timeout));
      if (result.status !== 'changed' || before === undefined) return result;
      return judged(result, await wellAgain({ ...options, before, host: hostOf(result.plan, options) }), {
        before,
        timeout,
      });
    },
    staysOut: (result) =>
      hasBegun(result) && result.status === 'failed' ? result.problem?.message : undefined,
  };
}

function hasBegun({ acted = [] }: HostResult): boolean {
  return acted.length > 0;
}

function judged(
  result: HostResult,
  again: WellAgain,
  { before, timeout }: { readonly before: SeenHost; readonly timeout: number },
): HostResult {
  switch (again.kind) {
    case 'left':
      return { ...result, status: 'unknown', problem: notSeen(result.plan.host) };
    case 'late':
      return failed(result, notWell(again.missing, timeout));
    case 'well': {
      const others = otherMissing(before, again.after).map(
        (name) => `${name} was active before the restart, and isn't now`,
      );
      return { ...result, warnings: [...result.warnings, ...others] };
    }
  }
}

function failed(result: HostResult, problem: Omit<Problem, 'host'>): HostResult {
  return { ...result, status: 'failed', problem: { ...problem, host: result.plan.host } };
}

function notBack(timeout: number): Problem {
  return {
    code: 'not-back',
    message: `it was told to restart, and has not answered for ${durationWords(timeout)}; no other host was restarted after it`,
    next: 'look at its console; once it is well, clusterproxy release gives it back; then run the command again for the others',
  };
}

function notWell(missing: readonly string[], timeout: number): Problem {
  return {
    code: 'not-well-again',
    message: `it was restarted, but ${durationWords(timeout)} later ${missing.join(', ')}; no other host was restarted after it`,
    next: 'put that right; clusterproxy release gives it back then; after that, run the command again for the others',
  };
}

function notSeen(host: string): Problem {
  return {
    code: 'interrupted',
    message: 'it was restarted, and the command was interrupted before all was well again on it',
    next: 'run clusterproxy status to see its state',
    host,
  };
}
