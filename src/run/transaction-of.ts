import { revertLimit, timeLimit } from '../host/manifest.ts';
import { type InventoryHost, roleOf } from '../inventory/inventory.ts';
import { type HostPlan, type Stage, stagesOf } from '../model/plan.ts';
import type { QueueRules } from '../model/queue.ts';
import type { BeginBefore, Transaction, TransactionLease } from '../model/transaction.ts';
import {
  letGoCreated,
  letGoItems,
  recordActions,
  recordChanges,
  recordHandlers,
  recordItems,
} from '../plan/record.ts';
import { itemFormatsOf } from '../steps/item-formats.ts';
import { packageVersion } from '../version.ts';
import { policyOf } from './busy/policy.ts';
import { asksDespiteForce } from './busy/polls-refusal.ts';
import { hostOf } from './busy/waiting.ts';
import { operatorHere } from './operator.ts';
import type { ApplyOptions } from './options.ts';
import type { Proof } from './outside-proof.ts';
import type { Together } from './together.ts';

/** What a transaction has of the run that it belongs to. */
export interface StageNames {
  readonly run: string;
  readonly startedAt: string;
  readonly proof: Proof | undefined;
  readonly lease: TransactionLease | undefined;
  readonly beginBefore: BeginBefore | undefined;
  /** those with which the host is to end on one side; undefined: it ends by itself */
  readonly together?: Together | undefined;
  /** what was agreed on, where the host hasn't got it yet */
  readonly agreement?: Buffer | undefined;
  /** it waits on the host until nobody is there; undefined: it begins at once */
  readonly queue?: QueueRules | undefined;
}

/** What is sent to a host to carry out one stage of its plan. A host that was not planned is a bug. */
export function transactionOf(
  plan: HostPlan,
  stage: Stage,
  host: InventoryHost,
  names: StageNames,
  options: ApplyOptions,
): Transaction {
  const { snapshot } = plan;
  const { ledger, changes } = stage;
  if (snapshot === undefined || ledger === undefined) throw new Error(`${plan.host} was not planned`);
  const handlers = stage.handlers.map(({ handler }) => handler);
  return {
    run: names.run,
    host: host.name,
    cluster: options.inventory.cluster.name,
    role: { name: host.role, shared: roleOf(options.inventory.playbook, host.role).shared },
    machineId: snapshot.machineId,
    actions: stage.actions.map(({ action }) => action),
    hide: options.secrets.likelyWritings(changes.flatMap(({ secret }) => secret?.writings ?? [])),
    changes,
    handlers,
    units: stage.units,
    force: policyOf(plan.role, options) === 'force' && !asksDespiteForce(plan, options),
    confirm: options.confirm === 'host' ? 'host' : 'outside',
    confirmTimeout: options.confirmTimeout,
    lockWait: options.lockWait,
    lease: names.lease,
    beginBefore: names.beginBefore,
    agreement: names.agreement,
    ...(names.queue === undefined ? {} : { queue: names.queue }),
    keep: options.keep,
    ledger: { ...ledger, run: names.run },
    record: {
      schemaVersion: 1,
      run: names.run,
      command: options.command,
      undoes: plan.undoes,
      cluster: options.inventory.cluster.name,
      host: host.name,
      ...operatorHere(),
      version: packageVersion(),
      startedAt: names.startedAt,
      ...(options.window?.regardless ? { now: true } : {}),
      ...(options.despitePolls ? { despitePolls: true } : {}),
      changes: recordChanges(changes),
      actions: recordActions(stage.actions),
      items: recordItems(stage, itemFormatsOf(options.inventory.playbook)),
      letGo: letGoItems(stage),
      letGoCreated: letGoCreated(stage),
      handlers: recordHandlers(handlers),
    },
  };
}

/** How long a host may work on all its stages, and put the last one back. Seconds. */
export function longestWork(plan: HostPlan, options: ApplyOptions): number {
  const names = { run: 'none', startedAt: '', proof: undefined, beginBefore: undefined, lease: undefined };
  const host = hostOf(plan, options);
  return stagesOf(plan)
    .filter(({ ledger }) => ledger !== undefined)
    .map((stage) => transactionOf(plan, stage, host, names, options))
    .reduce((sum, transaction) => sum + timeLimit(transaction) + revertLimit(transaction), 0);
}
