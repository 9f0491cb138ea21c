import { cleanLine } from '../../document/clean-text.ts';
import type { Decided } from '../../model/deciding-check.ts';
import type { InBalancer } from '../../model/drain.ts';
import type { HostForecast } from '../../model/forecast.ts';
import type { PastRun } from '../../model/history.ts';
import { type PeopleSession, sessionWords, sumOfPeople, sumWords } from '../../model/people.ts';
import type { GuardReport, HostPlan } from '../../model/plan.ts';
import type { HostResult } from '../../model/result.ts';
import type { UnsettledRun } from '../../model/snapshot.ts';
import { ownLine, showableLine } from '../../secrets/showable.ts';
import { leftDocument } from './accepted.ts';
import { forecastDocument } from './forecast.ts';
import { cleanName } from './harmless.ts';
import { leaseDocument } from './holds.ts';
import { type HostKeys, keysDocument } from './keys.ts';
import { runDocument, upgradedDocument } from './past-run.ts';
import { errorDocument } from './problem.ts';
import { queuedDocument } from './queued.ts';
import type { ReportDecided, ReportGuard, ReportHost, ReportUnsettled } from './schema.ts';
import { changesDocument, handlerDocument } from './stage.ts';

/** What a playbook is tried on. */
export interface TriedOn {
  /** the host's root; undefined: it's made up */
  readonly folder: string | undefined;
  /** steps that need something that a made-up host hasn't */
  readonly untried: readonly string[];
}

/** What the document has of a host's plan, however the host ends. */
export type PlanPart = Omit<
  ReportHost,
  'status' | 'error' | 'warnings' | 'lastRun' | 'durationMs' | 'ran' | 'balancers'
>;

/** What was to be done to a host. No handler has run yet. */
export function planPart(plan: HostPlan): PlanPart {
  const stages = [
    ...plan.stages.map((stage) => ({ stage, place: { number: stage.number, isLast: false } })),
    ...(plan.last?.stages ?? []).map((stage) => ({ stage, place: { number: stage.number, isLast: true } })),
  ];
  const others = plan.snapshot?.others ?? [];
  return {
    name: cleanName(plan.host),
    role: cleanName(plan.role),
    recipe: plan.recipe === undefined ? null : cleanName(plan.recipe.title ?? plan.recipe.name),
    recipeReason: plan.recipe === undefined ? null : ownLine(plan.recipe.reason),
    ...(plan.retires ? { retires: true } : {}),
    ...(others.length === 0 ? {} : { otherClusters: others.map(({ cluster }) => cleanLine(cluster)) }),
    changes: stages.flatMap(({ stage, place }) => changesDocument(stage, place)),
    handlers: stages.flatMap(({ stage, place }) =>
      stage.handlers.map((planned) => handlerDocument(planned, place)),
    ),
    guards: plan.guards.map(guardDocument),
    unsettled: plan.unsettled.map(unsettledDocument),
    ...queuedPart(plan),
    ...leaseDocument(plan.snapshot?.lease),
    ...(plan.done?.by === undefined ? {} : { doneBy: cleanName(plan.done.by) }),
    ...(plan.undoes === undefined ? {} : { undoes: cleanName(plan.undoes) }),
    ...(plan.drops === undefined ? {} : { drops: plan.drops.map(ownLine) }),
    ...(plan.notes === undefined ? {} : { notes: plan.notes.map(ownLine) }),
    ...(plan.leftovers ? { leftovers: true } : {}),
    ...leftDocument(plan.left, plan.snapshot?.clockOffset),
    ...stagesDocument(plan),
    ...(plan.last === undefined
      ? {}
      : { last: plan.last.problem === undefined ? {} : { error: errorDocument(plan.last.problem) } }),
  };
}

/** What a command knows of a host besides its plan and how it ended. */
export interface KnownOfHost {
  readonly lastRun: PastRun | undefined;
  readonly keys: HostKeys | undefined;
  readonly hostname: string | undefined;
  readonly sample: TriedOn | undefined;
  readonly forecast?: HostForecast | undefined;
}

/** A host in the document: keys stand in the order in which they came into it, whatever they are about. */
export function hostDocument(
  part: PlanPart,
  {
    status,
    problem,
    warnings,
    ran,
    durationMs,
    deciding,
    balancers,
    upgraded = [],
  }: Omit<HostResult, 'plan'>,
  { lastRun, keys, hostname, sample, forecast }: KnownOfHost,
): ReportHost {
  const { name, role, recipe, recipeReason, retires, otherClusters, ...rest } = part;
  const { changes, handlers, guards, unsettled, queued, lease, ...more } = rest;
  const started = ran.map(cleanName);
  return {
    ...{ name, role, recipe, recipeReason, status },
    ...(problem === undefined ? {} : { error: errorDocument(problem) }),
    warnings: warnings.map(ownLine),
    ...(retires === undefined ? {} : { retires }),
    ...(otherClusters === undefined ? {} : { otherClusters }),
    changes,
    handlers: handlers.map((handler) => ({ ...handler, ran: started.includes(handler.id) })),
    ...{ guards, unsettled },
    ...(queued === undefined ? {} : { queued }),
    ...(lease === undefined ? {} : { lease }),
    ...(lastRun === undefined ? {} : { lastRun: runDocument(lastRun) }),
    durationMs: Math.round(durationMs),
    ...(keys === undefined ? {} : keysDocument(keys)),
    ...(hostname === undefined ? {} : { hostname: cleanName(hostname) }),
    ...more,
    ...(started.length === 0 ? {} : { ran: started }),
    ...(sample === undefined ? {} : { sample: sampleDocument(sample) }),
    ...(deciding === undefined ? {} : { deciding: deciding.map(decidedDocument) }),
    ...(forecast === undefined ? {} : { forecast: forecastDocument(forecast) }),
    ...(balancers === undefined ? {} : { balancers: balancers.map(balancerDocument) }),
    ...(upgraded.length === 0 ? {} : { upgraded: upgraded.map(upgradedDocument) }),
  };
}

function balancerDocument({ on, state, byHand }: InBalancer): NonNullable<ReportHost['balancers']>[number] {
  return {
    ...{ on: cleanName(on), state: showableLine(state) },
    ...(byHand === undefined ? {} : { byHand: showableLine(byHand) }),
  };
}

function queuedPart({ snapshot }: HostPlan): Pick<ReportHost, 'queued'> {
  const queued = snapshot?.queued ?? [];
  return queued.length === 0 ? {} : { queued: queued.map(queuedDocument) };
}

function decidedDocument({ host, id, title, always, outcome }: Decided): ReportDecided {
  return {
    ...{ host: cleanName(host), id: cleanName(id), title: showableLine(title), always },
    ...(outcome === undefined ? {} : { outcome }),
  };
}

function sampleDocument({ folder, untried }: TriedOn): NonNullable<ReportHost['sample']> {
  return {
    ...(folder === undefined ? {} : { folder: cleanName(folder) }),
    untried: untried.map(cleanName),
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

export function guardDocument(report: GuardReport): ReportGuard {
  const { guard, state, description = guard, sessions, ignored = [], notes = [], why } = report;
  const sum = sumOfPeople(sessions);
  const summary = `${description}: ${sumWords(sessions.length, sum)}`;
  return {
    guard: cleanName(guard),
    state,
    sessions: sessions.map(inWords),
    ...(sessions.length === 0 ? {} : { summary: showableLine(summary) }),
    ...(sum.people === undefined ? {} : { people: sum.people }),
    ...(sum.oldest === undefined ? {} : { oldestSeconds: sum.oldest }),
    ...(ignored.length === 0 ? {} : { ignored: ignored.map(inWords) }),
    ...(notes.length === 0 ? {} : { notes: notes.map(showableLine) }),
    ...(why === undefined ? {} : { why: showableLine(why) }),
  };
}

function inWords(session: PeopleSession): string {
  return showableLine(sessionWords(session));
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
