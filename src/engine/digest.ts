import { sha256 } from '../model/change.ts';
import type { SavedPlan } from '../plan/saved/saved-plan.ts';

/** By what an approval names the plan that somebody has seen: the same however that is sent. */
export function digestOf(plan: SavedPlan): string {
  return sha256(JSON.stringify(sorted(plan)));
}

/** With the keys of all objects in one order: on the way from one process to another it may change. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(
    entries.toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
  );
}
