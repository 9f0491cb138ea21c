import { open, readFile } from 'node:fs/promises';
import { reasonOf } from '../document/reason.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { OperatorError, type Problem } from '../model/operator-error.ts';
import type { ClusterPlan } from '../model/plan.ts';
import { comparePlan } from '../plan/saved/compare-plan.ts';
import { type PlanSources, readSavedPlan, type SavedPlan, savePlan } from '../plan/saved/saved-plan.ts';
import type { SecretRegister } from '../secrets/register.ts';

/** Saves a plan for `apply --plan`, readable only by its owner, even if the file could be read by others. */
export async function writePlan(file: string, plan: ClusterPlan, sources: PlanSources): Promise<void> {
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      if ((await handle.stat()).isFile()) await handle.chmod(0o600);
      await handle.writeFile(await savePlan(plan, sources));
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

/** What a plan depends on besides the hosts. */
export interface PlannedWith {
  readonly inventory: string;
  readonly limit: readonly string[];
  readonly prune: boolean;
}

/** The command that carries out a saved plan: with the options without which it would be refused. */
export function commandToApply(file: string, options: PlannedWith): string {
  return `clusterproxy apply ${optionsIn(options)} --plan ${file}`;
}

function optionsIn({ inventory, limit, prune }: PlannedWith): string {
  const limited = limit.length === 0 ? [] : [`--limit ${limit.join(',')}`];
  return [`--inventory ${inventory}`, ...limited, ...(prune ? ['--prune'] : [])].join(' ');
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

/** What is left of a saved plan, or why it can't be carried out. */
export interface Agreed {
  /** with the hosts marked that are done */
  readonly plan: ClusterPlan;
  readonly refusal: Problem | undefined;
}

/** Compares what would be done now with a saved plan. */
export async function agreedPlan(
  file: string,
  saved: SavedPlan,
  now: { readonly plan: ClusterPlan; readonly inventory: Inventory; readonly secrets: SecretRegister },
  options: PlannedWith,
): Promise<Agreed> {
  const sources = { ...now.inventory, secrets: now.secrets };
  const { differences, done } = await comparePlan(saved, now.plan, sources);
  const hosts = now.plan.hosts.map((host) => {
    const run = done.get(host.host);
    return run === undefined ? host : { ...host, done: run === '' ? {} : { by: run } };
  });
  return {
    plan: { ...now.plan, hosts },
    refusal: differences.length === 0 ? undefined : planDiffers(file, options, differences),
  };
}

function planDiffers(file: string, options: PlannedWith, differences: readonly string[]): Problem {
  return {
    code: 'plan-differs',
    message: `what would be done now differs from the plan in ${file}`,
    detail: differences.join('\n'),
    next: `review it again: clusterproxy plan ${optionsIn(options)} --out ${file}`,
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
