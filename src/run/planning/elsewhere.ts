import type { Worker } from 'node:worker_threads';
import { OperatorError, OperatorErrors, type Problem } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { RollbackPlan } from '../../plan/rollback/plan-rollback.ts';
import { heard } from '../../secrets/showable.ts';
import { interrupted } from './in-turns.ts';
import type { ClusterJob, PlanningJob, RollbackJob } from './job.ts';
import { largestFile } from './large.ts';
import { withBuffers } from './plain-data.ts';
import { type ThreadAnswer, type ThreadData, withSnapshots } from './thread-messages.ts';

/** Starts this program on a thread of its own, with these data; see `planOnThisThread`. */
export type StartThread = (data: ThreadData) => Worker;

/** How a thread ended. */
type Ending =
  | ThreadAnswer
  /** it can't be had: no more threads or memory */
  | { readonly kind: 'not-started' }
  /** without an answer */
  | { readonly kind: 'crashed'; readonly host: string | undefined; readonly reason: string };

export interface ElsewhereOptions {
  readonly start: StartThread;
  readonly signal: AbortSignal;
}

/**
 * Does the job on another thread, so that nothing on this one waits for it. If the thread crashes while it is
 * working on a host, that is the host's problem, and the others are planned. Undefined if there is no thread
 * to be had. Throws an OperatorError `interrupted` as soon as the signal says so.
 */
export async function planElsewhere(
  job: ClusterJob,
  options: ElsewhereOptions,
): Promise<readonly HostPlan[] | undefined> {
  const ending = await ended(job, options);
  if (ending.kind === 'crashed') {
    const problem = crashed(job, ending);
    if (problem.host === undefined || job.failed.has(problem.host)) throw new OperatorError(problem);
    return planElsewhere({ ...job, failed: new Map(job.failed).set(problem.host, problem) }, options);
  }
  const plans = resultOf<readonly HostPlan[]>(ending);
  return plans && withSnapshots(plans, job);
}

/** The same for undoing what a run did on a host; a crash is thrown as an OperatorError. */
export async function undoElsewhere(
  job: RollbackJob,
  options: ElsewhereOptions,
): Promise<RollbackPlan | undefined> {
  const ending = await ended(job, options);
  if (ending.kind === 'crashed') throw new OperatorError(crashed(job, ending));
  return resultOf<RollbackPlan>(ending);
}

function resultOf<Result>(ending: Exclude<Ending, { readonly kind: 'crashed' }>): Result | undefined {
  switch (ending.kind) {
    case 'planned':
      return withBuffers(ending.result as Result);
    case 'refused':
      throw new OperatorErrors(ending.problems);
    case 'failed':
      throw ending.error;
    case 'not-started':
      return undefined;
  }
}

async function ended(job: PlanningJob, { start, signal }: ElsewhereOptions): Promise<Ending> {
  if (signal.aborted) throw interrupted();
  const turn = new Int32Array(new SharedArrayBuffer(4)).fill(-1);
  const worker = start({ purpose: 'planning', job, turn });
  const leave = new AbortController();
  try {
    return await new Promise<Ending>((resolve, reject) => {
      let isOnline = false;
      const crash = (reason: string) => {
        const host = job.hosts[Atomics.load(turn, 0)]?.name;
        // A step module of the playbook's own may quote a host's files.
        resolve(isOnline ? { kind: 'crashed', host, reason: heard(reason) } : { kind: 'not-started' });
      };
      worker.once('online', () => {
        isOnline = true;
      });
      worker.once('message', (answer: ThreadAnswer) => resolve(answer));
      worker.once('error', (error) => crash(error instanceof Error ? error.message : String(error)));
      worker.once('exit', (code) => crash(`it ended with the exit code ${code}`));
      signal.addEventListener('abort', () => reject(interrupted()), { once: true, signal: leave.signal });
    });
  } catch (error) {
    // Nobody waits for it: it may be in the middle of what can't be interrupted.
    void worker.terminate();
    throw error;
  } finally {
    leave.abort();
    worker.unref();
  }
}

function crashed({ hosts }: PlanningJob, { host, reason }: Ending & { readonly kind: 'crashed' }): Problem {
  const blamed = hosts.filter(({ name }) => host === undefined || name === host);
  const largest = largestFile(blamed);
  const file = `${largest?.path} (${Math.ceil((largest?.size ?? 0) / 1024)} KiB)`;
  return {
    code: 'planning-crashed',
    message: `the thread on which this host was planned has crashed: ${reason}`,
    next: `check the largest file that was read there, ${file}, and the playbook's own step modules; if they are as they should be, this is a bug in clusterproxy: please report it`,
    host: host ?? largest?.host,
  };
}
