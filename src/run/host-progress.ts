import type { TransactionEvent } from '../host/run-log.ts';
import type { HostPhase, ProgressEvent } from '../model/progress.ts';
import type { HostResult } from '../model/result.ts';

/** An event of a host's transaction, in words for people; undefined if it isn't worth a line. */
export function hostProgress(host: string, event: TransactionEvent): ProgressEvent | undefined {
  const [phase, detail] = phaseOf(event) ?? [];
  return phase === undefined ? undefined : { kind: 'host', host, phase, detail };
}

/** How a host has ended that was to be changed. */
export function endedProgress({ plan, status, problem }: HostResult): ProgressEvent {
  return { kind: 'ended', host: plan.host, status, problem: problem?.message };
}

/**
 * Hands progress on. A host that was changed is called done before `ended` tells of it, also where more might
 * have followed its last transaction, and didn't.
 */
export function callingDone(progress: (event: ProgressEvent) => void): (event: ProgressEvent) => void {
  const done = new Set<string>();
  return (event) => {
    if (event.kind === 'host' && event.phase === 'done') done.add(event.host);
    else if (event.kind === 'host') done.delete(event.host);
    else if (event.kind === 'ended' && event.status === 'changed' && !done.has(event.host)) {
      progress({ kind: 'host', host: event.host, phase: 'done' });
    }
    progress(event);
  };
}

function phaseOf(event: TransactionEvent): readonly [HostPhase, string?] | undefined {
  switch (event.kind) {
    case 'state':
      return phaseOfState(event.state);
    case 'swapped':
      return ['swapped'];
    case 'guard':
      return ['checking', `asking who is there (${event.guard})`];
    case 'validate':
      return ['validating', event.command];
    case 'handler':
      if (event.phase === 'started') return ['handler', event.handler];
      return event.phase === 'reverting' ? ['handler', `rolling back: ${event.handler}`] : undefined;
    case 'owed':
      return ['handler', `postponed, as people are there: ${event.handler}`];
    case 'action':
      return event.phase === 'started' ? ['acting', event.action] : undefined;
    case 'unit':
      return ['handler', `setting ${event.unit}: ${event.enabled}, ${event.active}`];
    case 'waiting-for-packages':
      return ['connecting', `waiting for another package manager: ${event.holder}`];
    case 'waiting-for-lock':
      return ['connecting', `waiting for another run to release the lock: ${event.holder}`];
    case 'waiting':
      return ['confirming', `reverts in ${event.seconds} s if nobody confirms`];
    case 'settling':
      return ['settling', `seeing whether it stays up for ${event.seconds} s`];
    case 'settling-other':
      return ['settling', `completing the earlier run ${event.run} first`];
    case 'reconnecting':
      return ['connecting', `connection lost, the host goes on by itself (${event.problem.message})`];
    case 'warning':
      return undefined;
  }
}

function phaseOfState(state: string): readonly [HostPhase, string?] | undefined {
  switch (state) {
    case 'incoming':
    case 'running':
      return ['uploading'];
    case 'prepared':
      return ['prepared'];
    case 'open':
    case 'acting':
      // Only begun by it; an event of its own says when the files are in place, and which action runs.
      return undefined;
    case 'waiting':
      // It may take minutes, and an event of its own says so as well, with the time that is left.
      return ['confirming'];
    case 'queued':
      return ['queued'];
    case 'deferred':
      return ['put-off'];
    case 'committed':
      return ['done'];
    default:
      return ['done', state];
  }
}
