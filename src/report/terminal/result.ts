import { statusWords, statusWordsOf } from '../../model/status-words.ts';
import type { ReportDocument, ReportHost, ReportStatus } from '../document/schema.ts';
import { count, duration, list, oneLine } from '../shared/prose.ts';
import { queuedWords } from '../shared/queued.ts';
import { statusSummary } from '../shared/totals.ts';
import { upgradedWords } from '../shared/words.ts';
import { adviceOnce } from './advice.ts';
import { passedWords } from './deciding.ts';
import { abortedWords } from './followed.ts';
import { renderDeferred, renderProblem } from './problem.ts';
import { widthOf, wrap } from './prose.ts';
import type { Style } from './style.ts';
import { renderWarning } from './warning.ts';

/** How a run ended: a line for each host, what went wrong below it, then what it comes to. */
export function renderResult(document: ReportDocument, style: Style): readonly string[] {
  const quiet = document.hosts.filter((host) => isQuiet(host));
  const telling = adviceOnce(document.hosts.filter((host) => !isQuiet(host)));
  const width = Math.min(24, Math.max(0, ...telling.map((host) => widthOf(host.name))));
  const lines = [
    ...telling.flatMap((host) => renderHost(host, style, { width, words: statusWordsOf(document.command) })),
    ...together(quiet, statusWordsOf(document.command), style),
    ...document.warnings.flatMap((text) => renderWarning(text, style)),
  ];
  return [...lines, ...(lines.length === 0 ? [] : ['']), ...summary(document, style)];
}

function isQuiet(host: ReportHost): boolean {
  const settled = untouched.includes(host.status);
  const told = host.warnings.length + (host.balancers?.length ?? 0);
  return settled && host.error === undefined && told === 0;
}

const untouched: readonly ReportStatus[] = ['done', 'in-sync', 'skipped', 'off'];

/** Hosts that nothing happened to, in one line for each way of it. */
function together(hosts: readonly ReportHost[], all: typeof statusWords, style: Style): readonly string[] {
  const kinds = untouched.flatMap((one) =>
    byWords(
      hosts.filter(({ status }) => status === one),
      all,
    ),
  );
  return kinds.flatMap(([words, names]) =>
    wrap(`${names.join(', ')}: ${words}`, { columns: style.columns, first: '', hanging: 2 }),
  );
}

/** Names of hosts by what is said of them. */
export function byWords(
  hosts: readonly ReportHost[],
  all = statusWords,
): readonly (readonly [string, readonly string[]])[] {
  const names = new Map<string, readonly string[]>();
  for (const { name, status, doneBy } of hosts) {
    const words = `${all[status]}${doneBy === undefined ? '' : `, by run ${oneLine(doneBy)}`}`;
    names.set(words, [...(names.get(words) ?? []), name]);
  }
  return [...names];
}

/** `node-01  changed      3 changes, ran restart-web, 12.3 s` */
function renderHost(
  host: ReportHost,
  style: Style,
  { width, words }: { readonly width: number; readonly words: typeof statusWords },
): readonly string[] {
  const name = host.name.padEnd(width);
  const status = words[host.status];
  const parts = [...whatHappened(host), ...(host.durationMs > 0 ? [duration(host.durationMs)] : [])];
  const start = `${name}  ${status.padEnd(parts.length === 0 ? 0 : 12)}${parts.length === 0 ? '' : '  '}`;
  const [first = '', ...rest] = wrap(parts.join(', '), { columns: style.columns, first: start, hanging: 4 });
  return [
    `${style.paint.bold(name)}  ${paintStatus(host.status, style)(status)}${first.slice(name.length + 2 + status.length)}`,
    ...rest,
    ...why(host, style),
    ...(host.balancers ?? []).flatMap((one) => renderBalancer(one, host, style)),
    ...(host.status === 'queued'
      ? (host.queued ?? []).flatMap((one) =>
          wrap(queuedWords(one), { columns: style.columns, first: '    ', hanging: 6 }),
        )
      : []),
    ...host.warnings.flatMap((text) =>
      wrap(text, { columns: style.columns, first: '    warning: ', hanging: 6 }),
    ),
  ];
}

/** What is left to people stands in the error already, where it is one. */
function renderBalancer(
  { on, state, byHand }: NonNullable<ReportHost['balancers']>[number],
  { error }: ReportHost,
  { columns }: Style,
): readonly string[] {
  const text = `on ${oneLine(on)}: ${balancerWords[state] ?? oneLine(state)}`;
  return [
    ...wrap(text, { columns, first: '    ', hanging: 6 }),
    ...(byHand === undefined || error !== undefined ? [] : [`      by hand: ${oneLine(byHand)}`]),
  ];
}

const balancerWords: Readonly<Record<string, string>> = {
  enabled: 'people are sent there',
  cordoned: 'no more people are sent there',
  unknown: "the balancer doesn't know it",
  'not told': 'it is not known whether people are sent there',
};

function why({ status, error }: ReportHost, style: Style): readonly string[] {
  if (error === undefined) return [];
  const render = status === 'deferred' || status === 'owed' ? renderDeferred : renderProblem;
  return render({ ...error, host: undefined }, style, 4);
}

function whatHappened({
  status,
  changes,
  ran = [],
  deciding = [],
  upgraded = [],
}: ReportHost): readonly string[] {
  const done =
    // Of a run that was followed they aren't known here.
    changes.length > 0 && (status === 'changed' || status === 'owed' || status === 'would-change')
      ? [count(changes.length, 'change')]
      : [];
  return [
    ...done,
    ...(ran.length === 0 ? [] : [`ran ${ran.map(oneLine).join(', ')}`]),
    ...upgradedWords(upgraded),
    ...passedWords(deciding),
  ];
}

const good: readonly ReportStatus[] = ['changed', 'done', 'in-sync'];
const remarkable: readonly ReportStatus[] = [
  ...(['would-change', 'drifted', 'deferred', 'owed', 'queued', 'not-started', 'skipped', 'off'] as const),
];

function paintStatus(status: ReportStatus, { paint }: Style): (text: string) => string {
  if (good.includes(status)) return paint.green;
  return remarkable.includes(status) ? paint.yellow : paint.red;
}

function summary(document: ReportDocument, style: Style): readonly string[] {
  const { hosts, run, aborted } = document;
  const { interrupted } = document.summary;
  const of = run === null ? '' : ` (run ${oneLine(run)})`;
  const totals = statusSummary(
    hosts.map(({ status }) => status),
    { words: statusWordsOf(document.command) },
  );
  const text = `${totals}${of}`;
  const cause = aborted === undefined ? 'interrupted' : abortedWords(aborted);
  const unknown = hosts.filter(({ status }) => status === 'unknown').map(({ name }) => oneLine(name));
  const states =
    unknown.length === 0
      ? 'each host above is in the state shown'
      : `what became of ${list(unknown)} is not known yet: ${unknown.length === 1 ? 'it finishes or rolls back by itself' : 'they finish or roll back by themselves'}, and clusterproxy status shows it; every other host above is in the state shown`;
  const early = `${cause}: no further host was started; ${states}`;
  return [
    ...wrap(text, { columns: style.columns, first: '', hanging: 2 }),
    ...(interrupted ? wrap(early, { columns: style.columns, first: '' }) : []),
  ];
}
