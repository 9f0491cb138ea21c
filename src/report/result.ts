import type { HostResult, RunResult, Status } from '../model/result.ts';
import { statusWords } from '../model/status-words.ts';
import { cleanLine, showableLine } from './clean.ts';
import { renderWarning } from './plan.ts';
import { renderDeferred, renderProblem } from './problem.ts';
import { count, duration, widthOf, wrap } from './prose.ts';
import type { Style } from './style.ts';
import { statusSummary, totalsOf } from './totals.ts';

/** How a run ended: a line for each host, what went wrong below it, then what it comes to. */
export function renderResult(result: RunResult, style: Style): readonly string[] {
  const quiet = result.hosts.filter((host) => isQuiet(host));
  const telling = result.hosts.filter((host) => !isQuiet(host));
  const width = Math.min(24, Math.max(0, ...telling.map((host) => widthOf(host.plan.host))));
  const lines = [
    ...telling.flatMap((host) => renderHost(host, style, width)),
    ...together(quiet, style),
    ...result.warnings.flatMap((text) => renderWarning(text, style)),
  ];
  return [...lines, ...(lines.length === 0 ? [] : ['']), ...summary(result, style)];
}

function isQuiet(host: HostResult): boolean {
  const settled = host.status === 'in-sync' || host.status === 'skipped';
  return settled && host.problem === undefined && host.warnings.length === 0;
}

/** Hosts that nothing happened to, in one line for each way of it. */
function together(hosts: readonly HostResult[], style: Style): readonly string[] {
  return (['in-sync', 'skipped'] as const).flatMap((status) => {
    const names = hosts.filter((host) => host.status === status).map((host) => host.plan.host);
    if (names.length === 0) return [];
    const text = `${names.join(', ')}: ${statusWords[status]}`;
    return wrap(text, { columns: style.columns, first: '', hanging: 2 });
  });
}

/** `bbb-01  changed      3 changes, ran restart-bbb-web  12.3 s` */
function renderHost(host: HostResult, style: Style, width: number): readonly string[] {
  const name = host.plan.host.padEnd(width);
  const status = statusWords[host.status];
  const parts = [...whatHappened(host), ...(host.durationMs > 0 ? [duration(host.durationMs)] : [])];
  const start = `${name}  ${status.padEnd(parts.length === 0 ? 0 : 12)}${parts.length === 0 ? '' : '  '}`;
  const [first = '', ...rest] = wrap(parts.join(', '), { columns: style.columns, first: start, hanging: 4 });
  return [
    `${style.paint.bold(name)}  ${paintStatus(host.status, style)(status)}${first.slice(name.length + 2 + status.length)}`,
    ...rest,
    ...why(host, style),
    ...host.warnings.flatMap((text) =>
      wrap(showableLine(text), { columns: style.columns, first: '    warning: ', hanging: 6 }),
    ),
  ];
}

function why({ status, problem }: HostResult, style: Style): readonly string[] {
  if (problem === undefined) return [];
  const render = status === 'deferred' || status === 'owed' ? renderDeferred : renderProblem;
  return render({ ...problem, host: undefined }, style, 4);
}

function whatHappened({ status, plan, ran }: HostResult): readonly string[] {
  const changes =
    status === 'changed' || status === 'owed' || status === 'would-change'
      ? [count(totalsOf([plan]).changes, 'change')]
      : [];
  return [...changes, ...(ran.length === 0 ? [] : [`ran ${ran.map(cleanLine).join(', ')}`])];
}

const good: readonly Status[] = ['changed', 'in-sync'];
const remarkable: readonly Status[] = ['would-change', 'deferred', 'owed', 'not-started', 'skipped'];

function paintStatus(status: Status, { paint }: Style): (text: string) => string {
  if (good.includes(status)) return paint.green;
  return remarkable.includes(status) ? paint.yellow : paint.red;
}

function summary(result: RunResult, style: Style): readonly string[] {
  const run = result.run === undefined ? '' : ` (run ${cleanLine(result.run)})`;
  const text = `${statusSummary(result.hosts.map((host) => host.status))}${run}`;
  const interrupted = result.interrupted
    ? 'interrupted: no further host was started; every host above is as its line says'
    : undefined;
  return [
    ...wrap(text, { columns: style.columns, first: '', hanging: 2 }),
    ...(interrupted === undefined ? [] : wrap(interrupted, { columns: style.columns, first: '' })),
  ];
}
