import type { nobodyToldWarnings } from '../run/busy/nobody-told.ts';
import type { PlannedRun } from '../run/planner.ts';

/** The plan that says, before anybody agrees, for which hosts no balancer is told while they are out. */
export async function withNobodyTold<Planned extends PlannedRun>(
  planned: Planned,
  rules: Parameters<typeof nobodyToldWarnings>[1],
  work: Parameters<typeof nobodyToldWarnings>[2],
): Promise<Planned> {
  const { nobodyToldWarnings: warningsOf } = await import('../run/busy/nobody-told.ts');
  const { plan } = planned;
  const more = warningsOf(plan.hosts, rules, work);
  return more.length === 0
    ? planned
    : { ...planned, plan: { ...plan, warnings: [...plan.warnings, ...more] } };
}
