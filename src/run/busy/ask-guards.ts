import type { InventoryHost } from '../../inventory/inventory.ts';
import type { Guard } from '../../model/handler.ts';
import { sumOfPeople, sumWords } from '../../model/people.ts';
import type { GuardReport, HostPlan } from '../../model/plan.ts';
import { noReads } from '../../model/reads.ts';
import { guardsIn, reportsOf } from '../../plan/forward/guard-reports.ts';
import { lookAt } from '../look.ts';
import type { ApplyOptions } from '../options.ts';

/** What a host's guards say: that nobody is there, or who is, or why that isn't known. */
export type Presence =
  | { readonly kind: 'empty' }
  /** in words, such as `running meetings: 2`; `isUnasked`: the host could not be asked */
  | { readonly kind: 'busy' | 'unknown'; readonly words: string; readonly isUnasked?: true };

/**
 * Asks the guards of all that would be done to a host, or those in `asked`. One that can't be asked isn't
 * known to be empty.
 */
export async function askGuards(
  plan: HostPlan,
  host: InventoryHost,
  reaching: Pick<ApplyOptions, 'inventory' | 'connect' | 'signal'>,
  asked: readonly Guard[] = guardsIn(plan.stages),
): Promise<Presence> {
  return askThese(host, asked, reaching);
}

/** The same of guards that are known without a plan. */
export async function askThese(
  host: InventoryHost,
  asked: readonly Guard[],
  reaching: Pick<ApplyOptions, 'inventory' | 'connect' | 'signal'>,
): Promise<Presence> {
  const guards = asked.map(({ query }) => query);
  if (guards.length === 0) return { kind: 'empty' };
  const { snapshot, problem } = await lookAt(host, () => ({ ...noReads, guards }), reaching);
  if (snapshot === undefined) {
    return { kind: 'unknown', words: problem?.message ?? 'the host can not be asked', isUnasked: true };
  }
  return presence({ guards: reportsOf(snapshot, asked) });
}

/** The same from what the guards said when all hosts were looked at. */
export function presence({ guards: reports }: Pick<HostPlan, 'guards'>): Presence {
  const busy = reports.find(({ state }) => state === 'busy');
  if (busy !== undefined) return { kind: 'busy', words: busyWords(busy) };
  const unknown = reports.find(({ state }) => state === 'unknown');
  if (unknown === undefined) return { kind: 'empty' };
  const { guard, why } = unknown;
  return {
    kind: 'unknown',
    words: `the guard ${guard} can't tell whether somebody is there${why === undefined ? '' : `: ${why}`}`,
  };
}

/** Without the age, which would be something else each time. */
function busyWords({ guard, description = '', sessions }: GuardReport): string {
  const who =
    description.trim() === '' ? `the guard ${guard} says that somebody is connected` : description.trim();
  if (sessions.length === 0) return who;
  return `${who}: ${sumWords(sessions.length, { ...sumOfPeople(sessions), oldest: undefined })}`;
}

/** Whether any guard is asked before the host is changed; without one nobody is waited for. */
export function hasGuards(plan: HostPlan): boolean {
  return guardsIn(plan.stages).length > 0;
}
