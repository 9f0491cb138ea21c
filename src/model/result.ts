import type { Aborted } from './claims.ts';
import type { Decided } from './deciding-check.ts';
import type { InBalancer } from './drain.ts';
import type { Problem } from './operator-error.ts';
import type { CheckResult } from './outside-check.ts';
import type { HostPlan } from './plan.ts';
import type { UpgradedPackage } from './upgrade.ts';

/** How a host ended a command. The words are a contract, since scripts read them. */
export type Status =
  | 'in-sync'
  | 'would-change'
  | 'drifted'
  | 'changed'
  | 'done'
  | 'deferred'
  | 'owed'
  | 'queued'
  | 'rolled-back'
  | 'failed'
  | 'unreachable'
  | 'off'
  | 'damaged'
  | 'unknown'
  | 'open'
  | 'not-started'
  | 'kept'
  | 'conflict'
  | 'stuck'
  | 'skipped';

/** What a command did or would do to one host; the same shape for success and failure. */
export interface HostResult {
  readonly plan: HostPlan;
  readonly status: Status;
  readonly problem: Problem | undefined;
  /** ids of the handlers that ran */
  readonly ran: readonly string[];
  /** names of the actions that were begun; undefined: none was */
  readonly acted?: readonly string[] | undefined;
  /** what an upgrade among them made of packages */
  readonly upgraded?: readonly UpgradedPackage[] | undefined;
  /** those of the plan, and those that the host reported while it was changed */
  readonly warnings: readonly string[];
  readonly durationMs: number;
  /** stages before the one that it ended with are done: it can't begin with the first of its plan again */
  readonly isHalfDone?: boolean | undefined;
  /** the checks from outside that decide, or have decided; undefined if the host decides by itself */
  readonly deciding?: readonly Decided[] | undefined;
  /** of join and leave: what the balancers do with it */
  readonly balancers?: readonly InBalancer[] | undefined;
}

/** The command that was run, and how it ended on all hosts. */
export interface RunResult {
  readonly command: string;
  /** run id; undefined if the command changes nothing */
  readonly run: string | undefined;
  readonly hosts: readonly HostResult[];
  readonly warnings: readonly string[];
  readonly interrupted: boolean;
  /** who has aborted it from elsewhere, where it is interrupted because of that */
  readonly aborted?: Aborted | undefined;
}

/** The result of a command that has done nothing to any host (yet). */
export function resultWithoutHosts(command: string, warnings: readonly string[] = []): RunResult {
  return { command, run: undefined, hosts: [], warnings, interrupted: false };
}

/** Exit statuses of the program; `worstOf` says which counts if several apply. */
export const exitStatus = {
  done: 0,
  nothingTouched: 1,
  differs: 2,
  failed: 3,
  verifyFailed: 4,
  deferred: 5,
  needsPerson: 6,
  interrupted: 130,
} as const;

/** Of several exit statuses the one that counts. */
export function worstOf(...statuses: readonly number[]): number {
  return exitOrder.find((one) => statuses.includes(one)) ?? exitStatus.done;
}

const exitOrder: readonly number[] = [
  exitStatus.needsPerson,
  exitStatus.interrupted,
  exitStatus.failed,
  exitStatus.nothingTouched,
  exitStatus.deferred,
  exitStatus.verifyFailed,
  exitStatus.differs,
];

const failures: readonly Status[] = [
  'failed',
  'unreachable',
  'damaged',
  'rolled-back',
  'unknown',
  'open',
  'not-started',
  'kept',
];

export interface Counting {
  /** whether hosts that differ count */
  readonly comparing: boolean;
  /** checks that count */
  readonly asked?: readonly Pick<CheckResult, 'outcome'>[];
}

/** The exit status for how the hosts ended. */
export function exitStatusOf(result: RunResult, { comparing, asked = [] }: Counting): number {
  const any = (statuses: readonly Status[]) => result.hosts.some((host) => statuses.includes(host.status));
  if (any(['stuck', 'conflict'])) return exitStatus.needsPerson;
  if (result.interrupted) return exitStatus.interrupted;
  if (any(failures)) return isUsage(result) ? exitStatus.nothingTouched : exitStatus.failed;
  if (any(['deferred', 'owed', 'queued'])) return exitStatus.deferred;
  if (asked.some(({ outcome }) => outcome === 'failed')) return exitStatus.verifyFailed;
  if (comparing && any(['would-change', 'drifted'])) return exitStatus.differs;
  return exitStatus.done;
}

/**
 * Nothing was started, and hosts failed only because of how the command was given: treated like any other
 * mistake in its options.
 */
function isUsage({ run, hosts }: RunResult): boolean {
  const failed = hosts.filter(({ status }) => failures.includes(status));
  return run === undefined && failed.every(({ problem }) => problem?.code === 'forerunner-left-out');
}
