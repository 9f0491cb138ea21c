import { type HostPlan, stagesOf } from '../model/plan.ts';
import type { Status } from '../model/result.ts';
import { statusWords } from '../model/status-words.ts';
import { count } from './prose.ts';

/** What plans come to together. */
export interface Totals {
  readonly changes: number;
  readonly restarts: number;
  readonly reloads: number;
  readonly commands: number;
}

export function totalsOf(hosts: readonly HostPlan[]): Totals {
  const stages = hosts.flatMap(stagesOf);
  const actions = stages.flatMap((stage) => stage.handlers.flatMap(({ handler }) => handler.actions));
  const number = (kind: string) => actions.filter((action) => action.kind === kind).length;
  return {
    changes: stages.reduce((sum, stage) => sum + stage.changes.length + stage.actions.length, 0),
    restarts: number('restart'),
    reloads: number('reload'),
    commands: number('command'),
  };
}

/** `5 changes, 2 restarts`; empty where there is nothing to tell. */
export function totalWords(hosts: readonly HostPlan[]): string {
  const stages = hosts.flatMap(stagesOf);
  const { restarts, reloads, commands } = totalsOf(hosts);
  const changes = stages.flatMap((stage) => stage.changes);
  const number = (...kinds: readonly string[]) => changes.filter(({ kind }) => kinds.includes(kind)).length;
  const [files, links, units] = [number('file'), number('symlink', 'directory'), number('unit')];
  const done = stages.reduce((sum, stage) => sum + stage.actions.length, 0);
  const parts = [
    ...(done > 0 ? [count(done, 'action')] : []),
    ...(files > 0 ? [count(files, 'file')] : []),
    ...(links > 0 ? [count(links, 'link or directory', 'links and directories')] : []),
    ...(units > 0 ? [count(units, 'unit')] : []),
    ...(restarts > 0 ? [count(restarts, 'restart')] : []),
    ...(reloads > 0 ? [count(reloads, 'reload')] : []),
    ...(commands > 0 ? [count(commands, 'command')] : []),
  ];
  return parts.join(', ');
}

/** The order in which a summary names them: what needs somebody comes last and stays in view. */
const order: readonly Status[] = [
  ...([
    'changed',
    'would-change',
    'in-sync',
    'skipped',
    'owed',
    'deferred',
    'not-started',
    'rolled-back',
  ] as const),
  ...(['kept', 'open', 'unknown', 'unreachable', 'damaged', 'failed', 'conflict', 'stuck'] as const),
];

/** `3 hosts: 2 would change, 1 in sync` */
export function statusSummary(statuses: readonly Status[]): string {
  const parts = order.flatMap((status) => {
    const number = statuses.filter((one) => one === status).length;
    return number === 0 ? [] : [`${number} ${statusWords[status]}`];
  });
  return `${count(statuses.length, 'host')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}
