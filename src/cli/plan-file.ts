import { open, readFile } from 'node:fs/promises';
import { reasonOf } from '../document/reason.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { OperatorError, type Problem } from '../model/operator-error.ts';
import type { ClusterPlan } from '../model/plan.ts';
import {
  comparePlan,
  type PlanSources,
  readSavedPlan,
  type SavedPlan,
  savePlan,
} from '../plan/saved/saved-plan.ts';
import type { SecretRegister } from '../secrets/register.ts';

/** Saves a plan for `apply --plan`, readable only by its owner, even if the file could be read by others. */
export async function writePlan(file: string, plan: ClusterPlan, sources: PlanSources): Promise<void> {
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      if ((await handle.stat()).isFile()) await handle.chmod(0o600);
      await handle.writeFile(savePlan(plan, sources));
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new OperatorError({
      code: 'plan-not-saved',
      message: `the plan can't be saved to ${file}: ${reasonOf(error)}`,
      next: 'choose another file with --out',
    });
  }
}

export async function readPlan(file: string): Promise<SavedPlan> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new OperatorError({
      code: 'saved-plan-missing',
      message: isMissing(error)
        ? `the plan ${file} does not exist`
        : `the plan ${file} can't be read: ${reasonOf(error)}`,
      next: 'save one with: clusterproxy plan --inventory FILE --out PLAN',
    });
  }
  return readSavedPlan(text, file);
}

/** Why a saved plan isn't what would be done now; undefined where it is. */
export function planDiffers(
  file: string,
  saved: SavedPlan,
  now: { readonly plan: ClusterPlan; readonly inventory: Inventory; readonly secrets: SecretRegister },
): Problem | undefined {
  const differences = comparePlan(saved, now.plan, { ...now.inventory, secrets: now.secrets });
  if (differences.length === 0) return undefined;
  return {
    code: 'plan-differs',
    message: `what would be done now differs from the plan in ${file}`,
    detail: differences.join('\n'),
    next: `review it again: clusterproxy plan --inventory ${now.inventory.file} --out ${file}`,
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
