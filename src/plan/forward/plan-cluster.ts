import type { AcceptedNow, LeftAsIs } from '../../model/accepted.ts';
import { atOnce, type InTurns } from '../../model/in-turns.ts';
import { type Problem, problemsOf } from '../../model/operator-error.ts';
import { emptyPlan, type HostPlan, hasWork, type PlannedHandler, type Stage } from '../../model/plan.ts';
import { type Snapshot, unitOfPath } from '../../model/snapshot.ts';
import { SecretRegister } from '../../secrets/register.ts';
import type { CrossCheck } from '../../steps/cross-check.ts';
import { isUnitState } from '../../virtual/managed.ts';
import { itemId } from '../items.ts';
import { isSlowHash } from '../slow-hash.ts';
import { anotherCluster } from './another-cluster.ts';
import { authorsOf, withAuthors } from './authors.ts';
import { changesOf } from './changes.ts';
import { concealChanges, type KnownItem } from './conceal.ts';
import { plannedHost } from './cross-checks.ts';
import {
  type Evaluation,
  evaluateEach,
  inShort,
  isEvaluation,
  type Resolve,
  type StageEvaluation,
} from './evaluate.ts';
import { exposureWarnings } from './exposure-warnings.ts';
import { checkFixpoint } from './fixpoint.ts';
import { guardReports } from './guard-reports.ts';
import { fitHandlers, withStopGuards } from './handler-units.ts';
import { acceptanceWarnings, leftInStage } from './left-differences.ts';
import { machineWarnings } from './machine-warnings.ts';
import { noSystemd } from './no-systemd.ts';
import { notReplaceable } from './not-replaceable.ts';
import { foreignState, notRoots } from './not-roots.ts';
import { unknownOwed } from './owed-restarts.ts';
import { plannedHandlers } from './planned-handlers.ts';
import { twoClusters } from './two-clusters.ts';

/** A host of the inventory, and the result of inspecting it. */
export interface LookedAt {
  readonly name: string;
  readonly role: string;
  readonly snapshot: Snapshot | undefined;
  /** why there is no snapshot */
  readonly problem: Problem | undefined;
  readonly durationMs: number;
  /** it was reached nevertheless */
  readonly answered?: boolean;
  /** the inventory says that it leaves the cluster */
  readonly retired?: boolean;
  /** it is switched off, as the inventory says that it may be */
  readonly off?: boolean;
  /** its role may be shared with other clusters; if left out, they don't share the host */
  readonly shared?: boolean;
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
  /** differences that people have accepted */
  readonly accepted?: readonly AcceptedNow[] | undefined;
}

/** What each host will become, planned without a pause. */
export function planCluster(input: PlanInput, only?: ReadonlySet<string>): readonly HostPlan[] {
  return atOnce(planInTurns(input, only));
}

/**
 * Plans what each host will become from what all hosts are. Pure: no host is touched or asked again. With
 * `only`, plans only those hosts, for example when one is inspected again in the middle of a run; what
 * concerns all hosts has been checked before.
 */
export function* planInTurns(input: PlanInput, only?: ReadonlySet<string>): InTurns<readonly HostPlan[]> {
  const refused = new Map(
    input.hosts.flatMap((host) => {
      const problem =
        host.snapshot &&
        anotherCluster(host.snapshot, { cluster: input.cluster, shared: host.shared ?? false });
      return problem === undefined ? [] : [[host.name, problem] as const];
    }),
  );
  // The state of a host that belongs to somebody else doesn't count: the others keep what they have for it.
  const snapshots = new Map(
    input.hosts.flatMap((host) =>
      host.snapshot && !refused.has(host.name) ? [[host.name, host.snapshot] as const] : [],
    ),
  );
  const { secrets = new SecretRegister() } = input;
  const looked = new Map(input.hosts.map((host) => [host.name, host] as const));
  const evaluations = new Map<string, Evaluation | Problem>();
  const plans = new Map<string, HostPlan>();
  const plan = function* (name: string, one: Evaluation | Problem): InTurns<void> {
    const host = looked.get(name);
    if (isEvaluation(one) && host !== undefined)
      plans.set(name, yield* planOrProblem(host, () => planHost(host, one, input)));
    evaluations.set(name, isEvaluation(one) ? inShort(one) : one);
  };
  const holdsSecret = (text: string) => secrets.isIn(text);
  yield* evaluateEach(input.resolve, snapshots, plan, { only, holdsSecret, accepted: input.accepted });
  const restless = yield* checkFixpoint(input.resolve, evaluations, {
    only: only && { hosts: only, known: snapshots },
    accepted: input.accepted,
  });
  const planned = new Map(
    [...evaluations].flatMap(([name, one]) => (isEvaluation(one) ? [[name, plannedHost(one)] as const] : [])),
  );
  const checks = only === undefined ? input.crossChecks : [];
  const crossed = new Map(checks.flatMap(({ check }) => [...check(planned)]));
  const meant = input.hosts.filter(({ name }) => only === undefined || only.has(name));
  return meant.map((host) => {
    const plan = plans.get(host.name);
    const one = evaluations.get(host.name);
    const failed = isEvaluation(one) ? undefined : one;
    if (plan === undefined) return unplanned(host, failed ?? refused.get(host.name) ?? host.problem);
    const problem = restless.get(host.name) ?? crossed.get(host.name);
    return problem === undefined ? plan : { ...plan, problem };
  });
}

/** Whatever goes wrong while a host is planned is that host's problem, and the others are planned. */
function* planOrProblem(host: LookedAt, plan: () => InTurns<HostPlan>): InTurns<HostPlan> {
  try {
    return yield* plan();
  } catch (error) {
    const [problem] = problemsOf(error);
    return unplanned(host, problem && { ...problem, host: host.name });
  }
}

/** The plan of a host: the stages in which something is done. */
function* planHost(host: LookedAt, evaluation: Evaluation, input: PlanInput): InTurns<HostPlan> {
  const { wanted, traces, stages } = evaluation;
  const { secrets = new SecretRegister() } = input;
  const snapshot = stages[0]?.host.snapshot ?? evaluation.host.snapshot;
  const planned: PlannedStage[] = [];
  for (const stage of stages) planned.push(yield* planStage(host, evaluation, stage, input));
  const all = planned.map(({ stage }) => stage);
  const due = all.filter(hasWork);
  const left = planned.flatMap((one) => one.left);
  const drops = traces.flatMap((trace) => trace.drops);
  const notes = traces.flatMap((trace) => trace.notes);
  return {
    ...emptyPlan(host),
    recipe: wanted.recipe,
    problem:
      twoClusters(snapshot, {
        cluster: input.cluster,
        managed: traces.flatMap(({ step, managed }) => managed.map((item) => ({ ...item, step }))),
        changes: all.flatMap(({ changes }) => changes),
        formats: evaluation.host.formats,
      }) ??
      noSystemd(snapshot) ??
      foreignState(snapshot) ??
      firstOf(all, notRoots) ??
      firstOf(all, notReplaceable) ??
      planned.find((one) => one.problem !== undefined)?.problem,
    snapshot,
    stages: due.length > 0 ? due : all.slice(-1),
    guards: guardReports(snapshot, all),
    warnings: [
      ...machineWarnings(snapshot),
      ...wanted.warnings,
      ...exposureWarnings(
        all.flatMap(({ changes }) => changes),
        secrets,
      ),
      ...unknownOwed(evaluation),
      ...planned.flatMap(({ warnings }) => warnings),
      ...traces.flatMap((trace) => trace.warnings),
      ...acceptanceWarnings(evaluation, host.retired ? [] : input.accepted),
    ],
    ...(left.length === 0 ? {} : { left }),
    ...(drops.length === 0 ? {} : { drops }),
    ...(notes.length === 0 ? {} : { notes }),
    unsettled: snapshot.unsettled,
    ...(wanted.down === undefined ? {} : { down: wanted.down }),
    durationMs: host.durationMs,
    ...(host.retired ? retirement(snapshot) : {}),
  };
}

/** What is managed in this stage, or was managed until now. */
function knownItems(evaluation: Evaluation, { host }: StageEvaluation): readonly KnownItem[] {
  const known = host.snapshot.ledger?.items ?? [];
  const secret = new Set(known.filter(({ activated }) => isSlowHash(activated)).map(itemId));
  return [...known, ...evaluation.traces.flatMap((trace) => trace.managed)].map((item) => ({
    ...item,
    wasSecret: secret.has(itemId(item)),
  }));
}

/** A stage with its problem and warnings, which become the host's. */
interface PlannedStage extends Pick<HostPlan, 'problem' | 'warnings'> {
  readonly stage: Stage;
  readonly left: readonly LeftAsIs[];
}

function* planStage(
  host: LookedAt,
  evaluation: Evaluation,
  stage: StageEvaluation,
  input: PlanInput,
): InTurns<PlannedStage> {
  const { wanted, stages } = evaluation;
  const { secrets = new SecretRegister() } = input;
  const known = knownItems(evaluation, stage);
  const changes = withStopGuards(
    concealChanges(changesOf(stage.host, stage.traces), known, {
      secrets,
      formats: stage.host.formats,
    }),
    wanted.handlers,
  );
  const { actions, snapshot } = stage.host;
  const planned = plannedHandlers(evaluation, stage, changes.length + actions.length > 0);
  const { handlers, problem, warnings } = fitHandlers(planned, {
    snapshot,
    changes,
    managed: managedUnits(evaluation, stage),
    open: openHandlers(planned, stage),
    acts: actions.length > 0,
    givesBack: (handler) =>
      host.retired === true || !wanted.steps.some(({ notify }) => notify.includes(handler)),
  });
  const authors = authorsOf(changes, snapshot, stage.host.formats);
  const result: Stage = {
    number: stage.number,
    name: stages.length > 1 ? stage.name : undefined,
    actions,
    changes,
    ...(authors.size === 0 ? {} : { authors }),
    handlers,
    units: wanted.units,
    ledger: { ...(yield* stage.ledger()), cluster: input.cluster, playbook: input.playbook },
    snapshot,
  };
  const left = withAuthors(leftInStage(stage, known, secrets), snapshot, stage.host.formats);
  return { stage: result, problem, warnings, left };
}

/** Handlers that may not be needed, since what the steps that notify them do is known later. */
function openHandlers(planned: readonly PlannedHandler[], { traces }: StageEvaluation): ReadonlySet<string> {
  const sure = new Set(
    traces.flatMap(({ changed, later, notify }) => (changed && later === undefined ? notify : [])),
  );
  return new Set(
    planned.flatMap(({ handler, owed }) => (owed === undefined && !sure.has(handler.id) ? [handler.id] : [])),
  );
}

/** Units that a step of the host starts or stops, or did so until now. */
function managedUnits({ traces }: Evaluation, { host }: StageEvaluation): ReadonlySet<string> {
  const items = [...(host.snapshot.ledger?.items ?? []), ...traces.flatMap((trace) => trace.managed)];
  const active = items.filter((item) => isUnitState(item) && item.key[0] === 'active');
  return new Set(active.flatMap(({ path }) => unitOfPath(path) ?? []));
}

/** The problem of the first stage that has one, with the host in the state that it has by then. */
function firstOf(
  stages: readonly Stage[],
  problemOf: (snapshot: Snapshot, stage: Stage) => Problem | undefined,
): Problem | undefined {
  return stages.flatMap((stage) => (stage.snapshot && problemOf(stage.snapshot, stage)) ?? [])[0];
}

function retirement(snapshot: Snapshot): Pick<HostPlan, 'retires' | 'leftovers'> {
  return { retires: true, leftovers: snapshot.ledger !== undefined || snapshot.remembers === true };
}

function unplanned(host: LookedAt, problem: Problem | undefined): HostPlan {
  const { snapshot, durationMs } = host;
  return {
    ...emptyPlan(host),
    problem,
    unreachable: snapshot === undefined && host.answered !== true && host.off !== true,
    ...(host.off ? { off: true } : {}),
    snapshot,
    warnings: snapshot ? machineWarnings(snapshot) : [],
    unsettled: snapshot?.unsettled ?? [],
    durationMs,
    ...(host.retired ? { retires: true } : {}),
  };
}
