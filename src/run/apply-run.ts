import { setMaxListeners } from 'node:events';
import { revertLimit, timeLimit } from '../host/manifest.ts';
import { transact } from '../host/transact.ts';
import { type InventoryHost, roleOf } from '../inventory/inventory.ts';
import { OperatorError, problemsOf } from '../model/operator-error.ts';
import { type ClusterPlan, type HostPlan, isDue, type Stage, stagesOf } from '../model/plan.ts';
import type { HostResult, RunResult, Status } from '../model/result.ts';
import type {
  BeginBefore,
  Transaction,
  TransactionLease,
  TransactionResult,
  TransactionState,
} from '../model/transaction.ts';
import {
  letGoCreated,
  letGoItems,
  recordActions,
  recordChanges,
  recordHandlers,
  recordItems,
} from '../plan/record.ts';
import type { Connection } from '../ssh/contract.ts';
import { itemFormatsOf } from '../steps/item-formats.ts';
import { packageVersion } from '../version.ts';
import { drainedTurns } from './busy/drain.ts';
import { policyOf } from './busy/policy.ts';
import { hostOf, waitingFor } from './busy/waiting.ts';
import { type Leases, type Refusal, takeLeases } from './claims/leases.ts';
import { forgetRetired } from './forget-retired.ts';
import { hostProgress } from './host-progress.ts';
import { applyLast } from './last-stage.ts';
import { operatorHere } from './operator.ts';
import type { ApplyOptions } from './options.ts';
import { outsideProofs, type Proof } from './outside-proof.ts';
import type { PlannedRun } from './planner.ts';
import { resultOfHostPlan } from './result-of-plan.ts';
import { newRunId } from './run-id.ts';
import { applyStages } from './stages.ts';
import { wavesOf } from './wave.ts';
import { interruptedBefore, inWaves, notBegun, notStarted } from './waves.ts';
import { reportingWay } from './way-through.ts';
import { inTime } from './windows/in-time.ts';

/**
 * Carry out a plan: role by role, each host in its own transaction, followed by the last stage, which removes
 * what has to go last. Then the hosts that know how others answer are asked. Finally, the records on retired
 * hosts are removed.
 */
export async function applyRun(planned: PlannedRun, options: ApplyOptions): Promise<RunResult> {
  // One listener per host that is being worked on.
  setMaxListeners(0, options.leave);
  const run = newRunId();
  const taken = await takeLeases(planned.plan, run, options);
  if ('refusal' in taken) return refusedRun(planned.plan, taken.refusal, options);
  try {
    return await withLeases(planned, run, taken.leases, options);
  } finally {
    await taken.leases.release();
  }
}

/** Another run, or a hold, was in the way before anything was begun. */
function refusedRun(plan: ClusterPlan, { host, problem }: Refusal, options: ApplyOptions): RunResult {
  const others = `${host} can't be changed now, and a run changes all its hosts or none`;
  return {
    ...{ command: options.command, run: undefined },
    hosts: plan.hosts.map((one) => {
      if (one.host === host) return { ...notBegun(one, problem), status: 'failed' };
      return isDue(one) ? notStarted(one, others) : resultOfHostPlan(one);
    }),
    warnings: plan.warnings,
    interrupted: options.signal.aborted,
  };
}

async function withLeases(
  { plan, planner }: PlannedRun,
  run: string,
  leases: Leases,
  options: ApplyOptions,
): Promise<RunResult> {
  const startedAt = new Date().toISOString();
  const prove = outsideProofs(options, planner.deciding);
  const carryOut = async (host: HostPlan, stage: Stage, id: string) => {
    const time = inTime(host, options);
    if (time.refused !== undefined) return time.refused;
    const { beginBefore } = time;
    return proved(host, prove(host, stage), options, (proof) =>
      applyStage(
        host,
        stage,
        { run: id, startedAt, proof, beginBefore, lease: leases.of(host.host) },
        options,
      ),
    );
  };
  const reported = reportingWay(options, planner.wayThrough);
  const waves = { ...options, waiting: waitingFor(options) };
  const drained = drainedTurns({
    ...{ ...options, run, plans: plan.hosts },
    longest: (host) => longestWork(host, options),
  });
  // Nobody is sent away from a host that is not begun.
  const turn = async (host: HostPlan, work: () => Promise<HostResult>) =>
    inTime(host, options).refused ?? drained(host, work);
  const first = await inWaves(wavesOf(plan.hosts, options), waves, async (host) => {
    const { again } = planner;
    const { exactly, leave } = options;
    return turn(host, async () =>
      reported(await applyStages(host, { run, again, exactly, leave, carryOut })),
    );
  });
  const staged = await applyLast(planner, first, options, (host, number) =>
    turn(host, () =>
      applyStages(host, { run, from: number, exactly: false, leave: options.leave, carryOut }),
    ),
  );
  const heard = await planner.afterwards?.(staged.hosts);
  return {
    command: options.command,
    run,
    hosts: await forgetRetired(heard ?? staged.hosts, run, options),
    warnings: [...plan.warnings, ...staged.warnings],
    interrupted: options.signal.aborted,
  };
}

/** Carries out a stage with what was asked from outside before; nothing is begun if that forbids it. */
async function proved(
  plan: HostPlan,
  asking: Promise<Proof | undefined>,
  { signal }: Pick<ApplyOptions, 'signal'>,
  carryOut: (proof: Proof | undefined) => Promise<HostResult>,
): Promise<HostResult> {
  try {
    const proof = await asking;
    if (proof === undefined) return await carryOut(undefined);
    if (signal.aborted) return notStarted(plan, interruptedBefore);
    const { refusal } = proof;
    if (refusal !== undefined) return notBegun(plan, refusal);
    return proof.end(await carryOut(proof));
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return notBegun(plan, { ...error.problem, host: plan.host });
  }
}

/** How long a host may work on all its stages, and put the last one back. Seconds. */
function longestWork(plan: HostPlan, options: ApplyOptions): number {
  const names = { run: 'none', startedAt: '', proof: undefined, beginBefore: undefined, lease: undefined };
  const host = hostOf(plan, options);
  return stagesOf(plan)
    .filter(({ ledger }) => ledger !== undefined)
    .map((stage) => transactionOf(plan, stage, host, names, options))
    .reduce((sum, transaction) => sum + timeLimit(transaction) + revertLimit(transaction), 0);
}

interface StageNames {
  readonly run: string;
  readonly startedAt: string;
  readonly proof: Proof | undefined;
  readonly lease: TransactionLease | undefined;
  readonly beginBefore: BeginBefore | undefined;
}

async function applyStage(
  plan: HostPlan,
  stage: Stage,
  names: StageNames,
  options: ApplyOptions,
): Promise<HostResult> {
  const host = options.inventory.hosts.find((one) => one.name === plan.host);
  if (host === undefined) throw new Error(`${plan.host} is in the plan but not in the inventory`);
  const start = performance.now();
  options.progress({ kind: 'host', host: plan.host, phase: 'connecting' });
  let connected = false;
  let current: Connection | undefined;
  // Work on the host continues without us.
  const leave = () => void current?.close();
  options.leave.addEventListener('abort', leave);
  const connectAgain = async () => {
    const connection = await options.connect(host.ssh, { signal: options.leave });
    connected = true;
    current = connection;
    return connection;
  };
  try {
    const result = await transact(connectAgain, transactionOf(plan, stage, host, names, options), {
      signal: options.leave,
      // Without checks this shows that a new connection can be made: a host that can't be reached isn't well.
      confirm: async (seconds) =>
        names.proof === undefined ? !options.leave.aborted : names.proof.confirm(seconds),
      onEvent: (event) => {
        if (event.kind === 'owed') names.proof?.owed(event.handler);
        const progress = hostProgress(plan.host, event);
        if (progress !== undefined) options.progress(progress);
      },
    });
    return resultOf(plan, stage, result);
  } catch (error) {
    const [problem] = problemsOf(error);
    return {
      plan,
      status: connected ? 'failed' : options.leave.aborted ? 'not-started' : 'unreachable',
      problem: problem && { ...problem, host: plan.host },
      ran: [],
      warnings: plan.warnings,
      durationMs: Math.round(performance.now() - start),
    };
  } finally {
    options.leave.removeEventListener('abort', leave);
  }
}

function transactionOf(
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
    force: policyOf(plan.role, options) === 'force',
    confirm: options.confirm === 'host' ? 'host' : 'outside',
    confirmTimeout: options.confirmTimeout,
    lockWait: options.lockWait,
    lease: names.lease,
    beginBefore: names.beginBefore,
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
      changes: recordChanges(changes),
      actions: recordActions(stage.actions),
      items: recordItems(stage, itemFormatsOf(options.inventory.playbook)),
      letGo: letGoItems(stage),
      letGoCreated: letGoCreated(stage),
      handlers: recordHandlers(handlers),
    },
  };
}

const statusOfState: Readonly<Record<TransactionState, Status>> = {
  refused: 'failed',
  deferred: 'deferred',
  committed: 'changed',
  reverted: 'rolled-back',
  kept: 'kept',
  conflict: 'conflict',
  stuck: 'stuck',
  unknown: 'unknown',
};

function resultOf(plan: HostPlan, stage: Stage, result: TransactionResult): HostResult {
  const nothing = stage.actions.length + stage.changes.length === 0 && result.started.length === 0;
  const status = result.owed.length > 0 ? 'owed' : statusOfState[result.state];
  return {
    plan,
    // Earlier runs were settled, and nothing else was to be done.
    status: status === 'changed' && nothing ? 'in-sync' : status,
    problem: result.problem && { ...result.problem, host: plan.host },
    ran: result.started,
    warnings: [...plan.warnings, ...result.warnings],
    durationMs: result.durationMs,
  };
}
