import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { acceptedFileOf } from '../../inventory/accepted-file.ts';
import { findInventory, surroundingsHere } from '../../inventory/default/find.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { problemsOf } from '../../model/operator-error.ts';
import type { Setting } from '../../model/setting.ts';
import type { TakenInventory } from '../../model/taken-inventory.ts';
import { loadInventory } from '../../playbook/resolve/load-inventory.ts';
import type { Environment } from '../environment.ts';

const origins = {
  option: 'named by --inventory',
  variable: 'named by CLUSTERPROXY_INVENTORY',
  found: 'found in the working folder or above it',
} as const;

export interface InventorySettings {
  readonly settings: readonly Setting[];
  /** undefined: there is none, or it can't be used */
  readonly inventory: Inventory | undefined;
}

/** Which inventory a command would take, and what follows from it. That there is none is no error here. */
export async function inventorySettings(
  given: string | undefined,
  environment: Environment,
): Promise<InventorySettings> {
  const of = (name: string, value: string | undefined, why: string): Setting => ({
    ...{ topic: 'inventory', name, value, why },
  });
  let taken: TakenInventory;
  try {
    taken =
      given === undefined
        ? await findInventory(surroundingsHere(environment.variables))
        : { path: resolve(given), from: 'option' };
  } catch (error) {
    const problems = problemsOf(error);
    if (problems.some(({ code }) => code === 'unexpected')) throw error;
    const why = problems.map(({ code, message, next }) => `${code}: ${message}; ${next ?? ''}`).join('; ');
    return { settings: [of('file', undefined, why)], inventory: undefined };
  }
  environment.inventory = taken;
  const file = of('file', taken.path, origins[taken.from]);
  try {
    const inventory = await loadInventory(given ?? taken.path, environment.secrets);
    return { settings: [file, ...(await contents(inventory, of))], inventory };
  } catch (error) {
    const [first, ...others] = problemsOf(error);
    const more = others.length === 0 ? '' : `, and ${others.length} more`;
    const why = `it can't be used: ${first?.code}: ${first?.message}${more}; see clusterproxy validate`;
    return { settings: [file, of('cluster', undefined, why)], inventory: undefined };
  }
}

async function contents(
  { cluster, playbook, hosts, file, timeZone }: Inventory,
  of: (name: string, value: string | undefined, why: string) => Setting,
): Promise<readonly Setting[]> {
  const accepted = acceptedFileOf(file);
  const isThere = await stat(accepted).then(
    () => true,
    () => false,
  );
  return [
    of('cluster', cluster.name, `${hosts.length} hosts, ${cluster.hostname}`),
    of('playbook', playbook.name, resolve(playbook.file)),
    of(
      'time zone',
      timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      timeZone === undefined ? "this machine's" : 'cluster.time_zone',
    ),
    of('accepted differences', isThere ? resolve(accepted) : undefined, 'beside the inventory'),
  ];
}
