import type { PlannedHandler } from '../../model/plan.ts';
import type { Evaluation, StageEvaluation } from './evaluate.ts';
import { owedRestarts } from './owed-restarts.ts';

/**
 * The handlers that changed steps notify, each with these steps, and those that are owed; in the playbook's
 * order.
 */
export function plannedHandlers(
  evaluation: Evaluation,
  stage: StageEvaluation,
  changes: boolean,
): readonly PlannedHandler[] {
  const owed = new Map(
    owedRestarts(evaluation, stage).map((planned) => [planned.handler.id, planned] as const),
  );
  return evaluation.wanted.handlers.flatMap((handler): readonly PlannedHandler[] => {
    const asking = stage.traces.filter(
      (trace) => (trace.changed || trace.later !== undefined) && trace.notify.includes(handler.id),
    );
    if (!changes || asking.length === 0) {
      const one = owed.get(handler.id);
      return one === undefined ? [] : [one];
    }
    return [{ handler, because: [...new Set(asking.map((trace) => trace.step))] }];
  });
}
