import type { Inventory } from '../../inventory/inventory.ts';
import type { InTurns } from '../../model/in-turns.ts';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { Playbook } from '../../model/playbook.ts';
import { crossChecksOf } from '../../plan/forward/cross-checks.ts';
import type { Resolve } from '../../plan/forward/evaluate.ts';
import { type LookedAt, type PlanInput, planInTurns } from '../../plan/forward/plan-cluster.ts';
import { loadedAgain, type ModuleFile, moduleFilesOf } from '../../playbook/read/own-modules.ts';
import { SecretRegister } from '../../secrets/register.ts';
import { stepModules } from '../../steps/registry.ts';
import { resolveAll } from '../wanted.ts';

/** All that is needed to plan hosts, as plain data: it can be sent to another thread. */
export interface PlanningJob {
  /** without the code that its steps name */
  readonly inventory: Omit<Inventory, 'playbook'> & { readonly playbook: Playbook };
  readonly moduleFiles: readonly ModuleFile[];
  readonly hosts: readonly LookedAt[];
  /** undefined: all hosts */
  readonly only: ReadonlySet<string> | undefined;
  /** by value */
  readonly secrets: readonly string[];
  /** the hosts that can't be planned, with the reason */
  readonly failed: ReadonlyMap<string, Problem>;
}

/** Which hosts are to be planned, out of those that were looked at. */
export interface Meant {
  readonly hosts: readonly LookedAt[];
  readonly only: ReadonlySet<string> | undefined;
}

export function jobOf(inventory: Inventory, secrets: SecretRegister, meant: Meant): PlanningJob {
  const { modules, ...playbook } = inventory.playbook;
  const moduleFiles = moduleFilesOf(modules);
  return {
    ...meant,
    ...{ inventory: { ...inventory, playbook }, moduleFiles, secrets: secrets.values, failed: new Map() },
  };
}

/**
 * Does a job that has come from another thread. Throws an OperatorError if the code that the playbook's steps
 * name is no longer the same.
 */
export async function workOf(job: PlanningJob): Promise<InTurns<readonly HostPlan[]>> {
  const modules = await loadedAgain(job.moduleFiles, stepModules);
  const inventory = { ...job.inventory, playbook: { ...job.inventory.playbook, modules } };
  const secrets = new SecretRegister();
  for (const value of job.secrets) secrets.add(value);
  const input = planInput(inventory, secrets, job.hosts);
  return planInTurns({ ...input, resolve: except(job.failed, input.resolve) }, job.only);
}

export function planInput(
  inventory: Inventory,
  secrets: SecretRegister,
  hosts: readonly LookedAt[],
): PlanInput {
  return {
    cluster: inventory.cluster.name,
    playbook: inventory.playbook.name,
    hosts,
    resolve: resolveAll(inventory),
    crossChecks: crossChecksOf(inventory.playbook),
    secrets,
  };
}

function except(failed: ReadonlyMap<string, Problem>, resolve: Resolve): Resolve {
  return (snapshots, only) => {
    const wanted = new Map(resolve(snapshots, only));
    for (const [name, problem] of failed) wanted.set(name, new OperatorError(problem));
    return wanted;
  };
}
