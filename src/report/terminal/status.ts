import type { ReportDocument, ReportHost } from '../document/schema.ts';
import { oneLine } from '../shared/prose.ts';
import { queuedWords } from '../shared/queued.ts';
import { differs } from '../shared/reading.ts';
import { statusSummary, totalWords } from '../shared/totals.ts';
import { unsettledWords, whoWords } from '../shared/words.ts';
import { adviceOnce } from './advice.ts';
import { renderHolds } from './hold.ts';
import { renderProblem } from './problem.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';
import { renderWarning } from './warning.ts';

/**
 * What state each host is in: whether it is as planned, since which run, what isn't finished, who is at work.
 */
export function renderStatus(document: ReportDocument, style: Style): readonly string[] {
  const { hosts, warnings } = document;
  return [
    ...renderHolds(document, style),
    ...adviceOnce(hosts).flatMap((host) => renderHost(host, style)),
    ...warnings.flatMap((text) => renderWarning(text, style)),
    '',
    ...wrap(statusSummary(hosts.map(({ status }) => status)), {
      columns: style.columns,
      first: '',
      hanging: 2,
    }),
  ];
}

/** `node-01: node, recipe 2.6: in sync since run ID (apply by ada from laptop, 2026-11-21 07:45:01 UTC)` */
function renderHost(host: ReportHost, style: Style): readonly string[] {
  const { error, otherClusters = [] } = host;
  const others = error?.code === 'another-cluster' ? [] : otherClusters;
  const start = `${host.name}: `;
  const recipe = host.recipe === null ? '' : `, recipe ${oneLine(host.recipe)}`;
  const text = `${host.role}${recipe}: ${stateWords(host)}`;
  const [first = '', ...rest] = wrap(text, { columns: style.columns, first: start, hanging: 4 });
  const noted = (label: string, words: string) =>
    wrap(words, { columns: style.columns, first: `  ${label}: `, hanging: 4 });
  return [
    style.paint.bold(start) + first.slice(start.length),
    ...rest,
    ...(others.length === 0 ? [] : noted('also serves', others.join(', '))),
    ...host.unsettled.flatMap((one) => noted(one.alive ? 'lock' : 'warning', unsettledWords(one))),
    ...(host.queued ?? []).flatMap((one) => noted('queued', queuedWords(one))),
    ...(host.lease === undefined ? [] : noted('reserved', leaseWords(host.lease))),
    ...host.handlers.flatMap(({ owed, last }) =>
      owed === undefined || last ? [] : noted('restart owed', owed),
    ),
    ...host.warnings.flatMap((one) => noted('warning', one)),
    ...(error === undefined ? [] : renderProblem({ ...error, host: undefined }, style, 2)),
  ];
}

/** `by run ID (apply by ada from laptop), until 2026-11-26 18:10:00 UTC unless it goes on` */
function leaseWords({ run, command, by, from, until }: NonNullable<ReportHost['lease']>): string {
  const end =
    until === undefined ? '' : `, until ${until.slice(0, 19).replace('T', ' ')} UTC unless it goes on`;
  return `by run ${run} (${command} by ${by} from ${from})${end}`;
}

function stateWords(host: ReportHost): string {
  const { lastRun: last } = host;
  if (host.status === 'unreachable') return 'not known';
  if (host.status === 'off') return 'off';
  if (host.unsettled.some(({ alive }) => alive)) return 'it is being changed right now';
  const by = last === undefined ? undefined : `run ${last.run} (${last.command} by ${whoWords(last)})`;
  const code = host.error?.code;
  if (code === 'record-damaged' || code === 'record-newer') {
    return `${differs(host) ? 'not as planned' : 'in sync'}, but a record can't be read`;
  }
  if (host.error !== undefined) return `can't be planned${by === undefined ? '' : `; last changed by ${by}`}`;
  if (differs(host)) {
    const totals = totalWords([host]);
    const what = totals === '' ? '' : ` (${totals})`;
    if (host.retires) return `leaves the cluster with the next apply${what}`;
    // What is retired keeps nothing of ours, so it can't be told from one that is new.
    return `not as planned${what}; ${by === undefined ? 'no run that changed it is recorded there: it was never set up, or was retired' : `last changed by ${by}`}`;
  }
  if (host.retires) return 'has left; clusterproxy keeps nothing there';
  return by === undefined ? 'in sync' : `in sync since ${by}`;
}
