import { cleanLine } from '../../document/clean-text.ts';
import type { PlannedAction } from '../../model/action.ts';
import { type Change, sha256, stopsUnit } from '../../model/change.ts';
import type { PlannedHandler, Stage } from '../../model/plan.ts';
import { type PathState, unitOfPath } from '../../model/snapshot.ts';
import { showableLine } from '../../secrets/showable.ts';
import { authorDocument } from './author.ts';
import { diffText, modeOf, ownerOf } from './diff.ts';
import { cleanName } from './harmless.ts';
import type { ReportChange, ReportHandler } from './schema.ts';
import { actionNotes, actionWords, checkWords, commandLine } from './words.ts';

/** Where in a host's plan something is done. */
export interface Place {
  readonly number: number;
  /** at the end of the run, once the hosts that leave were given back */
  readonly isLast: boolean;
}

/** What is done in a stage before its handlers: actions first. */
export function changesDocument(
  { actions, changes, authors, snapshot }: Stage,
  place: Place,
): readonly ReportChange[] {
  return [
    ...actions.map((planned) => actionDocument(planned, place)),
    ...changes.map((change) => ({
      ...changeDocument(change, place),
      ...authorDocument(authors?.get(change.path), snapshot?.clockOffset ?? 0),
    })),
  ];
}

/** A handler that will run. */
export function handlerDocument(
  { handler, because, owed }: PlannedHandler,
  { number, isLast }: Place,
): ReportHandler {
  const { id, actions, guards, validate, checks, timeout } = handler;
  return {
    id: cleanName(id),
    stage: number,
    actions: actions.map(actionWords),
    because: because.map(cleanName),
    ...(owed === undefined ? {} : { owed: showableLine(owed) }),
    guards: guards.map((guard) => cleanName(guard.id)),
    ran: false,
    kinds: actions.map(({ kind }) => kind),
    ...(validate === undefined ? {} : { validate: commandLine(validate) }),
    ...(checks.length === 0 ? {} : { checks: checks.map(checkWords), timeout }),
    ...(isLast ? { last: true } : {}),
  };
}

function changeDocument(change: Change, { number, isLast }: Place): ReportChange {
  const { steps, kind, action, path, before, after, knownAfter, guards = [] } = change;
  return {
    step: cleanName(steps[0] ?? ''),
    steps: steps.map(cleanName),
    stage: number,
    kind,
    action,
    path: cleanName(unitOfPath(path) ?? path),
    diff: diffText(change),
    before: stateDocument(before, change),
    after: stateDocument(after, change),
    ...(knownAfter === undefined ? {} : { knownAfter: cleanLine(knownAfter) }),
    ...(stopsUnit(change) && guards.length > 0 ? { guards: guards.map(({ id }) => cleanName(id)) } : {}),
    ...(isLast ? { last: true } : {}),
  };
}

function actionDocument({ action, step }: PlannedAction, { number, isLast }: Place): ReportChange {
  const { name, guards = [] } = action;
  return {
    step: cleanName(step),
    steps: [cleanName(step)],
    stage: number,
    kind: 'action',
    action: 'create',
    path: showableLine(name),
    diff: actionNotes(action)
      .map((note) => `# ${note}\n`)
      .join(''),
    before: null,
    after: {},
    ...(guards.length > 0 ? { guards: guards.map(({ id }) => cleanName(id)) } : {}),
    ...(isLast ? { last: true } : {}),
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
