import { OperatorError } from '../model/operator-error.ts';
import { heard } from '../secrets/showable.ts';
import type { Connection } from '../ssh/contract.ts';
import { anotherMachine, notThisMachine } from './another-machine.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { fieldSeparator, printable, record } from './records.ts';

export interface Withdrawal {
  readonly machineId: string;
  readonly cluster: string;
  /** who wants it, for the run's record */
  readonly who: string;
}

/**
 * Takes back all runs of a cluster that wait on a host until nobody is there, and returns their ids. Throws
 * an OperatorError: `locked` if one has begun, or another run is at work (with who), `withdraw-failed`, or
 * one of the connection's.
 */
export async function withdrawQueued(
  connection: Connection,
  { machineId, cluster, who }: Withdrawal,
): Promise<readonly string[]> {
  const nonce = newNonce();
  const request = record('withdraw', machineId, cluster, who);
  const result = await connection.exec(bootstrap, framed(await program('withdraw'), request, nonce), {
    timeout: 120,
    maximumOutput: 1024 * 1024,
  });
  const line = new RegExp(`${nonce} (.*)\n`).exec(result.stdout.toString('utf8'))?.[1];
  const [verdict, detail = ''] = (line ?? '').split(fieldSeparator);
  const said = heard(printable(detail));
  switch (verdict) {
    case 'withdrawn':
      return printable(detail).split(' ');
    case 'none':
      return [];
    case 'locked':
      throw new OperatorError({
        code: 'locked',
        message: `a run is in progress on this host${said === '' ? '' : `: ${said}`}; nothing was withdrawn`,
        next: 'wait until it has ended, then run the command again; clusterproxy status shows it',
      });
    case notThisMachine:
      throw new OperatorError(anotherMachine());
    default:
      throw new OperatorError({
        code: result.code === null ? 'connection-lost' : 'withdraw-failed',
        message: 'the host could not withdraw what waits there',
        next: 'on the host, as root: sh /var/lib/clusterproxy/settle RUN revert, with the id of the run',
        detail: said || printable(result.stderr.subarray(0, 2_000).toString('utf8')).trim(),
      });
  }
}
