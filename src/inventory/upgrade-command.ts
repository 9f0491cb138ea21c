import { dirname, resolve } from 'node:path';
import { secondsOf } from '../model/duration.ts';
import { type UpgradeCommand, usualTimeLimit } from '../model/upgrade.ts';
import type { Inventory, InventoryHost } from './inventory.ts';
import type { InventoryData } from './schema.ts';
import type { UpgradeData } from './upgrade-schema.ts';

/** What an inventory says of upgrades; a script's path is relative to it. */
export function upgradeCommandOf(
  data: UpgradeData | undefined,
  inventory: string,
): UpgradeCommand | undefined {
  if (data === undefined) return undefined;
  const { script, sha256 = '', args = [], apt, time_limit: limit, to } = data;
  const common = { timeLimit: (limit && secondsOf(limit)) || usualTimeLimit, to };
  if (apt !== undefined) return { kind: 'apt', ...apt, ...common };
  if (script === undefined) return undefined;
  return { kind: 'script', file: resolve(dirname(inventory), script), sha256, args, ...common };
}

export function upgradeCommands(
  { upgrade_command: all, upgrade_commands: roles = {} }: InventoryData,
  inventory: string,
): Inventory['upgradeCommand'] {
  const byRole = Object.entries(roles).flatMap(([role, data]) => {
    const command = upgradeCommandOf(data, inventory);
    return command === undefined ? [] : [[role, command] as const];
  });
  return { all: upgradeCommandOf(all, inventory), roles: new Map(byRole) };
}

/** How a host is upgraded: what is said of itself comes first, then of its role, then of all. */
export function commandFor(
  host: Pick<InventoryHost, 'role' | 'upgradeCommand'>,
  { upgradeCommand }: Pick<Inventory, 'upgradeCommand'>,
): UpgradeCommand | undefined {
  return host.upgradeCommand ?? upgradeCommand?.roles.get(host.role) ?? upgradeCommand?.all;
}
