import type { HostPlan } from '../model/plan.ts';
import type { Status } from '../model/result.ts';
import { count } from './prose.ts';
import { statusWords } from './words.ts';

/** What plans come to together. */
export interface Totals {
  readonly changes: number;
  readonly restarts: number;
  readonly reloads: number;
  readonly commands: number;
}

export function totalsOf(hosts: readonly HostPlan[]): Totals {
  const plans = allStages(hosts);
  const actions = plans.flatMap((plan) => plan.handlers.flatMap(({ handler }) => handler.actions));
  const number = (kind: string) => actions.filter((action) => action.kind === kind).length;
  return {
    changes: plans.reduce((sum, plan) => sum + plan.changes.length, 0),
    restarts: number('restart'),
    reloads: number('reload'),
    commands: number('command'),
  };
}

function allStages(plans: readonly HostPlan[]): readonly HostPlan[] {
  return plans.flatMap((plan) => (plan.afterwards === undefined ? [plan] : [plan, plan.afterwards]));
}

/** `5 changes, 2 restarts`; empty where there is nothing to tell. */
export function totalWords(hosts: readonly HostPlan[]): string {
  const plans = allStages(hosts);
  const { restarts, reloads, commands } = totalsOf(hosts);
  const changes = plans.flatMap((plan) => plan.changes);
  const files = changes.filter((change) => change.kind === 'file').length;
  const parts = [
    ...(files > 0 ? [count(files, 'file')] : []),
    ...(changes.length > files
      ? [count(changes.length - files, 'link or directory', 'links and directories')]
      : []),
    ...(restarts > 0 ? [count(restarts, 'restart')] : []),
    ...(reloads > 0 ? [count(reloads, 'reload')] : []),
    ...(commands > 0 ? [count(commands, 'command')] : []),
  ];
  return parts.join(', ');
}

/** The order in which a summary names them: what needs somebody comes last and stays in view. */
const order: readonly Status[] = [
  ...(['changed', 'would-change', 'in-sync', 'skipped', 'deferred', 'not-started', 'rolled-back'] as const),
  ...(['kept', 'open', 'unknown', 'unreachable', 'failed', 'conflict', 'stuck'] as const),
];

/** `3 hosts: 2 would change, 1 in sync` */
export function statusSummary(statuses: readonly Status[]): string {
  const parts = order.flatMap((status) => {
    const number = statuses.filter((one) => one === status).length;
    return number === 0 ? [] : [`${number} ${statusWords[status]}`];
  });
  return `${count(statuses.length, 'host')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}
