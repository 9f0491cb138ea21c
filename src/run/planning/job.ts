import type { Inventory } from '../../inventory/inventory.ts';
import type { AcceptedNow } from '../../model/accepted.ts';
import type { InTurns } from '../../model/in-turns.ts';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { Playbook } from '../../model/playbook.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { crossChecksOf } from '../../plan/forward/cross-checks.ts';
import type { Resolve } from '../../plan/forward/evaluate.ts';
import { type LookedAt, type PlanInput, planInTurns } from '../../plan/forward/plan-cluster.ts';
import { planHostRollback, type RecordedRun, type RollbackPlan } from '../../plan/rollback/plan-rollback.ts';
import { loadedAgain, type ModuleFile, moduleFilesOf } from '../../playbook/read/own-modules.ts';
import { SecretRegister } from '../../secrets/register.ts';
import { itemFormatsOf } from '../../steps/item-formats.ts';
import { stepModules } from '../../steps/registry.ts';
import type { ItemFormats } from '../../virtual/managed.ts';
import { resolveAll } from '../wanted.ts';

/** All that is needed to plan something, as plain data: it can be sent to another thread. */
export type PlanningJob = ClusterJob | RollbackJob;

interface Known {
  /** without the code that its steps name */
  readonly inventory: Omit<Inventory, 'playbook'> & { readonly playbook: Playbook };
  readonly moduleFiles: readonly ModuleFile[];
  /** by value */
  readonly secrets: readonly string[];
}

/** What hosts will become. */
export interface ClusterJob extends Known, Meant {
  readonly kind: 'cluster';
  /** the hosts that can't be planned, with the reason */
  readonly failed: ReadonlyMap<string, Problem>;
}

/** How a host gets back what it was before a run. */
export interface RollbackJob extends Known {
  readonly kind: 'rollback';
  readonly hosts: readonly [LookedAt & { readonly snapshot: Snapshot }];
  readonly recorded: readonly RecordedRun[];
  readonly force: boolean;
}

/** Which hosts are to be planned, out of those that were looked at. */
export interface Meant {
  readonly hosts: readonly LookedAt[];
  /** undefined: all hosts */
  readonly only: ReadonlySet<string> | undefined;
  /** differences that stay as they are; undefined: none */
  readonly accepted?: readonly AcceptedNow[] | undefined;
}

export function clusterJob(inventory: Inventory, secrets: SecretRegister, meant: Meant): ClusterJob {
  return { ...known(inventory, secrets), ...meant, kind: 'cluster', failed: new Map() };
}

export function rollbackJob(
  inventory: Inventory,
  secrets: SecretRegister,
  undoing: Pick<RollbackJob, 'hosts' | 'recorded' | 'force'>,
): RollbackJob {
  return { ...known(inventory, secrets), ...undoing, kind: 'rollback' };
}

function known(inventory: Inventory, secrets: SecretRegister): Known {
  const { modules, ...playbook } = inventory.playbook;
  const moduleFiles = moduleFilesOf(modules);
  return { inventory: { ...inventory, playbook }, moduleFiles, secrets: secrets.values };
}

/**
 * Does a job that has come from another thread. Throws an OperatorError if the code that the playbook's steps
 * name is no longer the same.
 */
export async function workOf(job: PlanningJob): Promise<InTurns<readonly HostPlan[] | RollbackPlan>> {
  const modules = await loadedAgain(job.moduleFiles, stepModules);
  const inventory = { ...job.inventory, playbook: { ...job.inventory.playbook, modules } };
  const secrets = new SecretRegister();
  for (const value of job.secrets) secrets.add(value);
  if (job.kind === 'rollback') return undoing(job, itemFormatsOf(inventory.playbook), secrets);
  const input = planInput(inventory, secrets, job);
  return planInTurns({ ...input, resolve: except(job.failed, input.resolve) }, job.only);
}

function* undoing(
  { hosts: [host], recorded, force }: RollbackJob,
  formats: ItemFormats,
  secrets: SecretRegister,
): InTurns<RollbackPlan> {
  yield host.name;
  return planHostRollback(host.snapshot, recorded, { force, formats, secrets });
}

export function planInput(
  inventory: Inventory,
  secrets: SecretRegister,
  { hosts, accepted }: Pick<Meant, 'hosts' | 'accepted'>,
): PlanInput {
  return {
    cluster: inventory.cluster.name,
    playbook: inventory.playbook.name,
    hosts,
    resolve: resolveAll(inventory),
    crossChecks: crossChecksOf(inventory.playbook),
    secrets,
    accepted,
  };
}

function except(failed: ReadonlyMap<string, Problem>, resolve: Resolve): Resolve {
  return (snapshots, only) => {
    const wanted = new Map(resolve(snapshots, only));
    for (const [name, problem] of failed) wanted.set(name, new OperatorError(problem));
    return wanted;
  };
}
