import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** The same of a text, in a folder of its own that is gone afterwards. */
export async function loadInventoryText(text: string): Promise<Inventory> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-'));
  try {
    await writeFile(join(folder, 'prod.yaml'), text);
    return await loadInventory(join(folder, 'prod.yaml'));
  } finally {
    await rm(folder, { recursive: true });
  }
}
