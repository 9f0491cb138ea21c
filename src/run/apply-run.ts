import { setMaxListeners } from 'node:events';
import { OperatorError } from '../model/operator-error.ts';
import { type ClusterPlan, type HostPlan, isDue, type Stage } from '../model/plan.ts';
import type { HostResult, RunResult } from '../model/result.ts';
import { applyStage } from './apply-stage.ts';
import { drainedTurns } from './busy/drain.ts';
import { waitingFor } from './busy/waiting.ts';
import { type Leases, type Refusal, takeLeases } from './claims/leases.ts';
import { forgetRetired } from './forget-retired.ts';
import { applyLast } from './last-stage.ts';
import type { ApplyOptions } from './options.ts';
import { outsideProofs, type Proof } from './outside-proof.ts';
import type { PlannedRun } from './planner.ts';
import { resultOfHostPlan } from './result-of-plan.ts';
import { newRunId } from './run-id.ts';
import { applyStages } from './stages.ts';
import { longestWork } from './transaction-of.ts';
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
    const goesOn = planner.finishes === true && id !== run;
    const time = goesOn ? { refused: undefined, beginBefore: undefined } : inTime(host, options);
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
    staysOut: planner.staysOut,
    meanwhile: planner.meanwhile,
  });
  const proven = planner.proven ?? (async (result: HostResult) => result);
  // Nobody is sent away from a host that is not begun.
  const turn = async (host: HostPlan, work: () => Promise<HostResult>) =>
    (await planner.mayBegin?.(host)) ?? inTime(host, options).refused ?? drained(host, work);
  const first = await inWaves(wavesOf(plan.hosts, options), waves, async (host) => {
    const { again } = planner;
    const { exactly, leave } = options;
    return turn(host, async () => {
      const refused = await planner.readied?.(host);
      if (refused !== undefined) return refused;
      const result = await applyStages(host, { run, again, exactly, leave, carryOut });
      return reported(await proven(result));
    });
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
