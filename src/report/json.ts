import type { PlannedAction } from '../model/action.ts';
import { type Change, sha256 } from '../model/change.ts';
import type { PastRun } from '../model/history.ts';
import type { Problem } from '../model/operator-error.ts';
import { type ByHand, type PlannedHandler, stagesOf } from '../model/plan.ts';
import type { HostResult, RunResult } from '../model/result.ts';
import type { RoleRollout } from '../model/rollout.ts';
import { type PathState, type UnsettledRun, unitOfPath } from '../model/snapshot.ts';
import { cleanLine, showable, showableLine } from './clean.ts';
import { detailOf } from './detail.ts';
import { diffText, modeOf, ownerOf } from './diff.ts';
import type { ReportChange, ReportDocument, ReportError, ReportHost, ReportHostKeys } from './json-schema.ts';
import { totalsOf } from './totals.ts';
import { actionNotes, actionWords } from './words.ts';

export interface JsonOptions {
  readonly exitStatus: number;
  readonly byHand: readonly ByHand[];
  /** why the command could not be carried out */
  readonly errors: readonly Problem[];
  /** what hosts remember of earlier runs; undefined where it wasn't asked for */
  readonly runs?: readonly PastRun[] | undefined;
  /** the latest run that each host kept; undefined where it wasn't asked for */
  readonly last?: ReadonlyMap<string, PastRun> | undefined;
  /** how a run goes through the hosts; undefined where it wasn't asked for */
  readonly rollout?: readonly RoleRollout[] | undefined;
  /** the keys that each host shows; undefined where it wasn't asked for */
  readonly keys?: ReadonlyMap<string, ReportHostKeys> | undefined;
}

/** A result as the document whose form is `reportSchema`. Secrets are hidden in all of it. */
export function reportDocument(result: RunResult, options: JsonOptions): ReportDocument {
  const statuses: ReportDocument['summary']['statuses'] = {};
  for (const { status } of result.hosts) statuses[status] = (statuses[status] ?? 0) + 1;
  const { changes, restarts, reloads } = totalsOf(result.hosts.map((host) => host.plan));
  return {
    schemaVersion: 1,
    command: result.command,
    run: result.run ?? null,
    hosts: result.hosts.map((host) => ({
      ...hostDocument(host, options.last?.get(host.plan.host)),
      ...options.keys?.get(host.plan.host),
    })),
    summary: {
      exitStatus: options.exitStatus,
      hosts: result.hosts.length,
      statuses,
      changes,
      restarts,
      reloads,
      interrupted: result.interrupted,
    },
    warnings: result.warnings.map(showableLine),
    byHand: options.byHand.map(({ title, text }) => ({ title: showableLine(title), text: showable(text) })),
    ...(options.rollout === undefined ? {} : { rollout: options.rollout.map(rolloutDocument) }),
    ...(options.runs === undefined ? {} : { runs: options.runs.map(pastRunDocument) }),
    ...(options.errors.length === 0 ? {} : { errors: options.errors.map(errorDocument) }),
  };
}

function rolloutDocument(one: RoleRollout): NonNullable<ReportDocument['rollout']>[number] {
  const { role, hosts, atOnce, maxUnavailable, down, held } = one;
  return {
    ...{ role, hosts: [...hosts], atOnce, maxUnavailable, held: [...held] },
    down: down.map(({ host, why }) => ({ name: host, why: showableLine(why) })),
  };
}

/** The document of a command that ended before there was a result. */
export function errorReport(command: string, exitStatus: number, errors: readonly Problem[]): ReportDocument {
  const interrupted = errors.some((error) => error.code === 'interrupted');
  const nothing: RunResult = { command, run: undefined, hosts: [], warnings: [], interrupted };
  return reportDocument(nothing, { exitStatus, byHand: [], errors });
}

/** The document as it is printed. */
export function renderJson(document: ReportDocument): string {
  // What a terminal would obey, or not show, is escaped as JSON lets it be; C0 is by itself.
  return `${JSON.stringify(document, null, 2).replace(unprintable, escaped)}\n`;
}

const unprintable = /[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function hostDocument(result: HostResult, last: PastRun | undefined): ReportHost {
  const { plan } = result;
  const stages = stagesOf(plan);
  const others = plan.snapshot?.others ?? [];
  return {
    name: plan.host,
    role: plan.role,
    recipe: plan.recipe?.name ?? null,
    recipeReason: plan.recipe === undefined ? null : showableLine(plan.recipe.reason),
    status: result.status,
    ...(result.problem === undefined ? {} : { error: errorDocument(result.problem) }),
    warnings: result.warnings.map(showableLine),
    ...(plan.retires ? { retires: true } : {}),
    ...(others.length === 0 ? {} : { otherClusters: others.map(({ cluster }) => cleanLine(cluster)) }),
    changes: stages.flatMap(({ number, actions, changes }) => [
      ...actions.map((planned) => actionDocument(planned, number)),
      ...changes.map((change) => changeDocument(change, number)),
    ]),
    handlers: stages.flatMap(({ number, handlers }) =>
      handlers.map((planned) => handlerDocument(planned, number, result.ran)),
    ),
    guards: plan.guards.map(({ guard, state, sessions }) => ({
      guard,
      state,
      sessions: sessions.map(showableLine),
    })),
    unsettled: plan.unsettled.map(unsettledDocument),
    ...(last === undefined ? {} : { lastRun: runDocument(last) }),
    durationMs: Math.round(result.durationMs),
  };
}

function runDocument(run: PastRun): NonNullable<ReportHost['lastRun']> {
  return {
    run: cleanLine(run.run),
    command: cleanLine(run.command),
    operator: showableLine(run.operator),
    from: showableLine(run.from),
    version: cleanLine(run.version),
    startedAt: cleanLine(run.startedAt),
  };
}

function pastRunDocument(run: PastRun): NonNullable<ReportDocument['runs']>[number] {
  return {
    ...runDocument(run),
    ...(run.undoes === undefined ? {} : { undoes: cleanLine(run.undoes) }),
    ...(run.undoneBy === undefined ? {} : { undoneBy: cleanLine(run.undoneBy) }),
    hosts: run.hosts.map((host) => ({
      name: host.host,
      role: host.role,
      state: cleanLine(host.state),
      changes: host.records.flatMap(({ changes, actions = [] }, index) => [
        ...actions.map(({ name, step }) => ({
          path: showableLine(name),
          kind: 'action' as const,
          action: 'create' as const,
          steps: [step],
          stage: index + 1,
        })),
        ...changes.map(({ path, kind, action, steps }) => ({
          path: unitOfPath(path) ?? path,
          kind,
          action,
          steps: [...steps],
          stage: index + 1,
        })),
      ]),
      handlers: host.records.flatMap(({ handlers }) => handlers.map(({ id }) => id)),
      ...(host.problem === undefined || host.state === 'committed'
        ? {}
        : { error: errorDocument(host.problem) }),
      warnings: host.warnings.map(showableLine),
      ...(host.durationMs === undefined ? {} : { durationMs: Math.round(host.durationMs) }),
    })),
  };
}

function handlerDocument(
  { handler, because, owed }: PlannedHandler,
  stage: number,
  ran: readonly string[],
): ReportHost['handlers'][number] {
  return {
    id: handler.id,
    stage,
    actions: handler.actions.map(actionWords),
    because: [...because],
    ...(owed === undefined ? {} : { owed: showableLine(owed) }),
    guards: handler.guards.map((guard) => guard.id),
    ran: ran.includes(handler.id),
  };
}

function unsettledDocument(unsettled: UnsettledRun): ReportHost['unsettled'][number] {
  const { run, state, who, alive, cluster } = unsettled;
  return {
    run: cleanLine(run),
    state: cleanLine(state),
    ...(who === undefined || who === '' ? {} : { who: showableLine(who) }),
    ...(alive === undefined ? {} : { alive }),
    ...(cluster === undefined ? {} : { cluster: cleanLine(cluster) }),
  };
}

export function errorDocument(problem: Problem): ReportError {
  const { code, host, step, message, next, location } = problem;
  const detail = detailOf(problem);
  return {
    code,
    ...(host === undefined ? {} : { host }),
    ...(step === undefined ? {} : { step }),
    message: showableLine(message),
    ...(next === undefined ? {} : { next: showable(next) }),
    ...(location === undefined ? {} : { location: { ...location, text: showable(location.text) } }),
    ...(detail === undefined ? {} : { detail: showable(detail) }),
  };
}

function changeDocument(change: Change, stage: number): ReportChange {
  return {
    step: change.steps[0] ?? '',
    steps: [...change.steps],
    stage,
    kind: change.kind,
    action: change.action,
    path: unitOfPath(change.path) ?? change.path,
    diff: diffText(change),
    before: stateDocument(change.before, change),
    after: stateDocument(change.after, change),
    ...(change.knownAfter === undefined ? {} : { knownAfter: cleanLine(change.knownAfter) }),
  };
}

function actionDocument({ action, step }: PlannedAction, stage: number): ReportChange {
  return {
    step,
    steps: [step],
    stage,
    kind: 'action',
    action: 'create',
    path: showableLine(action.name),
    diff: actionNotes(action)
      .map((note) => `# ${note}\n`)
      .join(''),
    before: null,
    after: {},
  };
}

function stateDocument(state: PathState, { secret }: Change): ReportChange['before'] {
  switch (state.kind) {
    case 'absent':
      return null;
    case 'file':
      // A short secret could be found from the hash of the file that it stands in.
      if (secret !== undefined) return { mode: modeOf(state), owner: ownerOf(state) };
      return { sha256: sha256(state.content), mode: modeOf(state), owner: ownerOf(state) };
    case 'directory':
      return { mode: modeOf(state), owner: ownerOf(state) };
    case 'symlink':
      return { target: cleanLine(state.target) };
    case 'unit':
      return { enabled: cleanLine(state.enabled), active: cleanLine(state.active) };
    case 'unreadable':
    case 'pending':
      return {};
  }
}
