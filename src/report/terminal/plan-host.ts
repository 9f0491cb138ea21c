import type { ReportChange, ReportGuard, ReportHandler, ReportHost } from '../document/schema.ts';
import { commandInShort } from '../shared/command-in-short.ts';
import { guardWords } from '../shared/guard.ts';
import { askedGuards, type PolicyForHost } from '../shared/outlook.ts';
import { list, oneLine } from '../shared/prose.ts';
import { queuedWords } from '../shared/queued.ts';
import { lastStagesOf, partsOf, type StageOfHost } from '../shared/reading.ts';
import { changeWords, unsettledWords } from '../shared/words.ts';
import { authorNotes } from './author.ts';
import { renderProblem } from './problem.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/** `node-01: node, recipe 2.6 (version 2.6 is installed)` */
export function renderHeader(host: ReportHost, style: Style): readonly string[] {
  const reason = host.recipeReason ? ` (${host.recipeReason})` : '';
  const recipe = host.recipe === null ? '' : `, recipe ${oneLine(host.recipe)}${reason}`;
  const undoes = host.undoes === undefined ? '' : `, undoing run ${oneLine(host.undoes)}`;
  const leaves = host.retires ? ', leaves the cluster' : '';
  const start = `${host.name}: `;
  const [first = '', ...rest] = wrap(`${host.role}${recipe}${undoes}${leaves}`, {
    columns: style.columns,
    first: start,
    hanging: 2,
  });
  return [style.paint.bold(start) + first.slice(start.length), ...rest];
}

/** What is done to a host, stage by stage; a stage has a title where there are several. */
export function renderStages(stages: readonly StageOfHost[], style: Style): readonly string[] {
  return stages.flatMap((stage) => [
    ...stageTitle(stage, style),
    ...stage.changes.flatMap((change) =>
      change.kind === 'action' ? renderAction(change, style) : renderChange(change, style),
    ),
    ...renderHandlers(stage.handlers, style),
  ]);
}

function stageTitle({ number, name }: StageOfHost, { columns, paint }: Style): readonly string[] {
  if (name === undefined) return [];
  // What comes before all that the playbook has.
  const text = number === 0 ? `first, ${oneLine(name)}:` : `stage ${number}, ${oneLine(name)}:`;
  return ['', ...wrap(text, { columns, first: '  ' }).map((line) => paint.bold(line))];
}

/** An action: what and why in one line, then what it does. */
function renderAction(action: ReportChange, style: Style): readonly string[] {
  const { columns, paint } = style;
  const words = action.path;
  const text = `${words} (${oneLine(action.step)})`;
  const [first = '', ...rest] = wrap(text, { columns, first: '  ', hanging: 4 });
  return [
    '',
    first.replace(words, paint.bold(words)),
    ...rest,
    ...partsOf(action).notes.flatMap((note) => wrap(note, { columns, first: '    ' })),
  ];
}

/** A change: what and why in one line, then its diff. */
function renderChange(change: ReportChange, style: Style): readonly string[] {
  const { paint } = style;
  const { notes, lines } = partsOf(change);
  const why = change.steps.length === 0 ? '' : ` (${change.steps.map(oneLine).join(', ')})`;
  const words = changeWords(change);
  const [first = '', ...rest] = wrap(`${words}${why}`, { columns: style.columns, first: '  ', hanging: 4 });
  return [
    '',
    first.replace(words, paint.bold(words)),
    ...rest,
    ...[...authorNotes(change, style), ...notes, ...stopNotes(change)].flatMap((note) =>
      wrap(note, { columns: style.columns, first: '    ' }),
    ),
    ...lines.map((line) => `    ${paintDiff(line, style)}`),
  ];
}

/** That a unit is only stopped while nobody is there. */
function stopNotes({ guards = [] }: ReportChange): readonly string[] {
  return guards.length === 0 ? [] : [`only while there are no ${list(guards.map(oneLine))}`];
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
function renderHandlers(handlers: readonly ReportHandler[], style: Style): readonly string[] {
  if (handlers.length === 0) return [];
  return ['', '  then, in this order:', ...handlers.flatMap((handler) => renderHandler(handler, style))];
}

/**
 * What is done to a host at the end of the run: what it kept for others goes, and what is remembered of
 * itself.
 */
export function renderEnd(host: ReportHost, style: Style): readonly string[] {
  const { last, leftovers } = host;
  const line = (text: string) => ['', ...wrap(text, { columns: style.columns, first: '  ' })];
  return [
    ...(last === undefined
      ? []
      : [
          ...line('finally, once the hosts that leave the cluster have been restored:'),
          ...renderStages(lastStagesOf(host), style),
          ...(last.error === undefined ? [] : renderProblem(last.error, style, 2)),
        ]),
    ...(leftovers
      ? line(
          'at the end /var/lib/clusterproxy is removed from this host, with everything it remembers of earlier runs: from then on it knows nothing of the cluster, and rollback has nothing to undo there',
        )
      : []),
  ];
}

function renderHandler(handler: ReportHandler, style: Style): readonly string[] {
  const { because, owed, guards, validate, checks = [] } = handler;
  const { columns, paint } = style;
  const id = oneLine(handler.id);
  const start = `    ${id}: `;
  const inShort = (command: string) => (style.verbose ? command : commandInShort(command));
  const actions = handler.actions.map(inShort).join(', ') || 'checks only';
  const asked = because.length === 0 ? '' : ` (asked for by ${list(because.map(oneLine))})`;
  const why = owed === undefined ? asked : ` (restart owed: ${owed})`;
  const [first = '', ...rest] = wrap(`${actions}${why}`, { columns, first: start, hanging: 6 });
  const more = (text: string) => wrap(text, { columns, first: '      ' });
  return [
    first.replace(start, `    ${paint.bold(id)}: `),
    ...rest,
    ...(validate === undefined ? [] : more(`only if "${inShort(validate)}" accepts the files`)),
    ...(guards.length > 0 ? more(`only while there are no ${list(guards.map(oneLine))}`) : []),
    ...(style.verbose && checks.length > 0
      ? more(`succeeds if ${list(checks)}, within ${handler.timeout} s`)
      : []),
  ];
}

/**
 * What is true of one host besides its changes: who is there now, warnings, runs that aren't finished.
 */
export function renderNotes(host: ReportHost, style: Style, options: NoteOptions): readonly string[] {
  const { columns, paint } = style;
  const who = options.named ? `${host.name}: ` : '';
  const labelled = (label: string, painted: string, text: string) => {
    const start = `  ${who}${label}: `;
    const [first = '', ...rest] = wrap(text, { columns, first: start, hanging: 4 });
    return [`  ${who}${painted}: ${first.slice(start.length)}`, ...rest];
  };
  const warning = (text: string) => labelled('warning', paint.yellow('warning'), text);
  const unsettled = host.unsettled.map(unsettledWords);
  return [
    ...askedGuards(host).flatMap((guard) => [
      ...labelled('now', paint.bold('now'), guardWords(guard)),
      ...sessionLines(guard).flatMap((text) => wrap(text, { columns, first: '    - ' })),
      ...aside(guard).flatMap((text) => labelled('note', paint.yellow('note'), text)),
    ]),
    ...deferral(host, options).flatMap((text) => labelled('note', paint.yellow('note'), text)),
    ...unsettled.flatMap(warning),
    ...(host.queued ?? []).flatMap((one) => labelled('queued', paint.yellow('queued'), queuedWords(one))),
    ...host.warnings.flatMap(warning),
    ...(host.notes ?? []).flatMap((text) => labelled('note', paint.bold('note'), text)),
  ];
}

export interface NoteOptions {
  /** the host's name has to be said, because the lines stand below several hosts */
  readonly named: boolean;
  /** what is done where people are */
  readonly policy: PolicyForHost;
}

/** Said in advance: a host in use is left as it is. */
function deferral(host: ReportHost, { policy }: NoteOptions): readonly string[] {
  const busy = askedGuards(host).filter((report) => report.state !== 'idle');
  if (busy.length === 0) return [];
  const what = list(busy.map((report) => oneLine(report.guard)));
  const known = busy.some(({ state }) => state === 'busy');
  const until = known ? `as long as there are ${what}` : 'as long as that is not known';
  switch (policy) {
    case 'moved':
      return [
        `the ${what} end, as another host takes over before it begins; only where none can, they count`,
      ];
    case 'force':
      return [`--force: the ${what} will be interrupted`];
    case 'wait':
      return [`it waits ${until}, while the others are changed`];
    case 'drain':
      return [`it gets no new ${what}, and waits ${until}`];
    case 'later':
      return [`it is queued, and changes itself once there have been no ${what} for a while`];
    case 'refuse':
      return [
        `it would be deferred, with nothing changed, ${until}; --when-busy wait waits for that, --force changes it anyway`,
      ];
  }
}

const mostSessions = 10;

/** See src/model/people.ts. */
const unknownPeople = 'an unknown number of people';
const inSummary = /^(?:nobody at present|\d+ (?:person|people))(?:, started [\w ]+ ago)?$/;

/** Those of which more is known than that they are there, and than the summary says. */
function sessionLines({ sessions }: ReportGuard): readonly string[] {
  const isTold = (words: string) => sessions.length === 1 && inSummary.test(words);
  const known = sessions.map(oneLine).filter((words) => words !== unknownPeople && !isTold(words));
  const shown = known.slice(0, mostSessions);
  const more = known.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])];
}

/** What doesn't count, and what else the guard has to say. */
function aside({ guard, ignored = [], notes = [] }: ReportGuard): readonly string[] {
  const [one = '', ...more] = ignored.map(oneLine);
  const what = oneLine(guard);
  const words =
    more.length === 0
      ? `1 ${what.replace(/s$/, '')} is ignored: ${one}`
      : `${ignored.length} ${what} are ignored: ${[one, ...more].join('; ')}`;
  return [...(ignored.length === 0 ? [] : [words]), ...notes.map(oneLine)];
}
