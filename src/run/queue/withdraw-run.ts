import pLimit from 'p-limit';
import { withdrawQueued } from '../../host/withdraw.ts';
import { OperatorError, problemsOf } from '../../model/operator-error.ts';
import { emptyPlan } from '../../model/plan.ts';
import { noReads } from '../../model/reads.ts';
import type { HostResult, RunResult } from '../../model/result.ts';
import { limitedTo } from '../limit.ts';
import { type Look, look } from '../look.ts';
import { operatorHere } from '../operator.ts';
import type { RunOptions } from '../options.ts';

/**
 * Takes back what waits on hosts until nobody is there. `names`: which; empty: all. Hosts on which nothing
 * waits aren't among the results. Throws an OperatorError `nothing-queued` if nothing waits on one that is
 * named.
 */
export async function withdrawRun(names: readonly string[], options: RunOptions): Promise<RunResult> {
  const { inventory } = options;
  const chosen = limitedTo(inventory.hosts, options.limit);
  const looks = (await look(options, () => noReads)).filter(({ host }) => chosen.has(host.name));
  const lost = looks.filter(({ snapshot }) => snapshot === undefined);
  const waiting = looks.filter(({ snapshot }) => (snapshot?.queued ?? []).length > 0);
  const isMeant = ({ host }: Look) =>
    names.length === 0 || names.includes(host.name) || names.includes(host.role);
  refuseOthers(names, { waiting, lost });
  const limit = pLimit(options.parallel);
  const hosts = await Promise.all(
    waiting.filter(isMeant).map((one) => limit(() => withdrawOne(one, options))),
  );
  return {
    ...{ command: 'withdraw', run: undefined, hosts, interrupted: options.signal.aborted },
    warnings: lost
      .filter(isMeant)
      .map(
        ({ host, problem }) =>
          `${host.name} could not be asked what waits there${problem === undefined ? '' : `: ${problem.message}`}`,
      ),
  };
}

function refuseOthers(
  names: readonly string[],
  { waiting, lost }: { readonly waiting: readonly Look[]; readonly lost: readonly Look[] },
): void {
  const known = [...waiting, ...lost].flatMap(({ host }) => [host.name, host.role]);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong === undefined) return;
  const waitingOn = waiting.map(({ host }) => host.name);
  throw new OperatorError({
    code: 'nothing-queued',
    message: `nothing waits on ${wrong}`,
    next:
      waitingOn.length === 0
        ? 'nothing waits on any other host that could be asked either'
        : `something waits on: ${waitingOn.join(', ')}`,
  });
}

async function withdrawOne(
  { host, snapshot }: Look,
  { inventory, connect, signal }: RunOptions,
): Promise<HostResult> {
  const start = performance.now();
  const { operator, from } = operatorHere();
  const result = (rest: Pick<HostResult, 'status' | 'problem'>): HostResult => ({
    ...{ plan: emptyPlan(host), ran: [], warnings: [], ...rest },
    durationMs: Math.round(performance.now() - start),
  });
  try {
    const connection = await connect(host.ssh, { signal });
    try {
      const gone = await withdrawQueued(connection, {
        ...{ machineId: snapshot?.machineId ?? '', cluster: inventory.cluster.name },
        who: `${operator} from ${from}`,
      });
      // It may have begun, and ended, since the look.
      return result({ status: gone.length === 0 ? 'in-sync' : 'changed', problem: undefined });
    } finally {
      connection.close().catch(() => undefined);
    }
  } catch (error) {
    const [problem] = problemsOf(error);
    return result({ status: 'failed', problem: problem && { ...problem, host: host.name } });
  }
}
