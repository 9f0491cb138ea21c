import { type Problem, problemsOf } from '../model/operator-error.ts';
import { type HostPlan, hasWork, type Stage } from '../model/plan.ts';
import type { HostResult } from '../model/result.ts';
import { stageDifferences } from '../plan/saved/stage-comparison.ts';
import type { Planner } from './planner.ts';

export interface StageOptions {
  /** number of the first transaction; 1 */
  readonly from?: number;
  readonly again?: Planner['again'];
  /** don't start a stage that differs from the plan */
  readonly exactly: boolean;
  /** the operator leaves the hosts to themselves: no further stage is started */
  readonly leave: AbortSignal;
  /** carries out one stage of a host that is as in the last look of the plan; `number` counts from 1 */
  readonly carryOut: (plan: HostPlan, stage: Stage, number: number) => Promise<HostResult>;
}

/** A stage that was carried out, and its outcome. */
interface Done {
  readonly stage: Stage;
  readonly result: HostResult;
}

/**
 * Carry out the stages of a host, one transaction after the other, each planned from the state that the
 * previous one left. Ends with the first that isn't carried out as planned; the completed stages stay, and
 * the result says so.
 */
export async function applyStages(plan: HostPlan, options: StageOptions): Promise<HostResult> {
  const { from = 1 } = options;
  const done: Done[] = [];
  let current = plan;
  for (let number = from; ; number++) {
    const [stage, ...rest] = current.stages;
    if (stage === undefined) return resultOf(plan, done, rest);
    const result = await options.carryOut(current, stage, number);
    done.push({ stage, result });
    const isLast = rest[0] === undefined && !isUnforeseen(stage);
    if (result.status !== 'changed' || isLast) return resultOf(plan, done, rest);
    if (options.leave.aborted) return resultOf(plan, done, rest, leftAlone(plan.host, rest[0]));
    const left = await planRest({ ...current, stages: rest }, stage, options);
    if ('problem' in left) return resultOf(plan, done, rest, left.problem);
    if (left.plan.stages.length === 0) return resultOf(plan, done, rest);
    current = left.plan;
  }
}

/** Not one of the playbook's: what has to follow it shows only afterwards. */
function isUnforeseen({ number }: Stage): boolean {
  return number === 0;
}

/** What is left to do after a stage, from a new look at the host, or why that can't be started. */
async function planRest(
  agreed: HostPlan,
  done: Stage,
  { again, exactly }: StageOptions,
): Promise<{ readonly plan: HostPlan } | { readonly problem: Problem }> {
  if (again === undefined) return { plan: agreed };
  try {
    const now = await again(agreed.host);
    const problem = now.problem ?? withoutEffect(done, now);
    if (problem !== undefined) return { problem };
    const stages = now.stages.filter((stage) => stage.number > done.number && hasWork(stage));
    const plan = { ...now, stages };
    const differences = exactly ? stageDifferences(agreed, plan) : [];
    return differences.length > 0 ? { problem: otherwise(agreed, differences) } : { plan };
  } catch (error) {
    const [problem] = problemsOf(error);
    if (problem === undefined) throw error;
    return { problem: { ...problem, host: agreed.host } };
  }
}

/** An action that is due again after it was carried out, completely or in part, will never succeed. */
function withoutEffect(done: Stage, now: HostPlan): Problem | undefined {
  const repeated = now.stages
    .filter(({ number }) => number <= done.number)
    .flatMap(({ actions }) => actions)
    .find(({ step }) => done.actions.some((one) => one.step === step));
  if (repeated === undefined) return undefined;
  return {
    code: 'action-without-effect',
    message: `${repeated.action.name} was carried out, but the host still lacks what it should provide`,
    next: 'check its output (clusterproxy history --verbose), and whether the playbook uses the names of the packages',
    host: now.host,
    step: repeated.step,
  };
}

function otherwise({ host, stages }: HostPlan, differences: readonly string[]): Problem {
  return {
    code: 'stage-differs',
    message: `the stage ${nameOf(stages[0])} would differ from the agreed plan, so it was not started; the stages before it are done`,
    detail: differences.join('\n'),
    next: 'make a new plan, review it, and apply that',
    host,
  };
}

function leftAlone(host: string, next: Stage | undefined): Problem {
  return {
    code: 'interrupted',
    message: `the run was interrupted before the stage ${nameOf(next)}; the stages before it are done`,
    next: 'run the command again',
    host,
  };
}

function nameOf(stage: Stage | undefined): string {
  return stage?.name ?? 'that follows';
}

/**
 * The combined result of a host: the outcome of the last stage that was started, unless another stage could
 * not be started.
 */
function resultOf(
  plan: HostPlan,
  done: readonly Done[],
  rest: readonly Stage[],
  notBegun?: Problem,
): HostResult {
  const last = done.at(-1);
  if (last === undefined) throw new Error(`${plan.host} has no stage to carry out`);
  const results = done.map(({ result }) => result);
  return {
    plan: { ...plan, stages: [...done.map(({ stage }) => stage), ...rest] },
    status: notBegun === undefined ? last.result.status : 'failed',
    problem: notBegun ?? (done.length === 1 ? last.result.problem : inStage(last)),
    ran: results.flatMap(({ ran }) => ran),
    acted: results.flatMap(({ acted = [] }) => acted),
    upgraded: results.flatMap(({ upgraded = [] }) => upgraded),
    warnings: [...new Set(results.flatMap(({ warnings }) => warnings))],
    durationMs: results.reduce((sum, { durationMs }) => sum + durationMs, 0),
    ...(done.length > 1 ? { isHalfDone: true } : {}),
    ...decidedIn(results),
  };
}

/** How the deciding checks came out, each as it did last. */
export function decidedIn(results: readonly HostResult[]): Pick<HostResult, 'deciding'> {
  const all = results.flatMap(({ deciding = [] }) => deciding);
  if (results.every(({ deciding }) => deciding === undefined)) return {};
  return { deciding: [...new Map(all.map((one) => [`${one.host} ${one.id}`, one])).values()] };
}

/**
 * If a host has completed stages, the message mentions them, as "everything was restored" holds only for the
 * last stage.
 */
function inStage({ stage, result: { problem } }: Done): Problem | undefined {
  return (
    problem && {
      ...problem,
      message: `stage ${nameOf(stage)}: ${problem.message} (the stages before it are done, and stay)`,
    }
  );
}
