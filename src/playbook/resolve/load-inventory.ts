import type { SourceFile } from '../../document/source-file.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import {
  inventoryOfText,
  readInventory,
  type SalvagedInventory,
  salvageInventory,
  salvageText,
} from '../../inventory/load.ts';
import type { SecretRegister } from '../../secrets/register.ts';
import { loadPlaybook } from '../read/load.ts';

/**
 * Read an inventory with the playbook that it names. Throws OperatorErrors with every mistake in both;
 * secrets in it go into the register.
 */
export function loadInventory(file: string, register?: SecretRegister): Promise<Inventory> {
  return readInventory(file, (reference, directory) => loadPlaybook(reference, directory), register);
}

/** The same for commands that only look: of an inventory with mistakes whatever is right is used. */
export function loadWhatIsRight(file: string, register: SecretRegister): Promise<SalvagedInventory> {
  return salvageInventory(file, (reference, directory) => loadPlaybook(reference, directory), register);
}

/** The inventory that a text would be if it were in that file. Throws as `loadInventory` does. */
export function readText(source: SourceFile): Promise<Inventory> {
  return inventoryOfText(source, (reference, directory) => loadPlaybook(reference, directory));
}

/** The same of one that isn't whole yet: whatever is right is used. */
export function readDraft(source: SourceFile): Promise<SalvagedInventory> {
  return salvageText(source, (reference, directory) => loadPlaybook(reference, directory));
}
