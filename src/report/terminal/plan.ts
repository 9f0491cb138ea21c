import { statusWordsOf } from '../../model/status-words.ts';
import type { ReportDocument, ReportHost } from '../document/schema.ts';
import { outlookOf, type PolicyForHost, policyFor } from '../shared/outlook.ts';
import { groupPlans, type PlanGroup } from '../shared/plan-groups.ts';
import { differs, stagesOf } from '../shared/reading.ts';
import { statusSummary, totalWords } from '../shared/totals.ts';
import { renderLeft } from './accepted.ts';
import { adviceOnce, errorsOnce } from './advice.ts';
import { renderDeciding } from './deciding.ts';
import { renderHolds } from './hold.ts';
import { renderEnd, renderHeader, renderNotes, renderStages } from './plan-host.ts';
import { renderPlanTable } from './plan-table.ts';
import { renderProblem } from './problem.ts';
import { indent, wrap } from './prose.ts';
import { renderQueues } from './queue.ts';
import { byWords } from './result.ts';
import { renderRollout } from './rollout.ts';
import type { Style } from './style.ts';
import { renderWarning } from './warning.ts';
import { renderWindows } from './window.ts';

/**
 * A plan as a person reads it: what changes where and why, hosts with the same changes once, then what it
 * comes to.
 */
export function renderPlan(document: ReportDocument, style: Style): readonly string[] {
  const { hosts, byHand, warnings, notes = [], rollout = [] } = document;
  const skipped = hosts.filter(({ status }) => status === 'skipped');
  const planned = hosts.filter(({ status }) => status !== 'skipped');
  const mistaken = planned.filter(isMistaken);
  // Told above all, once, and not where it would be read last.
  const others = planned.map((host) => (isMistaken(host) ? { ...host, error: undefined } : host));
  const quiet = others.filter((host) => isQuiet(host, style));
  const telling = others.filter((host) => !isQuiet(host, style));
  const policyOf = (host: ReportHost) => policyFor(host, document);
  const table = telling.length === 0 ? [] : renderPlanTable(document, style);
  const special = [
    warnings.flatMap((text) => renderWarning(text, style)),
    renderHolds(document, style),
    notes.flatMap((text) => renderNote(`note: ${text}`, style)),
  ];
  const sections = [
    errorsOnce(mistaken).flatMap((error) => renderProblem(error, style)),
    table,
    ...(table.length === 0 ? [] : special),
    ...(style.summary && table.length > 0
      ? adviceOnce(telling).map((host) => renderTrouble(host, style))
      : groupsOf(telling).map((group) => renderGroup(group, style, policyOf))),
    ...(style.summary
      ? [byHand.flatMap(({ title }) => renderNote(`by hand: ${title}`, style))]
      : byHand.map((text) => renderByHand(text, style))),
    ...(table.length === 0 ? special : []),
    [
      ...renderQuiet(quiet, style, table.length > 0),
      ...together(fewNames(skipped), statusWordsOf(document.command).skipped, style),
    ],
    [...renderRollout(rollout, style), ...renderQueues(rollout, style), ...renderWindows(rollout, style)],
    summary(document, planned, style),
  ];
  return sections
    .filter((section) => section.length > 0)
    .flatMap((section, index) => (index === 0 ? section : ['', ...section]));
}

/** Hosts of which there is nothing to tell, by what is said of them; a table has told who is in sync. */
function renderQuiet(hosts: readonly ReportHost[], style: Style, inTable: boolean): readonly string[] {
  const idle = inTable ? [] : hosts.filter((host) => !isDone(host) && !isOff(host));
  return [
    ...byWords(hosts.filter(isDone)).flatMap(([words, names]) => together(names, words, style)),
    ...together(namesOf(idle), nothingWords(idle[0]), style),
    ...together(namesOf(hosts.filter(isOff)), 'off, and changed once it answers', style),
  ];
}

/** Of a host on which nothing is done, which may differ from what it should be where a run is undone. */
function nothingWords(host: ReportHost | undefined): string {
  return host?.undoes === undefined ? 'nothing to do' : 'nothing to undo';
}

/** Hosts with the same plan, and each advice only where it is given last. */
function groupsOf(hosts: readonly ReportHost[]): readonly PlanGroup[] {
  const groups = groupPlans(hosts);
  const told = adviceOnce(groups.flatMap((group) => group.hosts));
  return groups.map(({ hosts: own, identical }) => ({
    hosts: own.flatMap(({ name }) => told.filter((host) => host.name === name)),
    identical,
  }));
}

/** Nothing to change and nothing to tell. */
function isQuiet(host: ReportHost, style: Style): boolean {
  return (
    renderLeft(host, style, false).length === 0 &&
    !differs(host) &&
    host.warnings.length === 0 &&
    host.unsettled.length === 0 &&
    host.queued === undefined &&
    host.error === undefined
  );
}

function renderGroup(
  group: PlanGroup,
  style: Style,
  policyOf: (host: ReportHost) => PolicyForHost,
): readonly string[] {
  const [first, ...rest] = group.hosts;
  if (first === undefined) return [];
  const same = group.identical ? 'the same' : 'the same except for its own name';
  const idle = !differs(first) && first.error === undefined;
  const named = rest.length > 0;
  const notes = [
    ...group.hosts.flatMap((host) => renderLeft(host, style, named)),
    ...group.hosts.flatMap((host) => renderNotes(host, style, { named, policy: policyOf(host) })),
    ...errorsOnce(group.hosts).flatMap((error) =>
      renderProblem({ ...error, host: named ? error.host : undefined }, style, 2),
    ),
  ];
  return [
    ...renderHeader(first, style),
    ...(rest.length === 0
      ? []
      : wrap(`${same}: ${rest.map(({ name }) => name).join(', ')}`, {
          columns: style.columns,
          first: '  ',
          hanging: 4,
        })),
    ...(idle
      ? byWords([first]).map(([words]) => `  ${isDone(first) || isOff(first) ? words : nothingWords(first)}`)
      : []),
    ...renderStages(stagesOf(first), style),
    ...renderEnd(first, style),
    ...renderDeciding(first, style),
    ...(notes.length > 0 && differs(first) ? [''] : []),
    ...notes,
  ];
}

/** Of a host in a summary: what is not finished, waits or is left, why it can't be changed, and warnings. */
function renderTrouble(host: ReportHost, style: Style): readonly string[] {
  // Who is there stands in the table.
  const notes = renderNotes({ ...host, guards: [] }, style, { named: true, policy: 'refuse' });
  return [
    ...[...renderLeft(host, style, true), ...notes].map((line) => line.replace(/^ {2}/, '')),
    ...(host.error === undefined ? [] : renderProblem(host.error, style)),
  ];
}

/** `node-02, node-03: nothing to do` */
function together(names: readonly string[], words: string, style: Style): readonly string[] {
  if (names.length === 0) return [];
  return wrap(`${names.join(', ')}: ${words}`, { columns: style.columns, first: '', hanging: 2 });
}

function namesOf(hosts: readonly ReportHost[]): readonly string[] {
  return hosts.map(({ name }) => name);
}

/** More hosts aren't named: who left them out knows, or they stand above. */
const mostNamed = 4;

function fewNames(hosts: readonly ReportHost[], many = 'other hosts'): readonly string[] {
  return hosts.length > mostNamed ? [`${hosts.length} ${many}`] : namesOf(hosts);
}

/** Nothing is wrong with the host, but with how the command was given. */
function isMistaken({ error }: ReportHost): boolean {
  return error?.code === 'forerunner-left-out';
}

function isOff({ status }: ReportHost): boolean {
  return status === 'off';
}

function isDone({ status }: ReportHost): boolean {
  return status === 'done';
}

function renderNote(text: string, { columns }: Style): readonly string[] {
  return wrap(text, { columns, first: '', hanging: 2 });
}

/** What the operator has to carry over, framed by empty lines so that it can be copied. */
function renderByHand({ title, text }: ReportDocument['byHand'][number], style: Style): readonly string[] {
  return [
    ...wrap(`by hand: ${title}`, { columns: style.columns, first: '', hanging: 2 }).map((line) =>
      style.paint.bold(line),
    ),
    '',
    ...indent(text, 4),
  ];
}

/** What isn't done although it was asked for: nothing at all, or only some hosts. */
function cannotWords(document: ReportDocument, others: readonly ReportHost[]): string {
  const mistaken = others.filter(isMistaken);
  if (mistaken.length === 0) return '';
  const isDue = (host: ReportHost) =>
    host.error === undefined &&
    (differs(host) || host.unsettled.length > 0) &&
    outlookOf(host, document)?.isHeld !== true;
  const what = others.some(isDue)
    ? `${fewNames(mistaken, 'hosts').join(', ')} can't be changed`
    : "it can't be applied";
  return `; ${what} like this: see the top`;
}

function summary(document: ReportDocument, others: readonly ReportHost[], style: Style): readonly string[] {
  const { command, hosts } = document;
  const totals = totalWords(
    others
      .filter((host) => (host.error === undefined || host.status === 'would-change') && differs(host))
      .filter((host) => outlookOf(host, document)?.isHeld !== true),
  );
  // As planned, and yet something is wrong with it.
  const wrong = hosts.filter(({ status, error }) => status === 'in-sync' && error !== undefined);
  const outlooks = hosts.flatMap((host) => {
    const outlook = outlookOf(host, document);
    return outlook === undefined || outlook.words === 'would wait' ? [] : [{ host, words: outlook.words }];
  });
  const sound = hosts.filter(
    (host) => !wrong.includes(host) && !outlooks.some((outlook) => outlook.host === host),
  );
  const said = [...new Set(outlooks.map((outlook) => outlook.words))].map((words) => {
    const number = outlooks.filter((outlook) => outlook.words === words).length;
    return [number, `${number} ${words}`] as const;
  });
  const words = statusSummary(
    sound.map(({ status }) => status),
    {
      words: statusWordsOf(command),
      others: [
        ...said,
        ...(wrong.length === 0
          ? []
          : [
              [wrong.length, `${wrong.length} ${wrong.length === 1 ? 'answers' : 'answer'} wrongly`] as const,
            ]),
      ],
    },
  );
  const text = `${words}${totals === '' ? '' : `; ${totals}`}${cannotWords(document, others)}`;
  return wrap(text, { columns: style.columns, first: '', hanging: 2 });
}
