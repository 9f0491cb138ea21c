import { releaseCordon, untilOnline } from '../../host/cordon.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import { OperatorError, type Problem, problemsOf } from '../../model/operator-error.ts';
import { emptyPlan } from '../../model/plan.ts';
import { noReads } from '../../model/reads.ts';
import type { HostResult, RunResult } from '../../model/result.ts';
import { isOverHere } from '../claims/leases.ts';
import { type Look, look, snapshotsOf } from '../look.ts';
import type { RunOptions } from '../options.ts';
import { type Cordoned, cordonedIn } from './cordoned.ts';
import { isLeft } from './leaving.ts';

/**
 * Gives hosts back that an earlier run has taken out, each if it answers rightly and no run works on it.
 * `names`: which; empty: all but those that have left the cluster. Throws an OperatorError `not-cordoned` if
 * one of the names isn't out.
 */
export async function releaseRun(names: readonly string[], options: RunOptions): Promise<RunResult> {
  const { inventory } = options;
  const looks = await look(options, () => noReads);
  const out = cordonedIn(inventory.cluster.name, snapshotsOf(looks));
  refuseOthers(names, out, looks);
  const chosen = out.filter(({ cordon }) =>
    names.length === 0 ? !isLeft(cordon) : names.includes(cordon.node),
  );
  const hosts: HostResult[] = [];
  // One after the other: a balancer looks at each before it sends people there.
  for (const one of chosen) hosts.push(await releaseOne(one, looks, options));
  const lost = looks.filter(({ snapshot, off }) => snapshot === undefined && !off);
  return {
    ...{ command: 'release', run: undefined, hosts, interrupted: options.signal.aborted },
    warnings: lost.map(
      ({ host, problem }) =>
        `${host.name} could not be asked which hosts are out${problem === undefined ? '' : `: ${problem.message}`}`,
    ),
  };
}

function refuseOthers(names: readonly string[], out: readonly Cordoned[], looks: readonly Look[]): void {
  const known = [...new Set(out.map(({ cordon }) => cordon.node))];
  const wrong = names.find((name) => !known.includes(name));
  if (wrong === undefined) return;
  const lost = looks.filter(({ snapshot }) => snapshot === undefined).map(({ host }) => host.name);
  throw new OperatorError({
    code: 'not-cordoned',
    message: `${wrong} was not taken out by clusterproxy`,
    next: [
      known.length === 0 ? 'no other host was either' : `out are: ${known.join(', ')}`,
      ...(lost.length === 0 ? [] : [`not reached: ${lost.join(', ')}`]),
    ].join('; '),
  });
}

async function releaseOne(
  { cordon, teller, machineId }: Cordoned,
  looks: readonly Look[],
  { inventory, connect, signal }: RunOptions,
): Promise<HostResult> {
  const start = performance.now();
  const host = inventory.hosts.find(({ name }) => name === cordon.node);
  const told = inventory.hosts.find(({ name }) => name === teller);
  const result = (problem: Problem | undefined): HostResult => ({
    plan: emptyPlan(host ?? { name: cordon.node, role: 'unknown' }),
    status: problem === undefined ? 'changed' : 'failed',
    problem: problem && { ...problem, host: cordon.node },
    ran: [],
    warnings: [],
    durationMs: Math.round(performance.now() - start),
  });
  const node = looks.find((one) => one.host.name === cordon.node);
  if (node !== undefined && node.snapshot === undefined) {
    return result({
      code: 'stays-out',
      message: `it still gets no new people, as nobody can tell whether a run works on it: ${node.problem?.message ?? 'it can not be asked'}`,
      next: `once it can be asked, run the command again; or on ${teller}: sh /var/lib/clusterproxy/cordons/${cordon.cluster}/${cordon.node}/give-back ${cordon.cluster}/${cordon.node} now`,
    });
  }
  const atWork = node?.snapshot?.unsettled.find(({ alive, state }) => alive || state === 'stuck');
  if (atWork !== undefined) {
    return result({
      code: atWork.alive ? 'locked' : 'stuck',
      message: atWork.alive
        ? `a run is in progress on it: ${atWork.who ?? atWork.run}`
        : `the run ${atWork.run} could not put it back as it was`,
      next: atWork.alive
        ? 'wait until that has ended'
        : 'put it in order first: clusterproxy status says how',
    });
  }
  const lease = node?.snapshot?.lease;
  if (lease !== undefined && lease.run === cordon.run && !isOverHere({ lease })) {
    return result({
      code: 'leased',
      message: `the run that has taken it out is still going on: ${cordon.holder}`,
      next: 'wait until that has ended, or end it: clusterproxy unlock RUN',
    });
  }
  if (told === undefined) throw new Error(`${teller} is not in the inventory`);
  try {
    return result(await release(told, { cordon, machineId }, { inventory, connect, signal }));
  } catch (error) {
    return result(problemsOf(error)[0]);
  }
}

async function release(
  teller: InventoryHost,
  { cordon: { node, cluster }, machineId }: Pick<Cordoned, 'cordon' | 'machineId'>,
  { connect, signal }: Pick<RunOptions, 'inventory' | 'connect' | 'signal'>,
): Promise<Problem | undefined> {
  const connection = await connect(teller.ssh, { signal });
  try {
    const answer = await releaseCordon(connection, { cluster, node, run: '', machineId }, untilOnline);
    switch (answer.verdict) {
      case 'released':
      case 'none':
        return undefined;
      case 'unknown':
        return {
          code: 'not-in-balancer',
          message: `nobody is sent there: ${answer.words}`,
          next: `add it to the balancer that ${teller.name} tells, or leave it as it is`,
        };
      case 'kept':
        return {
          code: 'cordoned-by-another',
          message: `it was left as it is: ${answer.words}`,
          next: `whoever has done that on ${teller.name} has to undo it`,
        };
      default:
        return {
          code: 'stays-out',
          message: `it still gets no new people: ${answer.words}`,
          next: 'put that right, then run the command again',
        };
    }
  } finally {
    connection.close().catch(() => undefined);
  }
}
