import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type WhoIsTold, whoIsTold } from '../inventory/who-is-told.ts';
import { absolute } from '../schedule/here.ts';
import { takeLock } from '../schedule/lock.ts';
import { isScheduleOf } from '../schedule/names.ts';
import { openRecords } from '../schedule/store.ts';
import type { Environment } from './environment.ts';
import type { ScheduleRunOptions } from './schedule-options.ts';
import { recordFailure, recordsHere, telling } from './schedule-round.ts';

/**
 * A round of a schedule whose inventory can't be used, such as after a merge in the evening: it is recorded,
 * and whoever the inventory names is told, as far as it can be read. Nothing where the schedule never ran.
 */
export async function recordUnusable(
  options: ScheduleRunOptions,
  error: unknown,
  environment: Environment,
): Promise<void> {
  const { clock } = environment;
  const at = clock.now();
  const who = await whoIsTold(options.inventory).catch((): WhoIsTold | undefined => undefined);
  const folder = options.state ?? (await folderOf(options.inventory, environment));
  if (folder === undefined) return;
  const cluster = { name: who?.cluster?.name ?? basename(options.inventory) };
  const tell = await telling(who === undefined ? undefined : { ...who, cluster }, folder, environment);
  const lock = await openRecords(folder)
    .then(() => takeLock(folder))
    .catch(() => 'unusable' as const);
  // The round that has it will tell.
  if (lock === undefined) return;
  try {
    const decision = { does: 'report', isOutside: false, closes: undefined, missed: [] } as const;
    const run = { options, folder, at, decision, means: undefined, now: clock.now, tell };
    await recordFailure(run, error, environment);
  } finally {
    if (lock !== 'unusable') await lock.release();
  }
}

/**
 * The folder with what earlier rounds have found, by the inventory's path alone: its cluster's name may be
 * what can't be read. Undefined where there is none, or where a cluster was renamed, so that there are two.
 */
async function folderOf(inventory: string, environment: Environment): Promise<string | undefined> {
  const folder = recordsHere(environment);
  const names = await readdir(folder).catch((): string[] => []);
  const [name, another] = names.filter((one) => isScheduleOf(one, absolute(inventory)));
  return name === undefined || another !== undefined ? undefined : join(folder, name);
}
