import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * By what a schedule is known on a machine: the cluster's name, and the inventory by its absolute path, so
 * that two inventories of one cluster (or two clusters of one name) have schedules of their own.
 */
export function scheduleName(cluster: string, inventory: string): string {
  return `${cluster.replace(/[^A-Za-z0-9_.-]/g, '-')}-${markOf(inventory)}`;
}

function markOf(inventory: string): string {
  return createHash('sha256').update(inventory).digest('hex').slice(0, 8);
}

/** Whether a name is that of a schedule for an inventory, whatever its cluster is called. */
export function isScheduleOf(name: string, inventory: string): boolean {
  return name.endsWith(`-${markOf(inventory)}`);
}

/** Whether a file is the timer of a schedule for an inventory, by its absolute path. */
export function isTimerFor(file: string, inventory: string): boolean {
  return file.startsWith(unitName('')) && file.endsWith(`-${markOf(inventory)}.timer`);
}

/** Name of its systemd units, without their endings. */
export function unitName(schedule: string): string {
  return `clusterproxy-schedule-${schedule}`;
}

/**
 * The folder with what its runs have found: of the system manager, of root, or of a user (XDG Base Directory
 * Specification). Not below /var/lib/clusterproxy, which is what hosts of a cluster remember.
 */
export function recordsFolder(
  schedule: string,
  of: 'system' | { readonly home: string; readonly stateHome: string | undefined },
): string {
  if (of === 'system') return join('/var/lib', stateDirectory(schedule));
  const base = of.stateHome?.startsWith('/') ? of.stateHome : join(of.home, '.local/state');
  return join(base, 'clusterproxy/schedule', schedule);
}

/** StateDirectory= of the system's unit. */
export function stateDirectory(schedule: string): string {
  return `clusterproxy-schedule/${schedule}`;
}

/** Minute of the hour at which a schedule runs where its scheduler has no random delay. */
export function offsetMinute(schedule: string): number {
  return Number.parseInt(createHash('sha256').update(schedule).digest('hex').slice(0, 4), 16) % 60;
}
