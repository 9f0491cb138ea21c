import type { Change } from '../../src/model/change.ts';
import { emptyPlan, emptyStage, type HostPlan, type Stage } from '../../src/model/plan.ts';

export const oneChange: Change = {
  path: '/etc/example',
  kind: 'file',
  action: 'create',
  steps: ['example'],
  before: { kind: 'absent' },
  after: { kind: 'file', content: Buffer.from('text\n'), mode: 0o644, user: 'root', group: 'root' },
};

/** The fields of a test's plan, together with those of its only stage. */
export type Given = Partial<HostPlan> & Partial<Pick<Stage, 'actions' | 'changes' | 'handlers'>>;

/** A plan of one stage. */
export function planOf(
  host: string,
  role: string,
  { actions = [], changes = [], handlers = [], ...rest }: Given,
): HostPlan {
  const stages = [{ ...emptyStage, actions, changes, handlers }];
  return { ...emptyPlan({ name: host, role }), stages, ...rest };
}

/** A plan of a host with one change; `rest` contains what a test is about. */
export function hostPlan(host: string, role: string, rest: Given = {}): HostPlan {
  return planOf(host, role, { changes: [oneChange], ...rest });
}

/** The only stage of a plan; an empty one if the host was not planned. */
export function stageOf(plan: HostPlan | undefined): Stage {
  if (plan === undefined) throw new Error('there is no such plan');
  if (plan.stages.length > 1) throw new Error(`${plan.host} has ${plan.stages.length} stages`);
  return plan.stages[0] ?? emptyStage;
}
