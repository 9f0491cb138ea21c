import { problemsOf } from '../../model/operator-error.ts';
import { type HostPlan, hasWork, type Stage } from '../../model/plan.ts';
import type { HostResult, Status } from '../../model/result.ts';
import type { ApplyOptions } from '../options.ts';
import type { Planner } from '../planner.ts';
import { decidedIn } from '../stages.ts';
import { askGuards } from './ask-guards.ts';
import { patienceWith } from './half-done.ts';
import { untilEmpty } from './until-empty.ts';
import { hostOf } from './waiting.ts';

export interface CatchingUp {
  readonly options: ApplyOptions;
  /** undefined: the host stays as it is */
  readonly again: Planner['again'];
  /** carries out what is owed, in a transaction of its own */
  readonly carryOut: (plan: HostPlan, stage: Stage) => Promise<HostResult>;
}

/**
 * Catches up on restarts that were put off because people came between two of them: where the policy is to
 * wait for people, they are waited for, and what is owed by a new look at the host is carried out. Anything
 * else that this look finds to be done is left alone, as nobody has agreed to it. Where people stay, or come
 * again and again, it remains owed.
 */
export async function catchUp(result: HostResult, catchingUp: CatchingUp): Promise<HostResult> {
  const { options, again, carryOut } = catchingUp;
  const { plan } = result;
  const until = Date.now() + patienceWith(plan, options);
  let done = result;
  while (done.status === 'owed' && again !== undefined && Date.now() < until && !options.signal.aborted) {
    const end = await untilEmpty(plan, {
      ask: () => askGuards(plan, hostOf(plan, options), options),
      signal: AbortSignal.any([options.signal, options.leave]),
      ...{ until, progress: options.progress },
    });
    if (end.kind !== 'empty') return done;
    const left = await whatIsOwed(plan.host, again);
    const [stage] = left?.stages ?? [];
    if (left === undefined || stage === undefined) return done;
    const next = await carryOut(left, stage);
    // It was not begun.
    if (untouched.includes(next.status)) return done;
    done = joined(done, next);
  }
  return done;
}

const untouched: readonly Status[] = ['deferred', 'not-started', 'unreachable'];

/** Undefined if the host can't be looked at, or more than handlers is to be done there. */
async function whatIsOwed(host: string, again: NonNullable<Planner['again']>): Promise<HostPlan | undefined> {
  try {
    const plan = await again(host);
    const stages = plan.stages.filter(hasWork);
    const isOwed = stages.length === 1 && stages.every(onlyOwes) && plan.problem === undefined;
    return isOwed ? { ...plan, stages } : undefined;
  } catch (error) {
    if (problemsOf(error)[0] === undefined) throw error;
    return undefined;
  }
}

function onlyOwes({ actions, changes, handlers }: Stage): boolean {
  return actions.length + changes.length === 0 && handlers.every(({ owed }) => owed !== undefined);
}

function joined(before: HostResult, after: HostResult): HostResult {
  const both = [before, after];
  return {
    ...before,
    ...{ status: after.status, problem: after.problem },
    ran: both.flatMap(({ ran }) => ran),
    acted: both.flatMap(({ acted = [] }) => acted),
    upgraded: both.flatMap(({ upgraded = [] }) => upgraded),
    warnings: [...new Set(both.flatMap(({ warnings }) => warnings))],
    durationMs: before.durationMs + after.durationMs,
    ...decidedIn(both),
  };
}
