import type { RunRecord } from '../../model/transaction.ts';
import { isItemHash } from '../items.ts';
import { baseRun } from './plan-rollback.ts';

/**
 * Whether a run is undone in the opposite order of roles, so that hosts through which people reach others
 * (`doors`, by name) come last. They do where the undo takes away what they have for others. Where it gives
 * that back, as after a rollback or a take-down that broke off, they come first, as in every run: the others
 * would send people to what isn't there yet. Where it does both, or where nobody remembers, they come last:
 * people are cut off by what goes too early, and by what comes too late only where they are new. `records`
 * are those of all hosts, of all runs that they remember; `run` is the undone one without its stages.
 */
export function isUndoneBackwards(
  run: string,
  records: readonly RunRecord[],
  doors: ReadonlySet<string>,
): boolean {
  const own = records.filter((record) => baseRun(record.run) === run && doors.has(record.host));
  const items = own.flatMap((record) => record.items ?? []);
  const nothing = { kind: 'absent' } as const;
  if (items.some((item) => isItemHash(item.before, item, nothing))) return true;
  if (items.some((item) => isItemHash(item.after, item, nothing))) return false;
  return own.length === 0 || !undoesForwards(run, records);
}

/** Whether the run itself undid one, so that undoing it goes forwards again; of runs that none knows: no. */
function undoesForwards(run: string, records: readonly RunRecord[]): boolean {
  const seen = new Set<string>();
  let [at, isForwards]: [string | undefined, boolean] = [run, false];
  while (at !== undefined && !seen.has(at)) {
    seen.add(at);
    const id: string = at;
    const known = records.filter((record) => baseRun(record.run) === id);
    const undoes = known.find((record) => record.undoes !== undefined)?.undoes;
    if (undoes === undefined) return known.length > 0 && isForwards;
    [at, isForwards] = [undoes, !isForwards];
  }
  return false;
}
