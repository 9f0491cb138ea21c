import { OperatorError, type Problem } from '../../model/operator-error.ts';
import type { AgreedOptions, Agreement } from '../../plan/saved/agreement.ts';
import type { SavedPlan } from '../../plan/saved/saved-plan.ts';
import { heard } from '../../secrets/showable.ts';
import { isOverHere } from '../claims/leases.ts';
import type { RunOptions } from '../options.ts';
import { type Followed, findRun, followRun } from './follow-run.ts';
import { RunWatch } from './run-watch.ts';
import { abortedBy, isReserved, type SeenRun } from './seen-run.ts';

/**
 * A run with whose rest somebody wants to go on, once no host works on it any more. Throws an OperatorError
 * `run-goes-on` if its controller may be alive, `run-aborted` unless that was said to be right, or as
 * `seenRun` does.
 */
export async function runToResume(
  run: string,
  options: RunOptions,
  { aborted }: { readonly aborted: boolean },
): Promise<Followed> {
  const { file } = options.inventory;
  // What is left of it may be on any host.
  const watch = new RunWatch(run, { ...options, limit: [] });
  try {
    const found = await findRun(watch, options);
    refuseDiffering(found, file);
    const { by, from, command } = found.agreement;
    if (isReserved(found, (lease) => isOverHere({ lease }))) {
      throw new OperatorError({
        code: 'run-goes-on',
        message: `the run ${run} may be going on: ${heard(command)} by ${heard(by)} from ${heard(from)} was heard of within the last ten minutes; nothing was changed`,
        next: `follow it: clusterproxy follow --inventory ${file} ${run}; if its controller is gone: clusterproxy abort --inventory ${file} ${run}`,
      });
    }
    const who = abortedBy(found);
    if (who !== undefined && !aborted) {
      throw new OperatorError({
        code: 'run-aborted',
        message: `the run ${run} was aborted by ${heard(who.by)} from ${heard(who.from)}; nothing was changed`,
        next: `ask them; to go on with what it has left: clusterproxy resume --inventory ${file} --aborted ${run}`,
      });
    }
    return await followRun(watch, found, options);
  } finally {
    await watch.close();
  }
}

/** Nothing is done by what a host may have altered. */
function refuseDiffering({ agreement: { run }, differing = [] }: SeenRun, file: string): void {
  if (differing.length === 0) return;
  throw new OperatorError({
    code: 'agreement-differs',
    message: `what was agreed on for the run ${run} differs on ${differing.join(', ')} from what the other hosts have; nothing was changed`,
    next: `find out what has changed it there; what is left can be reviewed as a plan of its own: clusterproxy apply --inventory ${file}`,
  });
}

/** The plan of the run, and the options that it was agreed on with. Throws `not-resumable`. */
export function resumable(
  { run, command, plan, options }: Agreement,
  file: string,
): { readonly plan: SavedPlan; readonly options: AgreedOptions } {
  if (plan !== undefined && options !== undefined) return { plan, options };
  throw new OperatorError({
    code: 'not-resumable',
    message: `the run ${run} was a ${heard(command)}, and only runs of apply can be resumed`,
    next: `run the same command again: clusterproxy ${heard(command)} --inventory ${file}; what is done stays done`,
  });
}

/**
 * Why nothing is done: hosts would be changed that know nothing of the run, by what others say of it. All
 * hosts of a run store what was agreed on before the first is changed, so these were none of them, or could
 * not be reached then.
 */
export function notOfTheRun(
  { agreement: { run }, holders = [] }: SeenRun,
  due: readonly string[],
  file: string,
): Problem | undefined {
  const others = due.filter((host) => !holders.includes(host));
  if (others.length === 0) return undefined;
  const own = due.filter((host) => holders.includes(host));
  const rest =
    own.length === 0
      ? ''
      : `go on with the others: clusterproxy resume --inventory ${file} --limit ${own.join(',')} ${run}; `;
  return {
    code: 'agreement-differs',
    message: `${others.join(', ')} would be changed, but ${others.length === 1 ? 'knows' : 'know'} nothing of the run ${run}; nothing was changed`,
    next: `${rest}review what is left as a plan of its own: clusterproxy apply --inventory ${file} --limit ${others.join(',')}`,
  };
}

/** Why nothing is done: it would be something else. */
export function differsFromAgreed({ run }: Agreement, differences: readonly string[], file: string): Problem {
  return {
    code: 'plan-differs',
    message: `what would be done now differs from what was agreed on for the run ${run}`,
    detail: differences.join('\n'),
    next: `review it as a plan of its own: clusterproxy apply --inventory ${file}`,
  };
}
