import type { Change } from '../../model/change.ts';
import type { HostPlan, Stage } from '../../model/plan.ts';
import { stateFingerprint } from '../record.ts';

/** What is left to do on a host. */
export type Left = Pick<HostPlan, 'recipe' | 'stages'>;

/**
 * How what is left to do, planned anew after a stage was carried out, differs from what the operator agreed
 * to, as texts. What the plan marked as not yet known may turn out in any way; everything else must be as it
 * was shown.
 */
export function stageDifferences(agreed: Left, now: Left): readonly string[] {
  if (agreed.recipe?.name !== now.recipe?.name) {
    return [`its recipe was ${agreed.recipe?.name ?? 'none'} and is ${now.recipe?.name ?? 'none'}`];
  }
  const planned = new Map(agreed.stages.map((stage) => [stage.number, stage] as const));
  return [
    ...now.stages.flatMap((stage) => compareStage(planned.get(stage.number), stage)),
    ...agreed.stages.flatMap((stage) => missing(stage, now.stages)),
  ];
}

function compareStage(agreed: Stage | undefined, now: Stage): readonly string[] {
  const changes = agreed?.changes ?? [];
  const open = new Set(changes.filter(isOpen).flatMap(({ steps }) => steps));
  const unplanned = now.changes.filter(
    (change) =>
      !changes.some((one) => isAsAgreed(one, change)) && !change.steps.some((step) => open.has(step)),
  );
  const actions = new Set(agreed?.actions.map(({ action }) => action.name));
  const handlers = new Set(agreed?.handlers.map(({ handler }) => handler.id));
  return [
    ...unplanned.map(({ path }) => `${path} would become something other than planned`),
    ...now.actions
      .filter(({ action }) => !actions.has(action.name))
      .map(({ action }) => `${action.name} would be done, which was not planned`),
    ...now.handlers
      .filter(({ handler }) => !handlers.has(handler.id))
      .map(({ handler }) => `the handler ${handler.id} would run, which was not planned`),
  ];
}

/** What was planned for certain and no longer is. */
function missing(agreed: Stage, left: readonly Stage[]): readonly string[] {
  const now = left.find(({ number }) => number === agreed.number);
  return agreed.changes
    .filter(({ knownAfter, path }) => {
      return knownAfter === undefined && !now?.changes.some((change) => change.path === path);
    })
    .map(({ path }) => `${path} would no longer be changed`);
}

/** Whether it was unknown what the step does when the plan was made. */
function isOpen({ after }: Change): boolean {
  return after.kind === 'pending';
}

/** Whether the outcome is the one that was shown; what it starts from may have been left open. */
function isAsAgreed(agreed: Change, now: Change): boolean {
  if (agreed.path !== now.path) return false;
  const sameStart =
    agreed.knownAfter !== undefined || stateFingerprint(agreed.before) === stateFingerprint(now.before);
  return sameStart && sameOutcome(agreed, now);
}

/**
 * Mode and owner of a file that an action brings were assumed to be the usual ones, unless the step names
 * them.
 */
function sameOutcome({ after: agreed, knownAfter }: Change, { after: now }: Change): boolean {
  if (knownAfter !== undefined && agreed.kind === 'file' && now.kind === 'file') {
    return agreed.content.equals(now.content);
  }
  if (knownAfter !== undefined && agreed.kind === 'directory' && now.kind === 'directory') return true;
  return stateFingerprint(agreed) === stateFingerprint(now);
}
