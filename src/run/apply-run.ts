import { setMaxListeners } from 'node:events';
import { OperatorError } from '../model/operator-error.ts';
import { type ClusterPlan, type HostPlan, hasWork, isDue, type Stage } from '../model/plan.ts';
import type { HostResult, RunResult } from '../model/result.ts';
import { abortable } from './again/aborting.ts';
import { outcomeOf } from './again/outcome-of.ts';
import { applyStage } from './apply-stage.ts';
import { whoIsBehind } from './busy/behind-doors.ts';
import { drainedTurns } from './busy/drain.ts';
import { onHalfDone } from './busy/half-done.ts';
import { handingOver } from './busy/hand-over.ts';
import { catchUp } from './busy/owed.ts';
import { comeAgain, waitingFor } from './busy/waiting.ts';
import { type Leases, type Refusal, takeLeases } from './claims/leases.ts';
import { inOrderOf } from './doors-last.ts';
import { forgetRetired } from './forget-retired.ts';
import { holdersNow } from './holders-now.ts';
import { HostEnds } from './host-ends.ts';
import { callingDone, endedProgress } from './host-progress.ts';
import { applyLast } from './last-stage.ts';
import type { ApplyOptions } from './options.ts';
import { outsideProofs, type Proof } from './outside-proof.ts';
import type { PlannedRun } from './planner.ts';
import { queueingFor } from './queue/queueing.ts';
import { resultOfHostPlan } from './result-of-plan.ts';
import { newRunId } from './run-id.ts';
import { applyStages, type StageOptions } from './stages.ts';
import type { Together } from './together.ts';
import { transactionIds } from './transaction-ids.ts';
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
export async function applyRun(planned: PlannedRun, given: ApplyOptions): Promise<RunResult> {
  const { options, aborted } = abortable(given);
  // One listener per host that is being worked on.
  setMaxListeners(0, options.leave, options.signal);
  const run = options.identity?.id ?? options.freshId ?? newRunId();
  const taken = await takeLeases(planned.plan, run, options);
  if ('refusal' in taken) {
    return { ...refusedRun(planned.plan, taken.refusal, options), aborted: aborted() };
  }
  options.progress({ kind: 'begun', run, hosts: planned.plan.hosts.filter(isDue).length });
  let outcome: Buffer | undefined;
  try {
    const telling = { ...options, progress: callingDone(options.progress) };
    const result = { ...(await withLeases(planned, run, taken.leases, telling)), aborted: aborted() };
    outcome = outcomeOf(result, options.secrets);
    return result;
  } finally {
    await taken.leases.release(outcome);
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
  const ids = transactionIds(run);
  const once = (together: Together | undefined) => async (host: HostPlan, stage: Stage, number: number) => {
    const id = ids.next(host.host, number);
    if (id === undefined) return comeAgain(host);
    const waits = waitingTogether(host.host, together, plan.hosts, options);
    const goesOn = planner.finishes === true && number > 1;
    const time = goesOn ? { refused: undefined, beginBefore: undefined } : inTime(host, waits);
    if (time.refused !== undefined) return time.refused;
    const { beginBefore } = time;
    const agreement = number === 1 ? leases.agreementFor(host.host) : undefined;
    const names = { run: id, startedAt, beginBefore, lease: leases.of(host.host), agreement, together };
    return proved(host, prove(host, stage), options, (proof) =>
      applyStage(host, stage, { ...names, proof }, waits),
    );
  };
  const carryOut =
    (together: Together | undefined, until: number | undefined) =>
    async (host: HostPlan, stage: Stage, number: number) => {
      const work = () => once(together)(host, stage, number);
      const result = await (number === 1 ? work() : onHalfDone(host, options, work));
      // Those that end on one side have given their word already. What follows would be asked for anew.
      const hasMore = host.stages.some((other) => other !== stage && hasWork(other));
      if (until === undefined || together !== undefined || hasMore) return result;
      return catchUp(result, {
        ...{ options, again: planner.again, until },
        mayBegin: () => planner.finishes === true || inTime(host, options).refused === undefined,
        carryOut: (plan, owed) => once(undefined)(plan, owed, number + 1),
      });
    };
  const reported = reportingWay(options, planner.wayThrough);
  const onOneSide = options.onFailure === 'revert-wave';
  const queueing = queueingFor({ ids, startedAt }, options);
  const { hostEnded } = options;
  const ends = new HostEnds(
    plan.hosts,
    (result) => {
      options.progress(endedProgress(result));
      hostEnded?.(result, run);
    },
    (host) => options.progress({ kind: 'host', host, phase: 'later' }),
  );
  const waves = {
    ...{ ...options, waiting: waitingFor(options), queueing, onOneSide, turnEnded: ends.turnEnded },
    peopleBehind: whoIsBehind(plan.hosts, options),
    inOrderNow: holdersNow(options),
  };
  const taking = {
    ...{ ...options, run, plans: plan.hosts },
    longest: (host: HostPlan) => longestWork(host, options) + longestWait(host, plan.hosts, options),
    holds: (host: string) => leases.holds(host),
  };
  const handedOver = handingOver(taking);
  const drained = drainedTurns({
    ...taking,
    staysOut: planner.staysOut,
    meanwhile: planner.meanwhile,
  });
  const proven = planner.proven ?? (async (result: HostResult) => result);
  // Nobody is sent away from a host that is not begun.
  const turn = async (
    host: HostPlan,
    together: Together | undefined,
    stages: Pick<StageOptions, 'from' | 'again' | 'exactly'>,
    proveEnd: (result: HostResult) => Promise<HostResult> = async (result) => result,
  ) =>
    (await planner.mayBegin?.(host)) ??
    inTime(host, options).refused ??
    handedOver(host, () =>
      drained(host, async (until) => {
        await together?.begin(host.host);
        const refused = stages.from === undefined ? await planner.readied?.(host) : undefined;
        if (refused !== undefined) return refused;
        const way = { leave: options.leave, carryOut: carryOut(together, until) };
        return proveEnd(await applyStages(host, { ...stages, ...way }));
      }),
    );
  const { again } = planner;
  const { exactly } = options;
  const ended = await inWaves(wavesOf(plan.hosts, options), waves, (host, together) =>
    turn(host, together, { again, exactly }, async (result) => reported(await proven(result))),
  );
  const first = inOrderOf(plan.hosts, ended);
  const staged = await applyLast(
    planner,
    first,
    { ...options, onOneSide, inOrderNow: waves.inOrderNow, ended: ends.lastEnded },
    (host, together, from) => turn(host, together, { from, exactly: false }),
  );
  const heard = await planner.afterwards?.(staged.hosts);
  const hosts = await forgetRetired(heard ?? staged.hosts, run, options);
  ends.over(hosts);
  return {
    ...{ command: options.command, run, hosts },
    warnings: [...plan.warnings, ...staged.warnings],
    interrupted: options.signal.aborted,
  };
}

/** How long a host may wait, changed and well, for others of its role. Seconds. */
function longestWait({ host, role }: HostPlan, plans: readonly HostPlan[], options: ApplyOptions): number {
  if (options.onFailure !== 'revert-wave') return 0;
  const others = plans.filter((plan) => plan.host !== host && plan.role === role && isDue(plan));
  return options.confirmTimeout + Math.max(0, ...others.map((plan) => longestWork(plan, options)));
}

/**
 * How long a host waits for a word, and for whose, if it ends on one side with others: until the slowest of
 * them is as far as it is.
 */
function waitingTogether(
  host: string,
  together: Together | undefined,
  plans: readonly HostPlan[],
  options: ApplyOptions,
): ApplyOptions {
  if (together === undefined) return options;
  const others = plans.filter((plan) => plan.host !== host && together.hosts.includes(plan.host));
  const longest = Math.max(0, ...others.map((plan) => longestWork(plan, options)));
  const confirm = options.confirm === 'host' ? 'outside' : options.confirm;
  return { ...options, confirm, confirmTimeout: options.confirmTimeout + longest };
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
