import type { LeaseAnswer } from '../../host/lease.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { type Aborted, type Lease, spanWords } from '../../model/claims.ts';
import type { Problem } from '../../model/operator-error.ts';
import { heard } from '../../secrets/showable.ts';
import { heldProblem } from './held.ts';

/** Why a host can't be reserved, before anything is changed anywhere; undefined if nothing is in the way. */
export function inTheWay(answer: LeaseAnswer, host: string, inventory: Inventory): Problem | undefined {
  switch (answer.kind) {
    case 'held': {
      const problem = heldProblem([{ ...answer.hold, hosts: [host] }], inventory);
      return problem && { ...problem, host };
    }
    case 'leased':
      return {
        code: 'leased',
        message: `this host is reserved by another run: ${leaseWords(answer.lease)}; nothing was changed on any host`,
        next: `wait until it has ended (--lock-wait 10m waits), or if it is dead: clusterproxy unlock --inventory ${inventory.file} ${heard(answer.lease.run)}`,
        host,
      };
    case 'locked':
      return {
        code: 'locked',
        message: `another run is in progress on this host: ${heard(answer.who)}; nothing was changed on any host`,
        next: 'wait until it has ended, or set --lock-wait to the time to wait; clusterproxy status shows it',
        host,
      };
    case 'known':
      return {
        code: runIdKnown,
        message: 'a run with this id has been begun by another call; nothing was changed on any host',
        next: `follow it: clusterproxy follow --inventory ${inventory.file} RUN`,
        host,
      };
    case 'aborted':
      return { ...abortedProblem(answer.aborted), host };
    default:
      return undefined;
  }
}

/** The code of a refusal because another call with the same id of a run has begun it. */
export const runIdKnown = 'run-id-taken';

/** Why nothing more of a run is begun. */
export function abortedProblem({ by, from }: Aborted): Problem {
  return {
    code: 'aborted',
    message: `the run was aborted by ${heard(by)} from ${heard(from)}`,
    next: 'to go on with what it has left, use clusterproxy resume --aborted',
  };
}

/** What is waited for, for the person in front of the terminal. */
export function describe(answer: LeaseAnswer): string {
  if (answer.kind === 'leased') return `another run: ${leaseWords(answer.lease)}`;
  return answer.kind === 'locked' ? `another run: ${heard(answer.who)}` : 'another run';
}

/** `ada from laptop, apply, run ID, since 2026-11-26 18:00:00 UTC until 2026-11-26 18:10:00 UTC` */
export function leaseWords(lease: Lease): string {
  const { by, from, command, run } = lease;
  return `${heard(by)} from ${heard(from)}, ${heard(command)}, run ${heard(run)}, ${spanWords(lease)} unless it goes on`;
}
