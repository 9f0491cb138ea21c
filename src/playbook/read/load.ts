import type { LoadedPlaybook } from '../../steps/loaded-playbook.ts';
import { stepModules } from '../../steps/registry.ts';
import type { StepModule } from '../../steps/step-module.ts';
import { fileOf } from './chain.ts';
import { knownPlaybook, rememberPlaybook } from './known-playbooks.ts';

/**
 * Read a playbook: one that comes with clusterproxy by its name, or one of the operator's own by its path
 * (anything with a slash, or ending in .yaml or .yml), relative to `directory`, which is the inventory's.
 * Throws OperatorErrors with every mistake of form or, if the form is valid, with every mistake of meaning.
 */
export async function loadPlaybook(
  reference: string,
  directory: string,
  modules: ReadonlyMap<string, StepModule> = stepModules,
): Promise<LoadedPlaybook> {
  const known = modules === stepModules ? await knownPlaybook(await fileOf(reference, directory)) : undefined;
  if (known !== undefined) return { ...known, modules };
  // One that is known needs none of what reads and checks another.
  const { readPlaybook } = await import('./read-playbook.ts');
  const { playbook, files, hasOwnModules } = await readPlaybook(reference, directory, modules);
  // Code can't be read again.
  if (modules === stepModules && !hasOwnModules) rememberPlaybook(playbook, files);
  return playbook;
}
