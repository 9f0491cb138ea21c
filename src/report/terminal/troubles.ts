import type { ReportDocument, ReportTrouble } from '../document/schema.ts';
import { count, list, oneLine } from '../shared/prose.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/**
 * The troubles that were found, by host: the code, the fact that shows it, what follows and what to do. What
 * could not be found out stands below them, and what several hosts don't tell for one reason below all hosts;
 * with --verbose also what was looked for and isn't there.
 */
export function renderTroubles({ troubles = [] }: ReportDocument, style: Style): readonly string[] {
  const hosts = [...new Set(troubles.map(({ host }) => host))];
  const shared = sharedReasons(troubles);
  return [
    ...hosts.flatMap((host) =>
      renderHost(
        host,
        troubles.filter((trouble) => trouble.host === host),
        { style, shared },
      ),
    ),
    ...shared.flatMap((reason) => renderShared(reason, troubles, style)),
    ...wrap(summaryWords(troubles), { columns: style.columns, first: '', hanging: 2 }),
  ];
}

/** Reasons for which several hosts don't tell something, such as a balancer that could not be asked. */
function sharedReasons(troubles: readonly ReportTrouble[]): readonly string[] {
  const unknown = troubles.filter(({ outcome }) => outcome === 'unknown');
  const reasons = [...new Set(unknown.flatMap(({ found }) => found ?? []))];
  const hostsOf = (reason: string) =>
    new Set(unknown.flatMap(({ host, found }) => (found === reason ? host : [])));
  return reasons.filter((reason) => hostsOf(reason).size > 1);
}

function renderShared(reason: string, troubles: readonly ReportTrouble[], style: Style): readonly string[] {
  const { columns, paint } = style;
  const same = troubles.filter(({ outcome, found }) => outcome === 'unknown' && found === reason);
  const hosts = [...new Set(same.map(({ host }) => oneLine(host)))];
  return [
    ...wrap(list(hosts), { columns, first: '', hanging: 2 }).map((line) => paint.bold(line)),
    ...renderReason(reason, same, style),
    '',
  ];
}

/** Why several things are not known. */
function renderReason(
  reason: string,
  troubles: readonly ReportTrouble[],
  { columns, paint }: Style,
): readonly string[] {
  const start = '  not known: ';
  const [first = '', ...rest] = wrap(reason, { columns, first: start, hanging: 4 });
  const ids = [...new Set(troubles.map(({ id }) => id))];
  return [
    `  ${paint.yellow('not known:')} ${first.slice(start.length)}`,
    ...rest,
    ...wrap(list(ids), { columns, first: '    needed for: ', hanging: 6 }),
  ];
}

function renderHost(
  host: string,
  troubles: readonly ReportTrouble[],
  { style, shared }: { readonly style: Style; readonly shared: readonly string[] },
): readonly string[] {
  const { columns, paint, verbose } = style;
  const found = troubles.filter(({ outcome }) => outcome === 'found');
  const unknown = troubles.filter((one) => one.outcome === 'unknown' && !shared.includes(one.found ?? ''));
  const notes = troubles.flatMap(({ note }) => note ?? []);
  const rest = verbose
    ? (['absent', 'not-applicable'] as const).flatMap((outcome) => {
        const ids = troubles.filter((trouble) => trouble.outcome === outcome).map(({ id }) => id);
        const first = `  ${outcome === 'absent' ? 'not found' : 'does not apply'}: `;
        return ids.length === 0 ? [] : wrap(list(ids), { columns, first, hanging: 4 });
      })
    : [];
  return [
    `${paint.bold(oneLine(host))} (${troubles[0]?.role ?? ''})`,
    ...(found.length === 0
      ? troubles.every(({ outcome }) => outcome === 'unknown')
        ? []
        : [`  ${paint.green('no trouble found')}`]
      : found.flatMap((one) => renderFound(one, style))),
    ...[...new Set(unknown.map(({ found }) => found))].flatMap((reason) =>
      renderUnknowns(
        unknown.filter(({ found }) => found === reason),
        style,
      ),
    ),
    ...notes.flatMap((note) => wrap(note, { columns, first: '  note: ', hanging: 4 })),
    ...rest,
    '',
  ];
}

function renderFound({ id, title, found, means, fix }: ReportTrouble, style: Style): readonly string[] {
  const { columns, paint } = style;
  const start = `  ${id}: `;
  const [first = '', ...rest] = wrap(title, { columns, first: start, hanging: 4 });
  const noted = (label: string, text: string | undefined) =>
    text === undefined ? [] : wrap(text, { columns, first: `    ${label}: `, hanging: 6 });
  return [
    `  ${paint.red.bold(`${id}:`)} ${first.slice(start.length)}`,
    ...rest,
    ...noted('found', found),
    ...noted('so', means),
    ...renderFix(fix, style),
  ];
}

/** A line of it that is indented is an example to copy. */
function renderFix(fix: string | undefined, { columns }: Style): readonly string[] {
  const [first = '', ...lines] = (fix ?? '').split('\n');
  if (first === '') return [];
  return [
    ...wrap(first, { columns, first: '    to fix it: ', hanging: 6 }),
    ...lines.flatMap((line) =>
      /^\s/.test(line) ? [`      ${line}`] : wrap(line, { columns, first: '      ' }),
    ),
  ];
}

/** What is not known of a host, for one reason. */
function renderUnknowns(troubles: readonly ReportTrouble[], style: Style): readonly string[] {
  const [one, ...more] = troubles;
  if (one === undefined) return [];
  const { id, title, found } = one;
  if (found !== undefined && more.length > 0) return renderReason(found, troubles, style);
  const { columns, paint } = style;
  const start = `  not known: `;
  const why = found === undefined ? '' : `: ${found}`;
  const [first = '', ...rest] = wrap(`whether ${title} (${id})${why}`, { columns, first: start, hanging: 4 });
  return [`  ${paint.yellow('not known:')} ${first.slice(start.length)}`, ...rest];
}

/** `2 troubles found on 1 of 3 hosts; 1 could not be looked for` */
function summaryWords(troubles: readonly ReportTrouble[]): string {
  const hosts = new Set(troubles.map(({ host }) => host)).size;
  const found = troubles.filter(({ outcome }) => outcome === 'found');
  const unknown = troubles.filter(({ outcome }) => outcome === 'unknown').length;
  const left = unknown === 0 ? '' : `; ${unknown} could not be looked for`;
  if (found.length === 0) return `no known trouble found on ${count(hosts, 'host')}${left}`;
  const ill = new Set(found.map(({ host }) => host)).size;
  return `${count(found.length, 'trouble')} found on ${ill} of ${count(hosts, 'host')}${left}; clusterproxy explain CODE tells more`;
}
