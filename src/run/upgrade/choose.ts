import { pinnedScript } from '../../host/pinned-script.ts';
import { commandFor } from '../../inventory/upgrade-command.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { doorRoles } from '../everything-interrupted.ts';
import { limitedTo } from '../limit.ts';
import type { RunOptions } from '../options.ts';
import type { Upgrading } from './read-recorded.ts';

/**
 * The hosts that are to be upgraded, all of one role, and how: those that `limit` names, or else all of the
 * role that people are on. Throws OperatorErrors `one-role-at-a-time`, `no-upgrade-command`, and of a script
 * that isn't the one that was pinned: nothing was touched then.
 */
export async function chooseHosts({
  inventory,
  limit,
}: Pick<RunOptions, 'inventory' | 'limit'>): Promise<readonly Upgrading[]> {
  const named = limitedTo(inventory.hosts, limit);
  const doors = doorRoles(inventory);
  const hosts = inventory.hosts.filter(
    ({ name, role, state }) =>
      named.has(name) && state === 'active' && (limit.length > 0 || !doors.includes(role)),
  );
  const roles = [...new Set(hosts.map(({ role }) => role))];
  if (roles.length > 1) {
    throw new OperatorError({
      code: 'one-role-at-a-time',
      message: `hosts of several roles were named: ${roles.join(', ')}`,
      next: `upgrade one role after the other, such as with --limit ${roles[0]}`,
    });
  }
  const all = hosts.map((host): Upgrading => {
    const command = commandFor(host, inventory);
    if (command !== undefined) return { host, command };
    throw new OperatorError({
      code: 'no-upgrade-command',
      message: `the inventory doesn't say how ${host.name} is upgraded`,
      next: 'write upgrade_command: into it, with the script that you use by hand, or with apt and the names of packages',
    });
  });
  const scripts = all.flatMap(({ command }) => (command.kind === 'script' ? [command] : []));
  for (const { file, sha256 } of scripts) await pinnedScript(file, sha256);
  return all;
}
