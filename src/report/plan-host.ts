import type { PlannedAction } from '../model/action.ts';
import { type Change, stopsUnit } from '../model/change.ts';
import type { GuardReport, HostPlan, PlannedHandler, Stage } from '../model/plan.ts';
import type { UnsettledRun } from '../model/snapshot.ts';
import { guardsIn } from '../plan/forward/guard-reports.ts';
import { cleanLine, showableLine } from './clean.ts';
import { diffOf } from './diff.ts';
import { renderProblem } from './problem.ts';
import { list, wrap } from './prose.ts';
import type { Style } from './style.ts';
import {
  actionNotes,
  actionWords,
  changeWords,
  checkWords,
  commandLine,
  interrupts,
  sessionsOf,
} from './words.ts';

/** `bbb-01: node, recipe 2.6 (BigBlueButton 2.6)` */
export function renderHeader(plan: HostPlan, style: Style): readonly string[] {
  const recipe =
    plan.recipe === undefined
      ? ''
      : `, recipe ${cleanLine(plan.recipe.name)}${plan.recipe.reason === '' ? '' : ` (${showableLine(plan.recipe.reason)})`}`;
  const undoes = plan.undoes === undefined ? '' : `, undoing run ${cleanLine(plan.undoes)}`;
  const leaves = plan.retires ? ', leaves the cluster' : '';
  const start = `${plan.host}: `;
  const [first = '', ...rest] = wrap(`${plan.role}${recipe}${undoes}${leaves}`, {
    columns: style.columns,
    first: start,
    hanging: 2,
  });
  return [style.paint.bold(start) + first.slice(start.length), ...rest];
}

/** What is done to a host, stage by stage; a stage has a title where there are several. */
export function renderStages(stages: readonly Stage[], style: Style): readonly string[] {
  return stages.flatMap((stage) => [
    ...stageTitle(stage, style),
    ...stage.actions.flatMap((planned) => renderAction(planned, style)),
    ...stage.changes.flatMap((change) => renderChange(change, style)),
    ...renderHandlers(stage.handlers, style),
  ]);
}

function stageTitle({ number, name }: Stage, { columns, paint }: Style): readonly string[] {
  if (name === undefined) return [];
  const text = `stage ${number}, ${cleanLine(name)}:`;
  return ['', ...wrap(text, { columns, first: '  ' }).map((line) => paint.bold(line))];
}

/** An action: what and why in one line, then what it does. */
function renderAction({ action, step }: PlannedAction, style: Style): readonly string[] {
  const { columns, paint } = style;
  const words = showableLine(action.name);
  const text = `${words} (${cleanLine(step)})`;
  const [first = '', ...rest] = wrap(text, { columns, first: '  ', hanging: 4 });
  return [
    '',
    first.replace(words, paint.bold(words)),
    ...rest,
    ...actionNotes(action).flatMap((note) => wrap(note, { columns, first: '    ' })),
  ];
}

/** A change: what and why in one line, then its diff. */
function renderChange(change: Change, style: Style): readonly string[] {
  const { paint } = style;
  const { notes, lines } = diffOf(change);
  const why = change.steps.length === 0 ? '' : ` (${change.steps.map(cleanLine).join(', ')})`;
  const words = changeWords(change);
  const [first = '', ...rest] = wrap(`${words}${why}`, { columns: style.columns, first: '  ', hanging: 4 });
  return [
    '',
    first.replace(words, paint.bold(words)),
    ...rest,
    ...[...notes, ...stopNotes(change)].flatMap((note) =>
      wrap(note, { columns: style.columns, first: '    ' }),
    ),
    ...lines.map((line) => `    ${paintDiff(line, style)}`),
  ];
}

/** That a unit is only stopped while nobody is there. */
function stopNotes(change: Change): readonly string[] {
  const { guards = [] } = change;
  if (!stopsUnit(change) || guards.length === 0) return [];
  return [`only while there are no ${list(guards.map((guard) => cleanLine(guard.id)))}`];
}

/** Colours of diff(1) and git: by what a line begins with, headers before their signs. */
function paintDiff(line: string, { paint }: Style): string {
  if (/^(?:--- (?:a?\/)|\+\+\+ (?:b?\/))/.test(line)) return paint.bold(line);
  if (line.startsWith('@@')) return paint.cyan(line);
  if (line.startsWith('+')) return paint.green(line);
  if (line.startsWith('-')) return paint.red(line);
  return line;
}

/** What will run after the files are in place, and which steps asked for it. */
function renderHandlers(handlers: readonly PlannedHandler[], style: Style): readonly string[] {
  if (handlers.length === 0) return [];
  return ['', '  then, in this order:', ...handlers.flatMap((planned) => renderHandler(planned, style))];
}

/**
 * What is done to a host at the end of the run: what it kept for others goes, and what is remembered of
 * itself.
 */
export function renderEnd(plan: HostPlan, style: Style): readonly string[] {
  const { last, leftovers } = plan;
  const line = (text: string) => ['', ...wrap(text, { columns: style.columns, first: '  ' })];
  return [
    ...(last === undefined
      ? []
      : [
          ...line('last, once the hosts that leave the cluster were given back:'),
          ...renderStages(last.stages, style),
          ...(last.problem === undefined ? [] : renderProblem(last.problem, style, 2)),
        ]),
    ...(leftovers
      ? line(
          'at the end /var/lib/clusterproxy is removed there, with all that is remembered of earlier runs: from then on this host knows nothing of the cluster, and rollback has nothing to undo on it',
        )
      : []),
  ];
}

function renderHandler({ handler, because, owed }: PlannedHandler, style: Style): readonly string[] {
  const { columns, paint } = style;
  // What is undone has its handlers from the host's own record.
  const id = cleanLine(handler.id);
  const start = `    ${id}: `;
  const actions = handler.actions.map(actionWords).join(', ') || 'nothing but checks';
  const asked = because.length === 0 ? '' : ` (asked for by ${list(because.map(cleanLine))})`;
  const why = owed === undefined ? asked : ` (restart owed: ${showableLine(owed)})`;
  const [first = '', ...rest] = wrap(`${actions}${why}`, { columns, first: start, hanging: 6 });
  const more = (text: string) => wrap(text, { columns, first: '      ' });
  return [
    first.replace(start, `    ${paint.bold(id)}: `),
    ...rest,
    ...(handler.validate === undefined
      ? []
      : more(`only if "${commandLine(handler.validate)}" accepts the files`)),
    ...(interrupts(handler)
      ? more(`only while there are no ${list(handler.guards.map((guard) => cleanLine(guard.id)))}`)
      : []),
    ...(style.verbose && handler.checks.length > 0
      ? more(`well when ${list(handler.checks.map(checkWords))}, within ${handler.timeout} s`)
      : []),
  ];
}

/**
 * What is true of one host besides its changes: who is there now, warnings, runs that aren't finished, its
 * problem.
 */
export function renderNotes(plan: HostPlan, style: Style, options: NoteOptions): readonly string[] {
  const { columns, paint } = style;
  const who = options.named ? `${plan.host}: ` : '';
  const labelled = (label: string, painted: string, text: string) => {
    const start = `  ${who}${label}: `;
    const [first = '', ...rest] = wrap(text, { columns, first: start, hanging: 4 });
    return [`  ${who}${painted}: ${first.slice(start.length)}`, ...rest];
  };
  const warning = (text: string) => labelled('warning', paint.yellow('warning'), text);
  const unsettled = plan.unsettled.map(unsettledWords);
  return [
    ...guardsOf(plan).flatMap((guard) => labelled('now', paint.bold('now'), guardWords(guard))),
    ...deferral(plan, options).flatMap((text) => labelled('note', paint.yellow('note'), text)),
    ...unsettled.flatMap(warning),
    ...plan.warnings.flatMap((text) => warning(showableLine(text))),
    ...(plan.problem === undefined
      ? []
      : renderProblem({ ...plan.problem, host: options.named ? plan.host : undefined }, style, 2)),
  ];
}

export interface NoteOptions {
  /** the host's name has to be said, because the lines stand below several hosts */
  readonly named: boolean;
  /** guards aren't asked in this run */
  readonly force: boolean;
}

/** The reports of guards that are asked in this plan. */
function guardsOf(plan: HostPlan): readonly GuardReport[] {
  const asked = new Set(guardsIn(plan.stages).map((guard) => guard.id));
  return plan.guards.filter((report) => asked.has(report.guard));
}

/** Said in advance: a host in use is left as it is. */
function deferral(plan: HostPlan, { force }: NoteOptions): readonly string[] {
  const busy = guardsOf(plan).filter((report) => report.state !== 'idle');
  if (busy.length === 0) return [];
  const what = list(busy.map((report) => cleanLine(report.guard)));
  return force
    ? [`--force: the ${what} will be interrupted`]
    : [
        `it would be put off, with nothing changed, as long as there are ${what}; --force changes it all the same`,
      ];
}

const mostSessions = 10;

function guardWords(report: GuardReport): string {
  const names = report.sessions.slice(0, mostSessions).map(showableLine);
  const more = report.sessions.length - names.length;
  const sessions = [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  switch (report.state) {
    case 'idle':
      return `no ${cleanLine(report.guard)}`;
    case 'unknown':
      return `whether there are ${cleanLine(report.guard)} is not known${sessions === '' ? '' : `: ${sessions}`}; that counts as busy`;
    case 'busy':
      if (report.sessions.length === 0) return `there are ${cleanLine(report.guard)}`;
      return `${sessionsOf(report)} ${report.sessions.length === 1 ? 'is' : 'are'} running: ${sessions}`;
  }
}

/** `run ID (apply by ada from laptop) is not finished (open); apply settles it first` */
export function unsettledWords({ run, state, outcome, who, alive, cluster }: UnsettledRun): string {
  // The host's own words end in the run, which is said already.
  const by = who === undefined || who === '' ? '' : ` (${showableLine(who.replace(`, run ${run}`, ''))})`;
  const of = cluster === undefined ? '' : ` of the cluster ${cleanLine(cluster)}`;
  const subject = `run ${cleanLine(run)}${of}${by}`;
  if (alive) return `${subject} is at work on it at this moment (${cleanLine(state)})`;
  if (state === 'stuck')
    return `${subject} could not bring the host back and needs a person; apply tries again`;
  if (state === 'conflict')
    return `${subject} left files alone that somebody else had changed, and needs a person`;
  if (state === 'kept') {
    return `${subject} was not confirmed from outside; its files stay, as people were there`;
  }
  const decided = outcome === undefined ? '' : `, decided: ${outcome}`;
  return `${subject} is not finished (${cleanLine(state)}${decided}); apply settles it first`;
}
