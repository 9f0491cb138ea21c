import type { PastRun } from '../model/history.ts';
import { OperatorError } from '../model/operator-error.ts';
import { baseRun } from '../plan/rollback/plan-rollback.ts';

/** The run of that id among those that the hosts remember. Throws an OperatorError `run-unknown`. */
export function runOf(runs: readonly PastRun[], id: string): PastRun {
  const run = runs.find((one) => one.run === baseRun(id));
  if (run !== undefined) return run;
  throw new OperatorError({
    code: 'run-unknown',
    message: `no reachable host remembers the run ${id}`,
    next:
      runs.length === 0
        ? 'no host remembers any run'
        : `the hosts remember these runs: ${runs.map((one) => one.run).join(', ')}`,
  });
}
