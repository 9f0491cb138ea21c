import type { CheckResult } from '../model/outside-check.ts';
import { resolveAsked } from '../playbook/resolve/asked.ts';
import type { ClusterView } from '../playbook/resolve/contexts.ts';
import { judgeHttp } from '../verify/judge-http.ts';
import { heardBy } from './asked.ts';

/**
 * A host's failed checks with what the cluster itself has to say about them. Whoever runs the command may sit
 * behind a filter, or on a network with other names, and would look for a fault that isn't there.
 */
export function withHostsView(
  cluster: ClusterView,
  name: string,
  checks: readonly CheckResult[],
): readonly CheckResult[] {
  if (!checks.some(({ outcome }) => outcome === 'failed')) return checks;
  const view = cluster.hosts.get(name);
  const asked = resolveAsked(cluster, name);
  if (view === undefined || asked === undefined) return checks;
  const heard = heardBy(cluster, view.host, asked).flatMap(({ asking, browsed }) =>
    browsed === undefined ? [] : [{ asking: asking.name, ...judgeHttp(asked.question, browsed) }],
  );
  if (heard.length === 0) return checks;
  const words = heard
    .map(({ asking, outcome, found }) =>
      outcome === 'passed'
        ? `${asking} gets the right answer when it asks itself, so look at what is between it and this machine`
        : `${asking} asked itself the same and found: ${found}`,
    )
    .join('; ');
  return checks.map((check) =>
    check.id === asked.check.id && check.outcome === 'failed'
      ? { ...check, note: [check.note ?? [], words].flat().join('; ') }
      : check,
  );
}
