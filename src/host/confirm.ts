import { OperatorError } from '../model/operator-error.ts';
import type { Connection } from '../ssh/contract.ts';
import { anotherMachine, notThisMachine } from './another-machine.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { printable, record } from './records.ts';

/**
 * The decision about a run, made by whoever came first: the controller, the host's own clock, or an operator
 * there.
 */
export type Decision = 'committed' | 'reverted' | 'kept';

export interface Word {
  readonly run: string;
  /** id of the machine that it is meant for */
  readonly machineId: string;
  readonly word: 'commit' | 'revert';
}

/**
 * Tells a waiting host to commit a run (or to revert it), and returns the decision: only the first of all who
 * decide wins, and all of them learn the outcome. Asked again, the host gives the same answer. Throws an
 * OperatorError: `not-waiting` if the run isn't there yet or isn't known, `another-machine`, `confirm-failed`
 * if the answer is malformed, or one of the connection's.
 */
export async function confirm(connection: Connection, { run, machineId, word }: Word): Promise<Decision> {
  const nonce = newNonce();
  const request = record('confirm', run, word, machineId);
  const result = await connection.exec(bootstrap, framed(await program('confirm'), request, nonce), {
    timeout: 30,
    maximumOutput: 1024 * 1024,
  });
  const answer = new RegExp(`${nonce} (decided|state) (\\S+)\n`).exec(result.stdout.toString('utf8'));
  if (answer?.[1] === 'decided' && answer[2] !== undefined) {
    const decision = decisions.get(answer[2]);
    if (decision !== undefined) return decision;
  }
  if (answer?.[2] === notThisMachine) throw new OperatorError(anotherMachine());
  if (answer?.[1] === 'state') {
    throw new OperatorError({
      code: 'not-waiting',
      message: `the host is not waiting for a confirmation of the run ${run} (it is ${answer[2]})`,
      next: 'run clusterproxy status to see its state',
    });
  }
  throw new OperatorError({
    code: result.code === null ? 'connection-lost' : 'confirm-failed',
    message: 'the answer of the host to the confirmation is incomplete',
    next: 'run clusterproxy status to see the outcome of the run',
    detail: printable(result.stderr.subarray(0, 2_000).toString('utf8')).trim(),
  });
}

const decisions: ReadonlyMap<string, Decision> = new Map([
  ['commit', 'committed'],
  ['revert', 'reverted'],
  ['keep', 'kept'],
]);
