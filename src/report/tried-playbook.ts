import type { Problem } from '../model/operator-error.ts';
import type { HostPlan } from '../model/plan.ts';
import { cleanLine, showableLine } from './clean.ts';
import { renderProblem } from './problem.ts';
import { count, list, wrap } from './prose.ts';
import type { Style } from './style.ts';
import { totalWords } from './totals.ts';

/** A sample host as far as this page needs it; src/run has more. */
interface Tried {
  readonly sample: { readonly name: string; readonly role: string; readonly folder: string | undefined };
  readonly plan: HostPlan;
  readonly untried: readonly string[];
}

/**
 * What a playbook comes to on its sample hosts: a line for each, what is wrong below it, then whether it's
 * fit for use.
 */
export function renderTried(file: string, hosts: readonly Tried[], style: Style): readonly string[] {
  const broken = hosts.filter(({ plan }) => plan.problem !== undefined).length;
  const end =
    broken === 0
      ? `${cleanLine(file)} is valid; run a second time it changes nothing on any sample host`
      : `${cleanLine(file)}: ${count(broken, 'sample host')} of ${hosts.length} can't be planned`;
  return [
    ...hosts.flatMap((host) => renderHost(host, style)),
    ...made(hosts, style),
    '',
    ...wrap(end, { columns: style.columns, first: '', hanging: 2 }),
  ];
}

function renderHost({ sample, plan, untried }: Tried, style: Style): readonly string[] {
  const { columns, paint } = style;
  const start = `${sample.name}: `;
  const what = sample.folder === undefined ? 'made up' : cleanLine(sample.folder);
  const words = plan.problem === undefined ? totalWords([plan]) || 'nothing to do' : 'it fails';
  const [first = '', ...rest] = wrap(`${what}; ${words}`, { columns, first: start, hanging: 2 });
  const more = (text: string) => wrap(text, { columns, first: '  ', hanging: 4 });
  return [
    paint.bold(start) + first.slice(start.length),
    ...rest,
    ...(plan.problem === undefined ? [] : renderProblem(withoutHost(plan.problem), style, 2)),
    ...(untried.length === 0
      ? []
      : more(`not tried, as they need what isn't on it: ${list(untried.map(cleanLine))}`)),
    ...plan.warnings.flatMap((text) => more(`warning: ${showableLine(text)}`)),
  ];
}

function withoutHost(problem: Problem): Problem {
  return { ...problem, host: undefined };
}

/** Where a role has made-up hosts only. */
function made(hosts: readonly Tried[], style: Style): readonly string[] {
  const roles = [
    ...new Set(
      hosts
        .filter(({ untried }) => untried.length > 0)
        .flatMap(({ sample }) => (sample.folder === undefined ? [sample.role] : [])),
    ),
  ];
  if (roles.length === 0) return [];
  const folders = roles.map((role) => `samples/${role}/NAME`);
  const text = `to try the rest, put files of a host into ${list(folders)} beside the playbook, as they lie below its root`;
  return wrap(text, { columns: style.columns, first: '', hanging: 2 });
}
