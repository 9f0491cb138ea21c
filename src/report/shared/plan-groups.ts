import type { ReportHost } from '../document/schema.ts';
import { lastStagesOf, type StageOfHost, stagesOf } from './reading.ts';

/** Hosts with one and the same plan, but for each one's own name. */
export interface PlanGroup {
  /** at least one; the first one's plan is shown */
  readonly hosts: readonly ReportHost[];
  /** the plans are the same to the letter */
  readonly identical: boolean;
}

/**
 * Puts hosts together whose changes and handlers read the same once each one's own name and hostname are
 * replaced by placeholders: then putting one's names into the text of another gives that one's plan exactly.
 */
export function groupPlans(hosts: readonly ReportHost[]): readonly PlanGroup[] {
  const groups = new Map<string, { hosts: ReportHost[]; texts: Set<string> }>();
  for (const host of hosts) {
    const text = textOf(host);
    const key = withoutNames(text, host.name, host.hostname);
    const group = groups.get(key) ?? { hosts: [], texts: new Set() };
    group.hosts.push(host);
    group.texts.add(text);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ hosts, texts }) => ({ hosts, identical: texts.size === 1 }));
}

/** All of a plan that a group shows only once. */
function textOf(host: ReportHost): string {
  const { role, recipe, recipeReason, last, undoes, retires, leftovers, error, doneBy } = host;
  return JSON.stringify([
    ...[role, recipe, recipeReason, stagesOf(host).map(stageText), undoes, retires, leftovers, doneBy],
    error?.code,
    host.deciding?.map(({ host, id, always }) => [host, id, always]),
    last && [lastStagesOf(host).map(stageText), last.error !== undefined],
  ]);
}

function stageText({ number, name, changes, handlers }: StageOfHost): unknown {
  return [
    ...[number, name],
    changes.map(({ kind, action, path, steps, diff }) => [kind, action, path, steps, diff]),
    handlers.map(({ id, because, owed, actions, validate, guards }) => {
      return [id, because, owed, actions, validate, guards];
    }),
  ];
}

/** Names count as whole words: `node-1` isn't found in `node-10`. */
function withoutNames(text: string, name: string, hostname: string | undefined): string {
  const replaced = hostname === undefined ? text : text.replace(word(hostname), '\0hostname\0');
  return replaced.replace(word(name), '\0name\0');
}

function word(text: string): RegExp {
  return new RegExp(`(?<![\\w.-])${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'g');
}
