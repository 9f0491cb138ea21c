import type { ReportDocument, ReportPastRun } from '../document/schema.ts';
import { endOnHost } from '../shared/ends.ts';
import { count, duration, oneLine } from '../shared/prose.ts';
import { queuedWords } from '../shared/queued.ts';
import { upgradedWords, whoWords } from '../shared/words.ts';
import { renderDeferred, renderProblem } from './problem.ts';
import { widthOf, wrap } from './prose.ts';
import type { Style } from './style.ts';

/** The runs that hosts remember: who, when, from where, and what became of it on each host. */
export function renderHistory(
  { runs = [], otherClusters = [] }: ReportDocument,
  style: Style,
): readonly string[] {
  const notes = otherClusters.flatMap(({ host, clusters }) => {
    const words = `${host} also has runs of ${clusters.map(oneLine).join(', ')}, which are not shown here`;
    return wrap(words, { columns: style.columns, first: '', hanging: 2 });
  });
  const shown = runs.flatMap((run, index) => [...(index === 0 ? [] : ['']), ...renderRun(run, style)]);
  return [
    ...(runs.length === 0 ? ['no host remembers a run'] : shown),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ];
}

/** `20261121T074501Z-4f2a9c: apply by ada from laptop, 2026-11-21 07:45:01 UTC, version 0.1.0` */
function renderRun(run: ReportPastRun, style: Style): readonly string[] {
  const start = `${run.run}: `;
  const undoes = run.undoes === undefined ? '' : ` of run ${run.undoes}`;
  const undone = run.undoneBy === undefined ? '' : `; undone by run ${run.undoneBy}`;
  const now = `${run.now ? ' --now' : ''}${run.despitePolls ? ' --despite-polls' : ''}`;
  const text = `${run.command}${now}${undoes} by ${whoWords(run)}, version ${run.version}${undone}`;
  const [first = '', ...rest] = wrap(text, { columns: style.columns, first: start, hanging: 2 });
  const width = Math.min(24, Math.max(0, ...run.hosts.map(({ name }) => widthOf(name))));
  return [
    style.paint.bold(start) + first.slice(start.length),
    ...rest,
    ...run.hosts.flatMap((host) => renderHost(host, run, width, style)),
  ];
}

function renderHost(
  host: ReportPastRun['hosts'][number],
  run: ReportPastRun,
  width: number,
  style: Style,
): readonly string[] {
  const words = endOnHost(host);
  const changes = host.changes.filter(({ kind }) => kind !== 'action');
  const actions = host.changes.filter(({ kind }) => kind === 'action');
  const handlers = host.handlers.map(oneLine);
  const isUntouched = ['deferred', 'refused', 'abandoned', 'queued'].includes(host.state);
  const isElsewhere = run.undoneBy === undefined && host.undoneBy !== undefined;
  const parts = [
    ...actions.map(({ path }) => path),
    ...(isUntouched || (changes.length === 0 && actions.length > 0) ? [] : [count(changes.length, 'change')]),
    ...(handlers.length === 0 ? [] : [handlers.join(', ')]),
    ...upgradedWords(host.upgraded ?? []),
    ...(host.durationMs === undefined || host.state === 'queued' ? [] : [roughly(host.durationMs)]),
    ...(isElsewhere ? [`undone by run ${host.undoneBy}`] : []),
  ];
  const start = `  ${host.name.padEnd(width)}  ${words.padEnd(12)}  `;
  return [
    ...wrap(parts.join('; '), { columns: style.columns, first: start, hanging: 6 }),
    ...(style.verbose
      ? changes.map(
          ({ action, kind, path, steps }) =>
            `      ${oneLine(action)} ${kind === 'unit' ? 'unit:' : ''}${oneLine(path)} (${steps.map(oneLine).join(', ')})`,
        )
      : []),
    ...(host.error === undefined
      ? []
      : (host.state === 'deferred' ? renderDeferred : renderProblem)(
          { ...host.error, host: undefined },
          style,
          6,
        )),
    ...(host.queued === undefined
      ? []
      : wrap(queuedWords(host.queued), { columns: style.columns, first: '      ', hanging: 8 })),
    ...host.warnings.flatMap((text) =>
      wrap(text, { columns: style.columns, first: '      warning: ', hanging: 8 }),
    ),
  ];
}

/** Hosts tell whole seconds. */
function roughly(milliseconds: number): string {
  return milliseconds < 1000 ? 'less than 1 s' : duration(milliseconds).replace('.0 s', ' s');
}
