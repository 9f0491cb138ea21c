import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { readInventory } from '../../src/inventory/load.ts';
import { OperatorErrors, type Problem } from '../../src/model/operator-error.ts';
import { loadPlaybook } from '../../src/playbook/read/load.ts';
import { stepModules } from '../fixtures/step-modules.ts';

export const playbooks = new URL('../fixtures/playbooks/', import.meta.url).pathname;

/** Load an inventory from text, in a directory of its own that is gone afterwards. */
export async function loadText(text: string | Uint8Array): Promise<Inventory> {
  const directory = await mkdtemp(join(tmpdir(), 'inventory-'));
  try {
    const file = join(directory, 'prod.yaml');
    await writeFile(file, text);
    return await readInventory(file, (reference) => loadPlaybook(reference, playbooks, stepModules));
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The mistakes of an inventory; throws where it has none, or where something else is thrown. */
export async function mistakes(text: string | Uint8Array): Promise<readonly Problem[]> {
  try {
    await loadText(text);
  } catch (error) {
    if (error instanceof OperatorErrors) return error.problems;
    throw error;
  }
  throw new Error('no mistake was found');
}

/** `line:column code` of each mistake, to compare at a glance. */
export function places(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ code, location }) => `${location?.line}:${location?.column} ${code}`);
}
