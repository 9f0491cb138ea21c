import { cleanLine } from '../../document/clean-text.ts';
import type { GuardReport, HostPlan } from '../../model/plan.ts';
import type { HostResult } from '../../model/result.ts';
import type { UnsettledRun } from '../../model/snapshot.ts';
import { showableLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import { errorDocument } from './problem.ts';
import type { ReportGuard, ReportHost, ReportUnsettled } from './schema.ts';
import { changesDocument, handlerDocument } from './stage.ts';

/** What was to be done to a host, and how it ended. */
export function hostDocument(result: HostResult): ReportHost {
  const { plan } = result;
  const stages = [
    ...plan.stages.map((stage) => ({ stage, place: { number: stage.number, isLast: false } })),
    ...(plan.last?.stages ?? []).map((stage) => ({ stage, place: { number: stage.number, isLast: true } })),
  ];
  const others = plan.snapshot?.others ?? [];
  return {
    name: cleanName(plan.host),
    role: cleanName(plan.role),
    recipe: plan.recipe === undefined ? null : cleanName(plan.recipe.name),
    recipeReason: plan.recipe === undefined ? null : showableLine(plan.recipe.reason),
    status: result.status,
    ...(result.problem === undefined ? {} : { error: errorDocument(result.problem) }),
    warnings: result.warnings.map(showableLine),
    ...(plan.retires ? { retires: true } : {}),
    ...(others.length === 0 ? {} : { otherClusters: others.map(({ cluster }) => cleanLine(cluster)) }),
    changes: stages.flatMap(({ stage, place }) => changesDocument(stage, place)),
    handlers: stages.flatMap(({ stage, place }) =>
      stage.handlers.map((planned) => handlerDocument(planned, place, result.ran)),
    ),
    guards: plan.guards.map(guardDocument),
    unsettled: plan.unsettled.map(unsettledDocument),
    durationMs: Math.round(result.durationMs),
  };
}

/** What came into the document later than the rest of a host, and stands behind it. */
export function moreOfHost({ plan, ran }: HostResult, hostname: string | undefined): Partial<ReportHost> {
  return {
    ...(hostname === undefined ? {} : { hostname: cleanName(hostname) }),
    ...(plan.undoes === undefined ? {} : { undoes: cleanName(plan.undoes) }),
    ...(plan.leftovers ? { leftovers: true } : {}),
    ...stagesDocument(plan),
    ...(plan.last === undefined
      ? {}
      : { last: plan.last.problem === undefined ? {} : { error: errorDocument(plan.last.problem) } }),
    ...(ran.length === 0 ? {} : { ran: ran.map(cleanName) }),
  };
}

function stagesDocument({ stages, last }: HostPlan): Pick<ReportHost, 'stages'> {
  const all = [
    ...stages.map(({ number, name }) => ({ number, name, isLast: false })),
    ...(last?.stages ?? []).map(({ number, name }) => ({ number, name, isLast: true })),
  ];
  if (all.length === 0) return {};
  return {
    stages: all.map(({ number, name, isLast }) => ({
      number,
      ...(name === undefined ? {} : { name: cleanName(name) }),
      ...(isLast ? { last: true } : {}),
    })),
  };
}

function guardDocument({ guard, state, sessions }: GuardReport): ReportGuard {
  return { guard: cleanName(guard), state, sessions: sessions.map(showableLine) };
}

function unsettledDocument(unsettled: UnsettledRun): ReportUnsettled {
  const { run, state, who, alive, cluster, outcome } = unsettled;
  return {
    run: cleanLine(run),
    state: cleanLine(state),
    ...(who === undefined || who === '' ? {} : { who: showableLine(who) }),
    ...(alive === undefined ? {} : { alive }),
    ...(cluster === undefined ? {} : { cluster: cleanLine(cluster) }),
    ...(outcome === undefined ? {} : { outcome }),
  };
}
