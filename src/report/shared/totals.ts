import { statusWords } from '../../model/status-words.ts';
import type { ReportHost, ReportStatus } from '../document/schema.ts';
import { count } from './prose.ts';

/** `5 changes, 2 restarts`; empty where there is nothing to tell. */
export function totalWords(hosts: readonly ReportHost[]): string {
  const changes = hosts.flatMap((host) => host.changes);
  const number = (...kinds: readonly string[]) => changes.filter(({ kind }) => kinds.includes(kind)).length;
  const [files, links, units] = [number('file'), number('symlink', 'directory'), number('unit')];
  const done = number('action');
  const all = hosts.flatMap(({ handlers }) => handlers.flatMap(({ kinds = [] }) => kinds));
  const calls = (kind: string) => all.filter((one) => one === kind).length;
  const [restarts, reloads, commands] = [calls('restart'), calls('reload'), calls('command')];
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
const order: readonly ReportStatus[] = [
  ...([
    'changed',
    'would-change',
    'drifted',
    'done',
    'in-sync',
    'skipped',
    'off',
    'owed',
    'queued',
    'deferred',
    'not-started',
    'rolled-back',
  ] as const),
  ...(['kept', 'open', 'unknown', 'unreachable', 'damaged', 'failed', 'conflict', 'stuck'] as const),
];

/** `3 hosts: 2 would change, 1 in sync`; `others` are hosts of which more is said than their status. */
export function statusSummary(
  statuses: readonly ReportStatus[],
  {
    others = [],
    words = statusWords,
  }: {
    readonly others?: readonly (readonly [number: number, words: string])[];
    readonly words?: typeof statusWords;
  } = {},
): string {
  const parts = order.flatMap((status) => {
    const number = statuses.filter((one) => one === status).length;
    return number === 0 ? [] : [`${number} ${status === 'owed' ? `with ${words.owed}` : words[status]}`];
  });
  const all = [...parts, ...others.map(([, said]) => said)];
  const number = others.reduce((sum, [some]) => sum + some, statuses.length);
  return `${count(number, 'host')}${all.length === 0 ? '' : `: ${all.join(', ')}`}`;
}
