import type { Change } from '../model/change.ts';
import type { Problem } from '../model/operator-error.ts';
import type { HostPlan, PlannedHandler } from '../model/plan.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { changesOf } from './changes.ts';
import { type Evaluation, evaluate, isEvaluation, type Resolve } from './evaluate.ts';
import { checkFixpoint } from './fixpoint.ts';
import { guardReports } from './guard-reports.ts';
import { nextLedger } from './ledger.ts';
import { noSystemd } from './no-systemd.ts';
import { owedRestarts, unknownOwed } from './owed-restarts.ts';
import { healthWarnings } from './warnings.ts';

/** A host of the inventory, and what came of looking at it. */
export interface LookedAt {
  readonly name: string;
  readonly role: string;
  readonly snapshot: Snapshot | undefined;
  /** why there is no snapshot */
  readonly problem: Problem | undefined;
  readonly durationMs: number;
  /** the inventory says that it leaves the cluster */
  readonly retired?: boolean;
}

/**
 * A check over the whole planned cluster: what each host will be, by name. Returns the problems of hosts; they are not
 * changed then.
 */
export type CrossCheck = (planned: ReadonlyMap<string, Evaluation>) => ReadonlyMap<string, Problem>;

export interface PlanInput {
  readonly cluster: string;
  readonly playbook: string;
  /** in the order of the run */
  readonly hosts: readonly LookedAt[];
  readonly resolve: Resolve;
  readonly crossChecks: readonly CrossCheck[];
}

/** From what all hosts are to what each is to become. Pure: no host is touched, none is asked again. */
export function planCluster(input: PlanInput): readonly HostPlan[] {
  const snapshots = new Map(
    input.hosts.flatMap((host) => (host.snapshot ? [[host.name, host.snapshot] as const] : [])),
  );
  const evaluations = evaluate(input.resolve, snapshots);
  const restless = checkFixpoint(input.resolve, evaluations);
  const planned = new Map(
    [...evaluations].flatMap(([name, one]) => (isEvaluation(one) ? [[name, one] as const] : [])),
  );
  const crossed = new Map(input.crossChecks.flatMap((check) => [...check(planned)]));
  return input.hosts.map((host) => {
    const evaluation = evaluations.get(host.name);
    if (!isEvaluation(evaluation)) return unplanned(host, evaluation ?? host.problem);
    return planHost(host, evaluation, restless.get(host.name) ?? crossed.get(host.name), input);
  });
}

function planHost(
  host: LookedAt,
  evaluation: Evaluation,
  problem: Problem | undefined,
  input: PlanInput,
): HostPlan {
  const { wanted, traces } = evaluation;
  const { snapshot } = evaluation.host;
  const changes = changesOf(evaluation.host, traces);
  const handlers = plannedHandlers(evaluation, changes);
  const recipe = wanted.recipe?.name;
  return {
    host: host.name,
    role: host.role,
    recipe: wanted.recipe,
    problem: problem ?? noSystemd(snapshot),
    skipped: false,
    unreachable: false,
    changes,
    handlers,
    guards: guardReports(snapshot, handlers),
    warnings: [
      ...healthWarnings(snapshot),
      ...wanted.warnings,
      ...unknownOwed(evaluation),
      ...traces.flatMap((trace) => trace.warnings),
    ],
    unsettled: snapshot.unsettled,
    units: wanted.units,
    ledger: nextLedger(evaluation.host, traces, {
      cluster: input.cluster,
      playbook: input.playbook,
      recipe,
      run: '',
    }),
    snapshot,
    durationMs: host.durationMs,
    ...(host.retired ? retirement(snapshot) : {}),
  };
}

function retirement(snapshot: Snapshot): Pick<HostPlan, 'retires' | 'leftovers'> {
  return { retires: true, leftovers: snapshot.ledger !== undefined || snapshot.remembers === true };
}

/**
 * The handlers that changed steps ask for, each with the steps that ask, and those that are owed; in the playbook's
 * order.
 */
function plannedHandlers(evaluation: Evaluation, changes: readonly Change[]): readonly PlannedHandler[] {
  const { wanted, traces } = evaluation;
  const owed = new Map(owedRestarts(evaluation).map((planned) => [planned.handler.id, planned] as const));
  return wanted.handlers.flatMap((handler): readonly PlannedHandler[] => {
    const asking = traces.filter((trace) => trace.changed && trace.notify.includes(handler.id));
    if (changes.length === 0 || asking.length === 0) {
      const one = owed.get(handler.id);
      return one === undefined ? [] : [one];
    }
    return [{ handler, because: [...new Set(asking.map((trace) => trace.step))] }];
  });
}

function unplanned(host: LookedAt, problem: Problem | undefined): HostPlan {
  const { snapshot } = host;
  return {
    host: host.name,
    role: host.role,
    recipe: undefined,
    problem,
    skipped: false,
    unreachable: snapshot === undefined,
    changes: [],
    handlers: [],
    guards: [],
    warnings: snapshot ? healthWarnings(snapshot) : [],
    unsettled: snapshot?.unsettled ?? [],
    units: [],
    ledger: undefined,
    snapshot,
    durationMs: host.durationMs,
    ...(host.retired ? { retires: true } : {}),
  };
}
