import { type Problem, problemsOf } from '../model/operator-error.ts';
import { type HostPlan, stageNumber, stagesOf } from '../model/plan.ts';
import type { HostResult } from '../model/result.ts';
import { stageDifferences } from '../plan/saved/stage-comparison.ts';
import { stageRun } from './run-id.ts';

export interface StageOptions {
  /** id of the run */
  readonly run: string;
  /** number of the first transaction; 1 */
  readonly from?: number;
  /** see ClusterPlan; undefined: what is left is as it was planned */
  readonly lookAgain?: ((host: string) => Promise<HostPlan>) | undefined;
  /** a stage that turns out otherwise than it was planned isn't begun */
  readonly exactly: boolean;
  /** the operator leaves the hosts to themselves: no further stage is begun */
  readonly leave: AbortSignal;
  readonly carryOut: (plan: HostPlan, run: string) => Promise<HostResult>;
}

/**
 * Carry out a host's stages, one transaction after the other, each planned from what the host is like after the one
 * before. Ends with the first that isn't carried out as planned; what was done before stays, and the result says so.
 */
export async function applyStages(plan: HostPlan, options: StageOptions): Promise<HostResult> {
  const { run, from = 1 } = options;
  const done: HostResult[] = [];
  let current = plan;
  for (let number = from; ; number++) {
    const result = await options.carryOut(current, stageRun(run, number));
    done.push(result);
    const { next } = current;
    if (result.status !== 'changed' || next === undefined) return together(done, undefined);
    if (options.leave.aborted) return together(done, { problem: leftAlone(next), left: next });
    const left = await planRest(current, next, options);
    if ('problem' in left) return together(done, left);
    if (left.plan === undefined) return together(done, undefined);
    current = left.plan;
  }
}

interface NotBegun {
  readonly problem: Problem;
  readonly left: HostPlan;
}

/** What is left to do, from a new look at the host; no plan where that's nothing. */
async function planRest(
  current: HostPlan,
  next: HostPlan,
  { lookAgain, exactly }: StageOptions,
): Promise<{ readonly plan: HostPlan | undefined } | NotBegun> {
  if (lookAgain === undefined) return { plan: next };
  try {
    const now = await lookAgain(current.host);
    if (now.problem !== undefined) return { problem: now.problem, left: next };
    const again = repeated(current, now);
    if (again !== undefined) return { problem: again, left: next };
    const plan = behind(current, now);
    const differences = exactly
      ? stageDifferences(next, plan ?? { ...now, changes: [], actions: [], handlers: [], next: undefined })
      : [];
    if (differences.length > 0) return { problem: otherwise(next, differences), left: next };
    return { plan };
  } catch (error) {
    const [problem] = problemsOf(error);
    if (problem === undefined) throw error;
    return { problem: { ...problem, host: current.host }, left: next };
  }
}

/** The first stage behind the one that was carried out. */
function behind(done: HostPlan, now: HostPlan): HostPlan | undefined {
  if (stageNumber(now, 0) > stageNumber(done, 0))
    return now.actions.length + now.changes.length + now.handlers.length > 0 ? now : undefined;
  return now.next === undefined ? undefined : behind(done, now.next);
}

/** An action that was carried out and is due again, or what is left of it, never will be done. */
function repeated(done: HostPlan, now: HostPlan): Problem | undefined {
  const again = stagesOf(now)
    .filter((plan) => stageNumber(plan, 0) <= stageNumber(done, 0))
    .flatMap(({ actions }) => actions)
    .find(({ step }) => done.actions.some((one) => one.step === step));
  if (again === undefined) return undefined;
  return {
    code: 'action-without-effect',
    message: `${again.action.name} was carried out, and the host still lacks what it is to bring`,
    next: 'look at what it said (clusterproxy history --verbose), and whether the names in the playbook are those of the packages',
    host: now.host,
    step: again.step,
  };
}

function otherwise(next: HostPlan, differences: readonly string[]): Problem {
  return {
    code: 'stage-differs',
    message: `the stage ${stageName(next)} would not be as it was agreed on, so it was not begun; the stages before it are done`,
    detail: differences.join('\n'),
    next: 'make a new plan, review it, and apply that',
    host: next.host,
  };
}

function leftAlone(next: HostPlan): Problem {
  return {
    code: 'interrupted',
    message: `the run was interrupted before the stage ${stageName(next)}; the stages before it are done`,
    next: 'run the command again',
    host: next.host,
  };
}

function stageName(plan: HostPlan): string {
  return plan.stage?.name ?? 'that follows';
}

/** All stages of a host as one result: how the last one ended counts. */
function together(done: readonly HostResult[], notBegun: NotBegun | undefined): HostResult {
  const [first] = done;
  const last = done.at(-1);
  if (first === undefined || last === undefined) throw new Error('a host without a stage');
  const plan = linked([
    ...done.map((result) => result.plan),
    ...(notBegun === undefined ? [] : [notBegun.left]),
  ]);
  return {
    plan: { ...first.plan, ...plan, snapshot: first.plan.snapshot },
    status: notBegun === undefined ? last.status : 'failed',
    problem: notBegun?.problem ?? (last.problem && withStage(last, done.length)),
    ran: done.flatMap(({ ran }) => ran),
    warnings: [...new Set(done.flatMap(({ warnings }) => warnings))],
    durationMs: done.reduce((sum, { durationMs }) => sum + durationMs, 0),
  };
}

/** Of a host on which stages are done already, it's said: "everything is as it was" is true of the last stage only. */
function withStage({ problem, plan }: HostResult, number: number): Problem | undefined {
  if (problem === undefined || number === 1) return problem;
  return {
    ...problem,
    message: `stage ${stageName(plan)}: ${problem.message} (the stages before it are done, and stay)`,
  };
}

function linked(plans: readonly HostPlan[]): HostPlan {
  const [head, ...rest] = plans;
  if (head === undefined) throw new Error('a host without a stage');
  const tail = rest.length === 0 ? head.next : linked(rest);
  return { ...head, next: tail };
}
