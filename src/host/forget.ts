import { OperatorError } from '../model/operator-error.ts';
import { heard } from '../secrets/showable.ts';
import type { Connection } from '../ssh/contract.ts';
import { anotherMachine, notThisMachine } from './another-machine.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { fieldSeparator, printable, record } from './records.ts';

export interface Forgetting {
  readonly machineId: string;
  readonly cluster: string;
  /** what to do if something on the host is still managed: refuse, or leave it as it is */
  readonly managed: 'refuse' | 'leave';
  /** the run that this is part of: its own lease is none of another's */
  readonly run?: string | undefined;
}

/**
 * Removes what a host remembers about a cluster (ledger, records of runs, originals, and what runs that
 * were ended by force have left) and keeps what belongs to other clusters that it serves. Throws an
 * OperatorError `not-forgotten` that gives the reason, and removes nothing, if a run is in progress or
 * unfinished, if a node is out because of this host, if something managed is to be refused, or if the
 * removal fails; `another-machine` if the host has a different machine id.
 */
export async function forget(
  connection: Connection,
  { machineId, cluster, managed, run = '' }: Forgetting,
): Promise<void> {
  const nonce = newNonce();
  const request = record('forget', machineId, cluster, managed, run);
  const result = await connection.exec(bootstrap, framed(await program('forget'), request, nonce), {
    timeout: 60,
    maximumOutput: 1024 * 1024,
  });
  const line = new RegExp(`${nonce} (.*)\n`).exec(result.stdout.toString('utf8'))?.[1];
  const [verdict = '', detail = ''] = (line ?? '').split(fieldSeparator).map(printable);
  if (verdict === 'gone') return;
  if (verdict === notThisMachine) throw new OperatorError(anotherMachine());
  const why = reasons.get(verdict) ?? 'the answer of the host is incomplete';
  throw new OperatorError({
    code: result.code === null ? 'connection-lost' : 'not-forgotten',
    message: `/var/lib/clusterproxy was not removed: ${why}${detail === '' ? '' : ` (${heard(detail)})`}`,
    next: 'run the command again',
    detail:
      line === undefined ? printable(result.stderr.subarray(0, 2_000).toString('utf8')).trim() : undefined,
  });
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['managed', 'something on the host is still managed'],
  ['held', 'the cluster is held (see clusterproxy status)'],
  ['leased', 'another run has reserved the host (see clusterproxy status)'],
  ['locked', 'a run is in progress on the host'],
  ['unsettled', 'a run on the host is not finished'],
  ['cordoned', 'nodes that it has had taken out were not given back: clusterproxy release --all'],
  ['failed', 'the host could not remove it'],
]);
