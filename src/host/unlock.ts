import { OperatorError } from '../model/operator-error.ts';
import { heard } from '../secrets/showable.ts';
import type { Connection } from '../ssh/contract.ts';
import { anotherMachine, notThisMachine } from './another-machine.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { fieldSeparator, printable, record } from './records.ts';

export interface UnlockResult {
  /** the lock was held by this run; its work was stopped, and the host completed it */
  readonly broken: boolean;
  /** the present state of the run on the host; `none` if the host doesn't know it */
  readonly state: string;
  /** messages about that, such as what was postponed because people are connected */
  readonly warnings: readonly string[];
}

export interface Unlocking {
  readonly run: string;
  readonly machineId: string;
  readonly cluster?: string;
  /** the run whose lease goes as well: the same without its stage */
  readonly lease?: string;
}

/**
 * Breaks the lock of exactly this run on a host: stops the unit that does its work, which commits or reverts
 * when it ends, as usual. Does nothing if the lock isn't held. Throws an OperatorError: `locked-by-another`
 * if another run holds it (with who, from where, since when), `unlock-failed` if the work can't be stopped
 * within the time limit (seconds), or one of the connection's.
 */
export async function unlock(
  connection: Connection,
  { run, machineId, cluster = '', lease = '' }: Unlocking,
  options: { readonly timeout?: number } = {},
): Promise<UnlockResult> {
  const timeout = options.timeout ?? 300;
  const nonce = newNonce();
  const request = record('unlock', run, timeout, machineId, cluster, lease);
  const result = await connection.exec(bootstrap, framed(await program('unlock'), request, nonce), {
    timeout: timeout + 30,
    maximumOutput: 1024 * 1024,
  });
  const line = new RegExp(`${nonce} (.*)\n`).exec(result.stdout.toString('utf8'))?.[1];
  const [verdict, state = '', holder = '', warned = ''] = (line ?? '').split(fieldSeparator);
  const warnings = warned
    .split('\u001e')
    .filter((text) => text !== '')
    .map((text) => heard(printable(text)));
  switch (verdict) {
    case 'free':
    case 'broken':
      return { broken: verdict === 'broken', state: printable(state), warnings };
    case 'another':
      throw new OperatorError({
        code: 'locked-by-another',
        message: `the lock is not held by the run ${run}, but by another one${holder === '' ? '' : `: ${heard(printable(holder))}`}`,
        next: 'name the run that holds it if you want to end that one',
      });
    case notThisMachine:
      throw new OperatorError(anotherMachine());
    case 'held':
      throw new OperatorError({
        code: 'unlock-failed',
        message: `the work of the run ${run} did not end within ${timeout} seconds; it is ${heard(printable(state))}`,
        next: `check on the host: systemctl status clusterproxy-${run}`,
        detail: printable(holder),
      });
    default:
      throw new OperatorError({
        code: result.code === null ? 'connection-lost' : 'unlock-failed',
        message: 'the answer of the host to the unlocking is incomplete',
        next: 'run clusterproxy status to see the outcome of the run',
        detail: printable(result.stderr.subarray(0, 2_000).toString('utf8')).trim(),
      });
  }
}
