import type { Inventory } from '../inventory/inventory.ts';
import { readInventory } from '../inventory/load.ts';
import { loadPlaybook } from './load.ts';

/** Read an inventory with the playbook that it names. Throws OperatorErrors with every mistake of both. */
export function loadInventory(file: string): Promise<Inventory> {
  return readInventory(file, (reference, directory) => loadPlaybook(reference, directory));
}
