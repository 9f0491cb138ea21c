import type { Confirmer } from '../model/deciding-check.ts';
import { type ClusterPlan, differs, type HostPlan, hasLeftDrift, isDue } from '../model/plan.ts';
import type { HostResult, RunResult, Status } from '../model/result.ts';
import type { UnsettledRun } from '../model/snapshot.ts';
import { type DecidingChecks, decidingInPlan } from './deciding-checks.ts';

/** A plan as the result of a command that only compares. */
export function resultOfPlan(plan: ClusterPlan, command: string): RunResult {
  return {
    command,
    run: undefined,
    hosts: plan.hosts.map(resultOfHostPlan).map(withLeftDrift),
    warnings: plan.warnings,
    interrupted: plan.hosts.some((host) => host.problem?.code === 'interrupted'),
  };
}

/** A run has nothing to do there, and yet it isn't as it should be. */
function withLeftDrift(result: HostResult): HostResult {
  return result.status === 'in-sync' && hasLeftDrift(result.plan) ? { ...result, status: 'drifted' } : result;
}

/** The result of a plan with the checks from outside that decide for each host that is changed, if any do. */
export function withDeciding(
  result: RunResult,
  deciding: DecidingChecks | undefined,
  confirm: Confirmer,
): RunResult {
  if (confirm === 'host') return result;
  const hosts = result.hosts.map((host) =>
    isDue(host.plan)
      ? { ...host, deciding: deciding === undefined ? [] : decidingInPlan(host.plan, deciding, confirm) }
      : host,
  );
  return { ...result, hosts };
}

/** The status of a host before anything is done to it. */
export function resultOfHostPlan(plan: HostPlan): HostResult {
  return {
    plan,
    status: statusOf(plan),
    problem: plan.problem,
    ran: [],
    warnings: plan.warnings,
    durationMs: plan.durationMs,
  };
}

/** The status that unsettled runs give a host; undefined if there are none. The worst one counts. */
export function statusOfUnsettled(runs: readonly UnsettledRun[]): Status | undefined {
  const states = runs.map(({ state }) => state);
  const worst = (['stuck', 'conflict'] as const).find((state) => states.includes(state));
  if (worst !== undefined) return worst;
  if (states.some((state) => state !== 'kept')) return 'open';
  return states.length > 0 ? 'kept' : undefined;
}

/** What is stored on the host can't be used. */
const damage: readonly string[] = ['ledger-unreadable', 'record-damaged'];

function statusOf(plan: HostPlan): Status {
  if (plan.off) return 'off';
  if (plan.unreachable) return 'unreachable';
  if (plan.problem?.code === 'conflict') return 'conflict';
  if (damage.includes(plan.problem?.code ?? '')) return 'damaged';
  if (plan.problem !== undefined) return plan.skipped ? 'skipped' : 'failed';
  const unsettled = statusOfUnsettled(plan.unsettled);
  if (unsettled !== undefined) return unsettled;
  if (plan.skipped) return 'skipped';
  if (plan.done !== undefined) return 'done';
  return differs(plan) ? 'would-change' : 'in-sync';
}
