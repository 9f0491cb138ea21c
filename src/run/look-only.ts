import type { Problem } from '../model/operator-error.ts';
import { type ClusterPlan, type HostPlan, isDue } from '../model/plan.ts';
import { lookOnlyWarning } from '../plan/forward/machine-warnings.ts';

/**
 * The plan, with a problem instead of a warning for hosts that the login account can look at but not change.
 */
export function refuseLookOnly(plan: ClusterPlan): ClusterPlan {
  return { ...plan, hosts: plan.hosts.map((host) => (isDue(host) ? refused(host) : host)) };
}

function refused(plan: HostPlan): HostPlan {
  const { snapshot, warnings } = plan;
  if (snapshot?.lookOnly !== true) return plan;
  const told = lookOnlyWarning(snapshot);
  return {
    ...plan,
    warnings: warnings.filter((text) => !told.includes(text)),
    problem: mayNotWrite(plan.host, snapshot.user),
  };
}

function mayNotWrite(host: string, user: string): Problem {
  return {
    code: 'not-permitted',
    message: `${user}@${host} is not root, and may not write /var/lib/clusterproxy; nothing was changed`,
    next: `add \`become: sudo\` below \`ssh:\` in the inventory, so that ${user} uses sudo there; or log in as root`,
    host,
  };
}
