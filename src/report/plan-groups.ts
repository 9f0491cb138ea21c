import type { HostPlan, Stage } from '../model/plan.ts';
import { diffText } from './diff.ts';
import { actionNotes, actionWords, changeWords } from './words.ts';

/** Hosts with one and the same plan, but for each one's own name. */
export interface PlanGroup {
  /** at least one; the first one's plan is shown */
  readonly hosts: readonly HostPlan[];
  /** the plans are the same to the letter */
  readonly identical: boolean;
}

/**
 * Puts hosts together whose changes and handlers read the same once each one's own name and hostname are
 * replaced by placeholders: then putting one's names into the text of another gives that one's plan exactly.
 */
export function groupPlans(
  plans: readonly HostPlan[],
  hostnames: ReadonlyMap<string, string>,
): readonly PlanGroup[] {
  const groups = new Map<string, { hosts: HostPlan[]; texts: Set<string> }>();
  for (const plan of plans) {
    const text = textOf(plan);
    const key = withoutNames(text, plan.host, hostnames.get(plan.host));
    const group = groups.get(key) ?? { hosts: [], texts: new Set() };
    group.hosts.push(plan);
    group.texts.add(text);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ hosts, texts }) => ({ hosts, identical: texts.size === 1 }));
}

/** All of a plan that a group shows only once. */
function textOf(plan: HostPlan): string {
  const { role, recipe, stages, last, undoes, retires, leftovers, problem } = plan;
  return JSON.stringify([
    ...[role, recipe, stages.map(stageText), undoes, retires, leftovers, problem !== undefined],
    last && [last.stages.map(stageText), last.problem !== undefined],
  ]);
}

function stageText(stage: Stage): unknown {
  const actions = stage.actions.map(({ action, step }) => [action.name, step, actionNotes(action)]);
  const changes = stage.changes.map((change) => [changeWords(change), change.steps, diffText(change)]);
  const handlers = stage.handlers.map(({ handler, because, owed }) => [
    handler.id,
    because,
    owed,
    handler.actions.map(actionWords),
    handler.validate,
    handler.guards.map((guard) => guard.id),
  ]);
  return [stage.number, stage.name, actions, changes, handlers];
}

/** Names count as whole words: `bbb-1` isn't found in `bbb-10`. */
function withoutNames(text: string, name: string, hostname: string | undefined): string {
  const replaced = hostname === undefined ? text : text.replace(word(hostname), '\0hostname\0');
  return replaced.replace(word(name), '\0name\0');
}

function word(text: string): RegExp {
  return new RegExp(`(?<![\\w.-])${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'g');
}
