import type { ReportDocument, ReportHost } from '../document/schema.ts';
import { count, list, oneLine } from '../shared/prose.ts';
import { totalWords } from '../shared/totals.ts';
import { renderPlan } from './plan.ts';
import { renderProblem } from './problem.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/**
 * What a playbook comes to on its sample hosts: a line for each, what is wrong below it, then whether it's
 * fit for use.
 */
export function renderSamples(document: ReportDocument, style: Style): readonly string[] {
  const { hosts, playbook = '' } = document;
  const broken = hosts.filter(({ error }) => error !== undefined).length;
  const end =
    broken === 0
      ? `${oneLine(playbook)} is valid; a second run changes nothing on any sample host`
      : `${oneLine(playbook)}: ${count(broken, 'sample host')} of ${hosts.length} can't be planned`;
  return [
    ...(style.verbose ? [...renderPlan(document, style), ''] : []),
    ...hosts.flatMap((host) => renderHost(host, style)),
    ...made(hosts, style),
    '',
    ...wrap(end, { columns: style.columns, first: '', hanging: 2 }),
  ];
}

function renderHost(host: ReportHost, style: Style): readonly string[] {
  const { name, error, warnings, sample: { folder, untried = [] } = {} } = host;
  const { columns, paint } = style;
  const start = `${name}: `;
  const what = folder === undefined ? 'made up' : oneLine(folder);
  const words = error === undefined ? totalWords([host]) || 'nothing to do' : 'it fails';
  const [first = '', ...rest] = wrap(`${what}; ${words}`, { columns, first: start, hanging: 2 });
  const more = (text: string) => wrap(text, { columns, first: '  ', hanging: 4 });
  return [
    paint.bold(start) + first.slice(start.length),
    ...rest,
    ...(error === undefined ? [] : renderProblem({ ...error, host: undefined }, style, 2)),
    ...(untried.length === 0
      ? []
      : more(`not tried, because they need something that isn't on the host: ${list(untried.map(oneLine))}`)),
    ...warnings.flatMap((text) => more(`warning: ${text}`)),
  ];
}

/** Where a role has made-up hosts only. */
function made(hosts: readonly ReportHost[], style: Style): readonly string[] {
  const roles = [
    ...new Set(
      hosts
        .filter(({ sample }) => sample?.folder === undefined && (sample?.untried.length ?? 0) > 0)
        .map(({ role }) => role),
    ),
  ];
  if (roles.length === 0) return [];
  const folders = roles.map((role) => `samples/${role}/NAME`);
  const text = `to try the rest, put the files of a host into ${list(folders)} beside the playbook, laid out as they are below its root`;
  return wrap(text, { columns: style.columns, first: '', hanging: 2 });
}
