import { open, readFile } from 'node:fs/promises';
import { reasonOf } from '../document/reason.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Confirmer } from '../model/deciding-check.ts';
import { durationWords } from '../model/duration.ts';
import { OperatorError, type Problem } from '../model/operator-error.ts';
import type { ClusterPlan } from '../model/plan.ts';
import type { MaxUnavailable } from '../model/rollout.ts';
import type { BusyPolicy } from '../model/when-busy.ts';
import { comparePlan } from '../plan/saved/compare-plan.ts';
import { type PlanSources, readSavedPlan, type SavedPlan, savePlan } from '../plan/saved/saved-plan.ts';
import { type OnFailure, usualApply } from '../run/options.ts';
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
  readonly whenBusy?: BusyPolicy;
  readonly window?: readonly { readonly typed: string }[];
  readonly deadline?: { readonly typed: string };
  readonly maxUnavailable?: MaxUnavailable;
  readonly wave?: number;
  readonly onFailure?: OnFailure;
  readonly confirm?: Confirmer;
  readonly idleFor?: number;
  readonly until?: number;
  readonly withoutCordon?: boolean;
}

/**
 * The command that carries out a saved plan: with the options without which it would be refused, and those by
 * which people would be treated otherwise than the plan says.
 */
export function commandToApply(file: string, options: PlannedWith): string {
  return `clusterproxy apply ${optionsIn(options)} --plan ${file}`;
}

function optionsIn(options: PlannedWith): string {
  const { inventory, limit, prune, whenBusy, window = [], deadline, maxUnavailable, confirm } = options;
  const { wave, onFailure } = options;
  const { idleFor, until, withoutCordon = false } = options;
  return [
    `--inventory ${inventory}`,
    ...(limit.length === 0 ? [] : [`--limit ${limit.join(',')}`]),
    ...(prune ? ['--prune'] : []),
    ...(whenBusy === undefined ? [] : [`--when-busy ${whenBusy}`]),
    ...(idleFor === undefined ? [] : [`--idle-for ${durationWords(idleFor)}`]),
    ...(until === undefined ? [] : [`--until ${Math.max(1, Math.floor(until / 60))}m`]),
    ...(withoutCordon ? ['--without-cordon'] : []),
    ...window.map(({ typed }) => `--window '${typed}'`),
    ...(deadline === undefined ? [] : [`--deadline ${deadline.typed}`]),
    ...(maxUnavailable === undefined ? [] : [`--max-unavailable ${outWords(maxUnavailable)}`]),
    ...(wave === undefined ? [] : [`--wave ${wave}`]),
    ...(onFailure === undefined || onFailure === usualApply.onFailure ? [] : [`--on-failure ${onFailure}`]),
    ...(confirm === undefined || confirm === usualApply.confirm ? [] : [`--confirm ${confirm}`]),
  ].join(' ');
}

function outWords(allowed: MaxUnavailable): string {
  return 'count' in allowed ? String(allowed.count) : `${allowed.percent}%`;
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

/** What would be done now, and what it was made from. */
interface PlannedNow {
  readonly plan: ClusterPlan;
  readonly inventory: Inventory;
  readonly secrets: SecretRegister;
}

/** Compares what would be done now with a saved plan; `file`: undefined where it is in none. */
export async function agreedPlan(
  file: string | undefined,
  saved: SavedPlan,
  now: PlannedNow,
  options: PlannedWith,
): Promise<Agreed> {
  const { plan, differences } = await restOf(saved, now);
  return { plan, refusal: differences.length === 0 ? undefined : planDiffers(file, options, differences) };
}

/** A plan that was made now, with the hosts marked that are as the saved one leaves them; what differs. */
export async function restOf(
  saved: SavedPlan,
  { plan, inventory, secrets }: PlannedNow,
): Promise<{ readonly plan: ClusterPlan; readonly differences: readonly string[] }> {
  const { differences, done } = await comparePlan(saved, plan, { ...inventory, secrets });
  const hosts = plan.hosts.map((host) => {
    const run = done.get(host.host);
    return run === undefined ? host : { ...host, done: run === '' ? {} : { by: run } };
  });
  return { plan: { ...plan, hosts }, differences };
}

function planDiffers(
  file: string | undefined,
  options: PlannedWith,
  differences: readonly string[],
): Problem {
  const detail = differences.join('\n');
  if (file === undefined)
    return {
      code: 'plan-differs',
      message: 'what would be done now differs from the plan that was agreed on',
      detail,
      next: 'somebody has changed something meanwhile: run the command again, and review the new plan',
    };
  return {
    code: 'plan-differs',
    message: `what would be done now differs from the plan in ${file}`,
    detail,
    next: `review it again: clusterproxy plan ${optionsIn(options)} --out ${file}`,
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
