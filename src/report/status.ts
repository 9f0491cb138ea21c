import type { PastRun } from '../model/history.ts';
import { differs, type HostPlan } from '../model/plan.ts';
import type { HostResult } from '../model/result.ts';
import { cleanLine, showableLine } from './clean.ts';
import { whoWords } from './history.ts';
import { renderWarning } from './plan.ts';
import { unsettledWords } from './plan-host.ts';
import { renderProblem } from './problem.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';
import { statusSummary, totalWords } from './totals.ts';

/** A host as it stands, and the latest run that changed it. */
export interface HostStatus {
  readonly result: HostResult;
  readonly last: PastRun | undefined;
}

/**
 * What state each host is in: whether it is as planned, since which run, what isn't finished, who is at work.
 */
export function renderStatus(
  hosts: readonly HostStatus[],
  warnings: readonly string[],
  style: Style,
): readonly string[] {
  return [
    ...hosts.flatMap((host) => renderHost(host, style)),
    ...warnings.flatMap((text) => renderWarning(text, style)),
    '',
    ...wrap(statusSummary(hosts.map(({ result }) => result.status)), {
      columns: style.columns,
      first: '',
      hanging: 2,
    }),
  ];
}

/** `bbb-01: node, recipe 2.6: in sync since run ID (apply by ada from laptop, 2026-11-21 07:45:01 UTC)` */
function renderHost({ result, last }: HostStatus, style: Style): readonly string[] {
  const { plan } = result;
  const others = plan.problem?.code === 'another-cluster' ? [] : (plan.snapshot?.others ?? []);
  const start = `${plan.host}: `;
  const recipe = plan.recipe === undefined ? '' : `, recipe ${cleanLine(plan.recipe.name)}`;
  const text = `${plan.role}${recipe}: ${stateWords(plan, last)}`;
  const [first = '', ...rest] = wrap(text, { columns: style.columns, first: start, hanging: 4 });
  const noted = (label: string, words: string) =>
    wrap(words, { columns: style.columns, first: `  ${label}: `, hanging: 4 });
  return [
    style.paint.bold(start) + first.slice(start.length),
    ...rest,
    ...(others.length === 0
      ? []
      : noted('also serves', others.map(({ cluster }) => cleanLine(cluster)).join(', '))),
    ...plan.unsettled.flatMap((one) => noted(one.alive ? 'lock' : 'warning', unsettledWords(one))),
    ...plan.stages.flatMap(({ handlers }) =>
      handlers.flatMap(({ owed }) => (owed === undefined ? [] : noted('restart owed', showableLine(owed)))),
    ),
    ...result.warnings.flatMap((one) => noted('warning', showableLine(one))),
    ...(result.problem === undefined ? [] : renderProblem({ ...result.problem, host: undefined }, style, 2)),
  ];
}

function stateWords(plan: HostPlan, last: PastRun | undefined): string {
  if (plan.unreachable) return 'not known';
  const by =
    last === undefined
      ? undefined
      : `run ${cleanLine(last.run)} (${cleanLine(last.command)} by ${whoWords(last)})`;
  if (plan.problem !== undefined)
    return `can't be planned${by === undefined ? '' : `; last changed by ${by}`}`;
  if (differs(plan)) {
    const totals = totalWords([plan]);
    const what = totals === '' ? '' : ` (${totals})`;
    return `not as planned${what}${by === undefined ? ', and no run has changed it' : `; last changed by ${by}`}`;
  }
  if (plan.retires) return 'out of the cluster, nothing of ours is on it';
  return by === undefined ? 'in sync' : `in sync since ${by}`;
}
