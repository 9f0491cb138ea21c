import { type Change, sha256 } from '../../model/change.ts';
import type { ClusterPlan, HostPlan, PlannedHandler, Stage } from '../../model/plan.ts';
import { stateFingerprint } from '../record.ts';
import { planText } from './plan-text.ts';
import { secretStates, slowHashOf } from './secret-states.ts';

/**
 * A hash of everything that a plan does, in hex: two plans that do the same on the same machines have the
 * same hash, whenever they were made. An approval of a plan refers to it. Other properties of a host (who is
 * there now, warnings, how long the inspection took) make no difference, nor does the form in which the plan
 * was stored or sent.
 */
export function planDigest(plan: ClusterPlan): string {
  const done = sha256(planText(plan.hosts.map(whatIsDone)));
  const secret = secretStates(plan);
  return secret.length === 0 ? done : sha256(`${done} ${slowHashOf(secret, done)}`);
}

function whatIsDone({ snapshot, stages, last, problem, recipe, ...plan }: HostPlan): unknown {
  const { host, role, skipped, retires, leftovers, undoes } = plan;
  return {
    ...{ host, role, skipped, retires, leftovers, undoes },
    machine: snapshot?.machineId,
    recipe: recipe?.name,
    problem: problem?.code,
    stages: stages.map(ofStage),
    last: last && { problem: last.problem?.code, stages: last.stages.map(ofStage) },
  };
}

/** Its starting point is part of its changes; who changed what before makes no difference. */
function ofStage({ snapshot: _snapshot, authors: _authors, changes, handlers, ...stage }: Stage): unknown {
  return { ...stage, changes: changes.map(ofChange), handlers: handlers.map(ofHandler) };
}

/** Which hosts were well enough to be asked when the plan was made changes nothing of what it does. */
function ofHandler({ handler, ...planned }: PlannedHandler): unknown {
  const checks = handler.checks.filter(({ kind }) => kind !== 'browse');
  return { handler: { ...handler, checks }, ...planned };
}

function ofChange({ before, after, secret, ...change }: Change): unknown {
  if (secret !== undefined) return { ...change, secret: true };
  return { ...change, before: stateFingerprint(before), after: stateFingerprint(after) };
}
