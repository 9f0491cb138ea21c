import type { HostPlan } from '../model/plan.ts';
import { isManaged, type Snapshot } from '../model/snapshot.ts';
import { afterPlan } from '../plan/forward/stages.ts';
import { type ClusterView, withHost } from '../playbook/resolve/contexts.ts';
import { resolveOutsideChecks } from '../playbook/resolve/outside-checks.ts';
import { judgeNginx } from '../verify/nginx.ts';

/**
 * A plan with a warning for each fault of nginx's whole configuration, as `verify` would find it once the
 * plan is carried out: what is put right by the plan itself is shown by it. Only of hosts that are set up,
 * since nothing of the cluster is in nginx before.
 */
export function withNginxWarnings(cluster: ClusterView, plan: HostPlan): HostPlan {
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
  return resolveOutsideChecks(view, name).checks.flatMap(({ title, question, fix }) => {
    if (question.kind !== 'nginx-passes' && question.kind !== 'nginx-headers') return [];
    const { outcome, found } = judgeNginx(question, snapshot);
    return outcome === 'failed' ? [`${title}: ${found}; to fix it: ${fix}`] : [];
  });
}
