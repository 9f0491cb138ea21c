import type { HostPlan } from '../model/plan.ts';
import { isManaged, type Snapshot } from '../model/snapshot.ts';
import { afterPlan } from '../plan/forward/stages.ts';
import { type ClusterView, withHost } from '../playbook/resolve/contexts.ts';
import { resolveOutsideChecks } from '../playbook/resolve/outside-checks.ts';
import { isSeen, judgeSeen } from '../verify/seen.ts';

/**
 * A plan with a warning for each wrong answer that the playbook wants a warning of in every look, such as a
 * fault of nginx's whole configuration, as `verify` would find it once the plan is carried out: what is put
 * right by the plan itself is shown by it. Only of hosts that are set up, since nothing of the cluster is in
 * their files before.
 */
export function withLookWarnings(cluster: ClusterView, plan: HostPlan): HostPlan {
  const { snapshot, skipped, problem, retires } = plan;
  if (skipped || problem !== undefined || retires || snapshot === undefined || !isManaged(snapshot)) {
    return plan;
  }
  const warnings = warningsOf(cluster, plan.host, afterPlan(plan) ?? snapshot);
  return warnings.length === 0 ? plan : { ...plan, warnings: [...plan.warnings, ...warnings] };
}

function warningsOf(cluster: ClusterView, name: string, snapshot: Snapshot): readonly string[] {
  const view = withHost(cluster, name, snapshot);
  if (view.hosts.get(name)?.problem !== undefined) return [];
  return resolveOutsideChecks(view, name, 'warning').checks.flatMap(({ title, question, fix }) => {
    if (!isSeen(question)) return [];
    const { outcome, found } = judgeSeen(question, snapshot);
    return outcome === 'failed' ? [`${title}: ${found}; to fix it: ${fix}`] : [];
  });
}
