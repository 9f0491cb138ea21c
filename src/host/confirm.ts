import { OperatorError } from '../model/operator-error.ts';
import type { Connection } from '../ssh/contract.ts';
import { anotherMachine, notThisMachine } from './another-machine.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { printable, record } from './records.ts';

/**
 * What was decided about a run, by whoever came first: the controller, the host's own clock, or an operator
 * there.
 */
export type Decision = 'committed' | 'reverted' | 'kept';

export interface Word {
  readonly run: string;
  /** of the host that it is for */
  readonly machineId: string;
  readonly word: 'commit' | 'revert';
}

/**
 * Tells a host that waits for it that a run is to be committed (or put back), and returns what was decided:
 * exactly one of all who decide wins, and everybody learns which. Asked again, it answers the same. Throws an
 * OperatorError: `not-waiting` where the run is not there yet or isn't known, `another-machine`,
 * `confirm-failed` where the answer can't be understood, or one of the connection's.
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
      message: `the host doesn't wait for a word about the run ${run} (it is ${answer[2]})`,
      next: 'clusterproxy status shows what state it is in',
    });
  }
  throw new OperatorError({
    code: result.code === null ? 'connection-lost' : 'confirm-failed',
    message: 'what the host said to the confirmation is incomplete',
    next: 'clusterproxy status shows what became of the run',
    detail: printable(result.stderr.subarray(0, 2_000).toString('utf8')).trim(),
  });
}

const decisions: ReadonlyMap<string, Decision> = new Map([
  ['commit', 'committed'],
  ['revert', 'reverted'],
  ['keep', 'kept'],
]);
