import { type ByHand, type ClusterPlan, differs, type HostPlan } from '../model/plan.ts';
import type { Status } from '../model/result.ts';
import type { RoleRollout } from '../model/rollout.ts';
import { showable, showableLine } from './clean.ts';
import { groupPlans, type PlanGroup } from './plan-groups.ts';
import { renderEnd, renderHeader, renderNotes, renderStages } from './plan-host.ts';
import { indent, wrap } from './prose.ts';
import { renderRollout } from './rollout.ts';
import type { Style } from './style.ts';
import { statusSummary, totalWords } from './totals.ts';

export interface PlanView {
  /** how each host stands, by name; what scripts get is what people read */
  readonly statuses: ReadonlyMap<string, Status>;
  /** public names of hosts, by host */
  readonly hostnames: ReadonlyMap<string, string>;
  /** guards aren't asked in this run */
  readonly force: boolean;
  /** how a run would go through the hosts; undefined where none is meant */
  readonly rollout?: readonly RoleRollout[] | undefined;
}

/**
 * A plan as a person reads it: what changes where and why, hosts with the same changes once, then what it
 * comes to.
 */
export function renderPlan(plan: ClusterPlan, style: Style, view: PlanView): readonly string[] {
  const statusOf = (host: HostPlan): Status => view.statuses.get(host.host) ?? 'in-sync';
  const skipped = plan.hosts.filter((host) => statusOf(host) === 'skipped');
  const others = plan.hosts.filter((host) => statusOf(host) !== 'skipped');
  const quiet = others.filter((host) => isQuiet(host));
  const telling = others.filter((host) => !isQuiet(host));
  const sections = [
    ...groupPlans(telling, view.hostnames).map((group) => renderGroup(group, style, view)),
    ...plan.byHand.map((text) => renderByHand(text, style)),
    plan.warnings.flatMap((text) => renderWarning(text, style)),
    [...together(quiet, 'nothing to do', style), ...together(skipped, 'left out by --limit', style)],
    renderRollout(view.rollout ?? [], style),
    summary(plan, others, statusOf, style),
  ];
  return sections
    .filter((section) => section.length > 0)
    .flatMap((section, index) => (index === 0 ? section : ['', ...section]));
}

/** Nothing to change and nothing to tell. */
function isQuiet(host: HostPlan): boolean {
  return (
    !differs(host) && host.warnings.length === 0 && host.unsettled.length === 0 && host.problem === undefined
  );
}

function renderGroup(group: PlanGroup, style: Style, view: PlanView): readonly string[] {
  const [first, ...rest] = group.hosts;
  if (first === undefined) return [];
  const same = group.identical ? 'the same' : 'the same but for its own name';
  const idle = !differs(first) && first.problem === undefined;
  const notes = group.hosts.flatMap((host) =>
    renderNotes(host, style, { named: rest.length > 0, force: view.force }),
  );
  return [
    ...renderHeader(first, style),
    ...(rest.length === 0
      ? []
      : wrap(`${same}: ${rest.map((host) => host.host).join(', ')}`, {
          columns: style.columns,
          first: '  ',
          hanging: 4,
        })),
    ...(idle ? ['  nothing to do'] : []),
    ...renderStages(first.stages, style),
    ...renderEnd(first, style),
    ...(notes.length > 0 && differs(first) ? [''] : []),
    ...notes,
  ];
}

/** `bbb-02, bbb-03: nothing to do` */
function together(hosts: readonly HostPlan[], words: string, style: Style): readonly string[] {
  if (hosts.length === 0) return [];
  const names = hosts.map((host) => host.host).join(', ');
  return wrap(`${names}: ${words}`, { columns: style.columns, first: '', hanging: 2 });
}

/** What the operator has to carry over, framed by empty lines so that it can be copied. */
function renderByHand({ title, text }: ByHand, style: Style): readonly string[] {
  return [
    ...wrap(`by hand: ${showableLine(title)}`, { columns: style.columns, first: '', hanging: 2 }).map(
      (line) => style.paint.bold(line),
    ),
    '',
    ...indent(showable(text), 4),
  ];
}

/** What is true of the cluster rather than of one host. */
export function renderWarning(text: string, style: Style): readonly string[] {
  const [first = '', ...rest] = wrap(showableLine(text), {
    columns: style.columns,
    first: 'warning: ',
    hanging: 2,
  });
  return [first.replace('warning', style.paint.yellow('warning')), ...rest];
}

function summary(
  plan: ClusterPlan,
  others: readonly HostPlan[],
  statusOf: (host: HostPlan) => Status,
  style: Style,
): readonly string[] {
  const totals = totalWords(others.filter((host) => host.problem === undefined && differs(host)));
  const text = `${statusSummary(plan.hosts.map(statusOf))}${totals === '' ? '' : `; ${totals}`}`;
  return wrap(text, { columns: style.columns, first: '', hanging: 2 });
}
