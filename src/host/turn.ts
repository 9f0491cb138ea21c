import { OperatorError } from '../model/operator-error.ts';
import { heard } from '../secrets/showable.ts';
import type { Connection } from '../ssh/contract.ts';
import { anotherMachine, notThisMachine } from './another-machine.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { fields, printable, record } from './records.ts';

/** Whose turn it is on a host, among runs of all clusters that have it. */
export interface WantedTurn {
  readonly machineId: string;
  /** the same for all that one run does */
  readonly owner: string;
  /** who that is, for others to read */
  readonly words: string;
  /** the turn is over after so many seconds, unless it is taken again */
  readonly seconds: number;
}

/** How long an answer may take. Seconds. */
const patience = 60;

/**
 * Takes the turn on a host, or goes on having it: undefined, or in words who has it. Throws an OperatorError:
 * `another-machine`, `turn-failed`, or one of the connection's.
 */
export async function takeTurn(connection: Connection, wanted: WantedTurn): Promise<string | undefined> {
  const [verdict, words] = await ask(connection, 'take', wanted);
  if (verdict === 'taken') return undefined;
  if (verdict === 'others') return words;
  throw failed(words);
}

/** Ends the turn, if the host knows of no other one by now. Throws as `takeTurn` does. */
export async function giveTurn(connection: Connection, wanted: WantedTurn): Promise<void> {
  const [verdict, words] = await ask(connection, 'give', wanted);
  if (verdict !== 'given') throw failed(words);
}

async function ask(
  connection: Connection,
  verb: 'take' | 'give',
  { machineId, owner, words, seconds }: WantedTurn,
): Promise<readonly [verdict: string, words: string]> {
  const nonce = newNonce();
  const request = record(verb, machineId, owner, words.replace(/\s+/g, ' '), seconds);
  const result = await connection.exec(bootstrap, framed(await program('turn'), request, nonce), {
    timeout: patience,
    maximumOutput: 64 * 1024,
  });
  const line = new RegExp(`${nonce} (.*)\n`).exec(result.stdout.toString('utf8'))?.[1];
  if (line === undefined) {
    if (result.code === null) throw new OperatorError(lost);
    throw failed('its answer is incomplete', result.stderr.subarray(0, 2_000).toString('utf8'));
  }
  const [verdict = '', said = ''] = fields(line);
  if (verdict === notThisMachine) throw new OperatorError(anotherMachine());
  return [verdict, heard(printable(said)).trim()];
}

const lost = {
  code: 'connection-lost',
  message: 'the connection was lost while the host was asked whose turn it is',
  next: 'run the command again',
};

function failed(why: string, detail = ''): OperatorError {
  return new OperatorError({
    code: 'turn-failed',
    message: `the host can't say whether a run of another cluster is at work on it or its like: ${why}`,
    next: 'see what is wrong with /run/clusterproxy-turn on that host, then run the command again',
    detail: printable(detail).trim(),
  });
}
