import type { Inventory } from '../../src/inventory/inventory.ts';
import { readInventory } from '../../src/inventory/load.ts';
import { loadPlaybook } from '../../src/playbook/read/load.ts';
import type { SecretRegister } from '../../src/secrets/register.ts';
import type { LoadedPlaybook } from '../../src/steps/loaded-playbook.ts';

const shipped = new Map<string, Promise<LoadedPlaybook>>();

/** Like the program's own, but reads each built-in playbook only once, as that takes longest. */
export function loadInventory(file: string, register?: SecretRegister): Promise<Inventory> {
  return readInventory(
    file,
    (reference, directory) => {
      if (/\/|\.ya?ml$/.test(reference)) return loadPlaybook(reference, directory);
      const known = shipped.get(reference) ?? loadPlaybook(reference, directory);
      shipped.set(reference, known);
      return known;
    },
    register,
  );
}
