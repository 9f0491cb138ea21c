import { type ClusterHold, holdsOf, spanWords } from '../../model/claims.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { heard } from '../../secrets/showable.ts';

/** The holds that were found while a plan was made. Any host counts, also one that is left out. */
export function holdsIn(plan: ClusterPlan): readonly ClusterHold[] {
  return plan.holds ?? holdsOf(plan.hosts.map(({ host, snapshot }) => ({ host, hold: snapshot?.hold })));
}

/** Why nothing may be changed; undefined where there is no hold. */
export function heldProblem(
  holds: readonly ClusterHold[],
  { file, cluster }: { readonly file: string; readonly cluster: { readonly name: string } },
): Problem | undefined {
  const [hold, ...others] = holds;
  if (hold === undefined) return undefined;
  return {
    code: 'held',
    message: `the cluster ${cluster.name} is held by ${holdWords(hold)}; nothing was changed`,
    notes: others.map((other) => `it is held by ${holdWords(other)} as well`),
    next: `${hold.until === undefined ? `ask ${heard(hold.by)}` : 'wait until the hold ends'}, or release it: clusterproxy hold --inventory ${file} --release`,
  };
}

/** `ada from laptop since 2026-11-26 18:00:00 UTC until 2026-11-27 06:00:00 UTC: exams` */
function holdWords(hold: ClusterHold): string {
  return `${heard(hold.by)} from ${heard(hold.from)} ${spanWords(hold)} (${heard(hold.reason)})`;
}
