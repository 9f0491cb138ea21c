import type { Problem } from '../model/operator-error.ts';
import type { TransactionState } from '../model/transaction.ts';
import type { RunLog } from './run-log.ts';
import { hasEnded } from './run-state.ts';

/** How a transaction ended, by the state in which its host left it and the run's log, and why. */
export function endingOf(
  end: string,
  log: RunLog,
): { readonly state: TransactionState; readonly problem: Problem | undefined } {
  return { state: stateOf(end), problem: problemFor(end, log) };
}

function stateOf(end: string): TransactionState {
  switch (end) {
    case 'queued':
    case 'committed':
    case 'reverted':
    case 'kept':
    case 'refused':
    case 'deferred':
    case 'conflict':
    case 'stuck':
      return end;
    case 'abandoned':
      return 'refused';
    default:
      // Nothing works on the run any more, and settle could not complete it.
      return 'stuck';
  }
}

function problemFor(end: string, log: RunLog): Problem | undefined {
  const cause = log.cause;
  const because = cause === undefined ? [] : [`it was reverted because ${cause.message}`, cause.detail ?? ''];
  if (end === 'committed') return owed(log);
  if (end === 'queued') return undefined;
  if (end === 'conflict') {
    return {
      code: 'conflict',
      message: `${log.conflicts.length} files were changed by someone else during the run and were left as they are`,
      next: 'check each of them; their previous contents are in the folder of the run below /var/lib/clusterproxy/runs',
      detail: [...log.conflicts, ...because].join('\n').trim(),
    };
  }
  if (end === 'kept') {
    return (
      cause ?? {
        code: 'kept',
        message: 'nobody confirmed the run, and it could not be reverted: the new files stay in use',
        next: 'check that all is well; to undo the run, use clusterproxy rollback when nobody is connected',
      }
    );
  }
  if (end === 'stuck' || !hasEnded(end)) {
    return {
      code: 'stuck',
      message: 'the host could not restore its previous state',
      next: 'fix what it reports, then run on the host: sh /var/lib/clusterproxy/settle RUN revert (with the id of the run), or run the command again',
      detail: [...log.failures, ...log.conflicts, ...because].join('\n').trim(),
    };
  }
  return (
    cause ?? {
      code: 'interrupted',
      message: 'the work on the host was stopped before it was complete; everything was restored',
      next: 'run the command again',
    }
  );
}

/** The new files stay; what would have interrupted people is still pending. */
function owed({ owed: handlers, owedBecause }: RunLog): Problem | undefined {
  if (handlers.length === 0) return undefined;
  return {
    code: 'restarts-owed',
    message: `people connected during the restarts (${owedBecause?.words ?? 'a guard says so'}), so these are still pending: ${handlers.join(', ')}; the new files are in place`,
    next: 'run the command again when nobody is connected, or allow the interruption with --force; until then these services run with the old files',
    detail: owedBecause?.detail === '' ? undefined : owedBecause?.detail,
  };
}

/** Only files and services are restored, not the effects of actions. */
export function withActions(problem: Problem, { done, installed }: RunLog): Problem {
  if (done.length === 0 && installed.length === 0) return problem;
  const what = [...done, ...(installed.length > 0 ? [`installed: ${installed.join(' ')}`] : [])];
  return {
    ...problem,
    detail: [problem.detail ?? '', `these actions were done and are not undone: ${what.join('; ')}`]
      .join('\n')
      .trim(),
  };
}
