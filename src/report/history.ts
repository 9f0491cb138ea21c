import type { PastRun, RunOnHost } from '../model/history.ts';
import { cleanLine, showableLine } from './clean.ts';
import { renderDeferred, renderProblem } from './problem.ts';
import { count, duration, widthOf, wrap } from './prose.ts';
import type { Style } from './style.ts';

/** How a run ended on a host, for people. */
const endWords: Readonly<Record<string, string>> = {
  committed: 'changed',
  reverted: 'rolled back',
  deferred: 'put off',
  refused: 'refused',
  abandoned: 'ended early',
  kept: 'kept unconfirmed',
  conflict: 'in conflict',
  stuck: 'stuck',
};

/**
 * The runs that hosts remember: who, when, from where, and what became of it on each host. `beside`: other
 * clusters whose runs a host remembers, by host.
 */
export function renderHistory(
  runs: readonly PastRun[],
  style: Style,
  beside: ReadonlyMap<string, readonly string[]> = new Map(),
): readonly string[] {
  const notes = [...beside].flatMap(([host, clusters]) => {
    const words = `${host} has runs of ${clusters.map(cleanLine).join(', ')} as well, which are not shown here`;
    return wrap(words, { columns: style.columns, first: '', hanging: 2 });
  });
  const shown = runs.flatMap((run, index) => [...(index === 0 ? [] : ['']), ...renderRun(run, style)]);
  return [
    ...(runs.length === 0 ? ['no host remembers a run'] : shown),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ];
}

/** `20261121T074501Z-4f2a9c: apply by ada from laptop, 2026-11-21 07:45:01 UTC, version 0.1.0` */
function renderRun(run: PastRun, style: Style): readonly string[] {
  const start = `${cleanLine(run.run)}: `;
  const undoes = run.undoes === undefined ? '' : ` of run ${cleanLine(run.undoes)}`;
  const undone = run.undoneBy === undefined ? '' : `; undone by run ${cleanLine(run.undoneBy)}`;
  const text = `${cleanLine(run.command)}${undoes} by ${whoWords(run)}, version ${cleanLine(run.version)}${undone}`;
  const [first = '', ...rest] = wrap(text, { columns: style.columns, first: start, hanging: 2 });
  const width = Math.min(24, Math.max(0, ...run.hosts.map(({ host }) => widthOf(host))));
  return [
    style.paint.bold(start) + first.slice(start.length),
    ...rest,
    ...run.hosts.flatMap((host) => renderHost(host, width, style)),
  ];
}

/** `ada from laptop, 2026-11-21 07:45:01 UTC` */
export function whoWords({ operator, from, startedAt }: PastRun): string {
  const time = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(startedAt);
  const when = time === null ? showableLine(startedAt) : `${time[1]} ${time[2]} UTC`;
  return `${showableLine(operator)} from ${showableLine(from)}, ${when}`;
}

function renderHost(host: RunOnHost, width: number, style: Style): readonly string[] {
  const words = endWords[host.state] ?? `not finished (${cleanLine(host.state)})`;
  const changes = host.records.flatMap((record) => record.changes);
  const actions = host.records.flatMap((record) => record.actions ?? []);
  const handlers = host.records.flatMap((record) => record.handlers.map(({ id }) => cleanLine(id)));
  const parts = [
    ...actions.map(({ name }) => showableLine(name)),
    ...(changes.length === 0 && actions.length > 0 ? [] : [count(changes.length, 'change')]),
    ...(handlers.length === 0 ? [] : [handlers.join(', ')]),
    ...(host.durationMs === undefined ? [] : [roughly(host.durationMs)]),
  ];
  const start = `  ${host.host.padEnd(width)}  ${words.padEnd(12)}  `;
  return [
    ...wrap(parts.join('; '), { columns: style.columns, first: start, hanging: 6 }),
    ...(style.verbose
      ? changes.map(
          ({ action, path, steps }) =>
            `      ${cleanLine(action)} ${cleanLine(path)} (${steps.map(cleanLine).join(', ')})`,
        )
      : []),
    ...(host.problem === undefined || host.state === 'committed'
      ? []
      : (host.state === 'deferred' ? renderDeferred : renderProblem)(
          { ...host.problem, host: undefined },
          style,
          6,
        )),
    ...host.warnings.flatMap((text) =>
      wrap(showableLine(text), { columns: style.columns, first: '      warning: ', hanging: 8 }),
    ),
  ];
}

/** Hosts tell whole seconds. */
function roughly(milliseconds: number): string {
  return milliseconds < 1000 ? 'less than 1 s' : duration(milliseconds).replace('.0 s', ' s');
}
