import { problemsOf } from '../../model/operator-error.ts';
import { type HostPlan, hasWork, type Stage } from '../../model/plan.ts';
import type { HostResult, Status } from '../../model/result.ts';
import type { ApplyOptions } from '../options.ts';
import type { Planner } from '../planner.ts';
import { decidedIn } from '../stages.ts';
import { askGuards } from './ask-guards.ts';
import { untilEmpty } from './until-empty.ts';
import { hostOf, isBusy } from './waiting.ts';

export interface CatchingUp {
  readonly options: ApplyOptions;
  /** undefined: the host stays as it is */
  readonly again: Planner['again'];
  /** when people are no longer waited for; milliseconds since the epoch */
  readonly until: number;
  /** whether anything may still be begun by the time of day */
  readonly mayBegin: () => boolean;
  /** carries out what is owed, in a transaction of its own */
  readonly carryOut: (plan: HostPlan, stage: Stage) => Promise<HostResult>;
}

/**
 * Catches up on restarts that were put off because people came between two of them: they are waited for, and
 * what is owed by a new look at the host is carried out. Anything else that this look finds to be done is
 * left alone, as nobody has agreed to it. Where people stay, or come again and again, it remains owed.
 */
export async function catchUp(result: HostResult, catchingUp: CatchingUp): Promise<HostResult> {
  const { options, again, until, mayBegin, carryOut } = catchingUp;
  const { plan } = result;
  let done = result;
  while (done.status === 'owed' && again !== undefined && Date.now() < until && mayBegin()) {
    const closed = new AbortController();
    const end = await untilEmpty(plan, {
      ask: () => {
        if (!mayBegin()) closed.abort();
        return askGuards(plan, hostOf(plan, options), options);
      },
      signal: AbortSignal.any([options.signal, options.leave, closed.signal]),
      ...{ until, progress: options.progress },
    });
    if (end.kind !== 'empty') return done;
    const left = await whatIsOwed(plan.host, again);
    const [stage] = left?.stages ?? [];
    if (left === undefined || stage === undefined) return done;
    const next = await carryOut(left, stage);
    if (isBusy(next)) continue;
    if (wasNotBegun(next)) return done;
    done = joined(done, next);
  }
  return done;
}

const untouched: readonly Status[] = ['deferred', 'not-started', 'unreachable'];

/** A host may refuse as well: somebody holds it, or its package manager is at work. */
function wasNotBegun({ status, ran, acted = [] }: HostResult): boolean {
  return untouched.includes(status) || (status === 'failed' && ran.length + acted.length === 0);
}

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

/** The files of the first part stay, whatever becomes of the second. */
function joined(before: HostResult, after: HostResult): HostResult {
  const both = [before, after];
  return {
    ...before,
    ...endOf(after),
    ran: both.flatMap(({ ran }) => ran),
    acted: both.flatMap(({ acted = [] }) => acted),
    upgraded: both.flatMap(({ upgraded = [] }) => upgraded),
    warnings: [...new Set(both.flatMap(({ warnings }) => warnings))],
    durationMs: before.durationMs + after.durationMs,
    ...decidedIn(both),
  };
}

function endOf({ status, problem }: HostResult): Pick<HostResult, 'status' | 'problem'> {
  if (status === 'changed' || status === 'in-sync') return { status: 'changed', problem: undefined };
  if (status === 'owed' || problem === undefined) return { status, problem };
  // What was put back is the second part alone.
  const notBack = (text: string) => text.replace(/; everything is back as it was$/, '');
  return {
    status: status === 'rolled-back' ? 'failed' : status,
    problem: {
      ...problem,
      message: `the new files are in place and stay, but a restart that had been put off failed: ${notBack(problem.message)}`,
      next: problem.next === undefined ? undefined : notBack(problem.next),
    },
  };
}
