import type { Problem } from '../../model/operator-error.ts';
import { changesNow, type HostPlan, type PlannedHandler } from '../../model/plan.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { SecretRegister } from '../../secrets/register.ts';
import type { CrossCheck } from '../../steps/cross-check.ts';
import { itemId } from '../items.ts';
import { isSlowHash } from '../slow-hash.ts';
import { changesOf } from './changes.ts';
import { concealChanges, type KnownItem } from './conceal.ts';
import { plannedHost } from './cross-checks.ts';
import { type Evaluation, evaluate, isEvaluation, type Resolve, type StageEvaluation } from './evaluate.ts';
import { exposureWarnings } from './exposure-warnings.ts';
import { checkFixpoint } from './fixpoint.ts';
import { guardReports } from './guard-reports.ts';
import { machineWarnings } from './machine-warnings.ts';
import { noSystemd } from './no-systemd.ts';
import { owedRestarts, unknownOwed } from './owed-restarts.ts';

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

export interface PlanInput {
  readonly cluster: string;
  readonly playbook: string;
  /** in the order of the run */
  readonly hosts: readonly LookedAt[];
  readonly resolve: Resolve;
  readonly crossChecks: readonly CrossCheck[];
  /** the secrets of the inventory */
  readonly secrets?: SecretRegister | undefined;
}

/**
 * From what all hosts are to what each is to become. Pure: no host is touched, none is asked again. With `only`, plans of
 * those hosts alone, as when one is looked at again in the middle of a run; what concerns all hosts was checked before.
 */
export function planCluster(input: PlanInput, only?: ReadonlySet<string>): readonly HostPlan[] {
  const snapshots = new Map(
    input.hosts.flatMap((host) => (host.snapshot ? [[host.name, host.snapshot] as const] : [])),
  );
  const { secrets = new SecretRegister() } = input;
  const evaluations = evaluate(input.resolve, snapshots, { only, holdsSecret: (text) => secrets.isIn(text) });
  const restless = checkFixpoint(input.resolve, evaluations, only && { hosts: only, known: snapshots });
  const planned = new Map(
    [...evaluations].flatMap(([name, one]) => (isEvaluation(one) ? [[name, plannedHost(one)] as const] : [])),
  );
  const checks = only === undefined ? input.crossChecks : [];
  const crossed = new Map(checks.flatMap(({ check }) => [...check(planned)]));
  const meant = input.hosts.filter(({ name }) => only === undefined || only.has(name));
  return meant.map((host) => {
    const evaluation = evaluations.get(host.name);
    if (!isEvaluation(evaluation)) return unplanned(host, evaluation ?? host.problem);
    return planHost(host, evaluation, restless.get(host.name) ?? crossed.get(host.name), input);
  });
}

/** The plan of the first stage in which something is to be done, and behind it those of the later ones. */
function planHost(
  host: LookedAt,
  evaluation: Evaluation,
  problem: Problem | undefined,
  input: PlanInput,
): HostPlan {
  const { wanted, traces, stages } = evaluation;
  const { secrets = new SecretRegister() } = input;
  const snapshot = stages[0]?.host.snapshot ?? evaluation.host.snapshot;
  const all = stages.map((stage) => planStage(host, evaluation, stage, input));
  const due = all.filter(changesNow);
  const head = inOrder(due.length > 0 ? due : all.slice(-1));
  return {
    ...head,
    problem: problem ?? noSystemd(snapshot),
    guards: guardReports(
      snapshot,
      all.flatMap(({ handlers }) => handlers),
    ),
    warnings: [
      ...machineWarnings(snapshot),
      ...wanted.warnings,
      ...exposureWarnings(
        all.flatMap(({ changes }) => changes),
        secrets,
      ),
      ...unknownOwed(evaluation),
      ...traces.flatMap((trace) => trace.warnings),
    ],
    unsettled: snapshot.unsettled,
    durationMs: host.durationMs,
    ...(host.retired ? retirement(snapshot) : {}),
  };
}

/** What is managed in this stage or was until now. */
function knownItems(evaluation: Evaluation, { host }: StageEvaluation): readonly KnownItem[] {
  const known = host.snapshot.ledger?.items ?? [];
  const secret = new Set(known.filter(({ activated }) => isSlowHash(activated)).map(itemId));
  return [...known, ...evaluation.traces.flatMap((trace) => trace.managed)].map((item) => ({
    ...item,
    wasSecret: secret.has(itemId(item)),
  }));
}

function planStage(
  host: LookedAt,
  evaluation: Evaluation,
  stage: StageEvaluation,
  input: PlanInput,
): HostPlan {
  const { wanted, stages } = evaluation;
  const { secrets = new SecretRegister() } = input;
  const changes = concealChanges(changesOf(stage.host, stage.traces), knownItems(evaluation, stage), {
    secrets,
    formats: stage.host.formats,
  });
  const { actions } = stage.host;
  return {
    host: host.name,
    role: host.role,
    recipe: wanted.recipe,
    problem: undefined,
    skipped: false,
    unreachable: false,
    ...(stages.length > 1 ? { stage: { number: stage.number, name: stage.name } } : {}),
    actions,
    changes,
    handlers: plannedHandlers(evaluation, stage, changes.length + actions.length > 0),
    guards: [],
    warnings: [],
    unsettled: [],
    units: wanted.units,
    ledger: { ...stage.ledger(), cluster: input.cluster, playbook: input.playbook },
    snapshot: stage.host.snapshot,
    durationMs: 0,
  };
}

/** Each stage's plan knows the one behind it. */
function inOrder(stages: readonly HostPlan[]): HostPlan {
  const [head, ...rest] = stages;
  if (head === undefined) throw new Error('a host without a stage');
  return rest.length === 0 ? head : { ...head, next: inOrder(rest) };
}

function retirement(snapshot: Snapshot): Pick<HostPlan, 'retires' | 'leftovers'> {
  return { retires: true, leftovers: snapshot.ledger !== undefined || snapshot.remembers === true };
}

/**
 * The handlers that changed steps ask for, each with the steps that ask, and those that are owed; in the playbook's
 * order.
 */
function plannedHandlers(
  evaluation: Evaluation,
  stage: StageEvaluation,
  changes: boolean,
): readonly PlannedHandler[] {
  const owed = new Map(
    owedRestarts(evaluation, stage).map((planned) => [planned.handler.id, planned] as const),
  );
  return evaluation.wanted.handlers.flatMap((handler): readonly PlannedHandler[] => {
    const asking = stage.traces.filter(
      (trace) => (trace.changed || trace.later !== undefined) && trace.notify.includes(handler.id),
    );
    if (!changes || asking.length === 0) {
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
    actions: [],
    changes: [],
    handlers: [],
    guards: [],
    warnings: snapshot ? machineWarnings(snapshot) : [],
    unsettled: snapshot?.unsettled ?? [],
    units: [],
    ledger: undefined,
    snapshot,
    durationMs: host.durationMs,
    ...(host.retired ? { retires: true } : {}),
  };
}
