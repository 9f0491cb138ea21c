import type { CordonAnswer } from '../../host/cordon.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { HostResult } from '../../model/result.ts';

/** The result of a host with what came of giving it back. */
export function withAnswer(
  result: HostResult,
  teller: InventoryHost,
  { verdict, words, health }: Pick<CordonAnswer, 'verdict' | 'words' | 'health'>,
): HostResult {
  const { host } = result.plan;
  if (verdict === 'released' || verdict === 'none') {
    if (health !== 'offline') return result;
    const warning = `${teller.name} says that ${host} is offline, although it was told to send people there again`;
    return { ...result, warnings: [...result.warnings, warning] };
  }
  if (verdict === 'unknown') {
    const warning = `${teller.name} sends nobody to ${host}: ${words}`;
    return { ...result, warnings: [...result.warnings, warning] };
  }
  if (verdict === 'kept' || verdict === 'others') {
    const warning = `${host} was not given back on ${teller.name}: ${words || 'another run has taken it out'}`;
    return { ...result, warnings: [...result.warnings, warning] };
  }
  const problem: Problem = {
    code: 'stays-out',
    message: `${host} still gets no new people: ${words}`,
    next: byHand(host),
    host,
    ...(result.problem === undefined ? {} : { notes: [result.problem.message] }),
  };
  return { ...result, status: 'failed', problem };
}

/** How to give a host back that is out. */
export function byHand(host: string): string {
  return `once it is well, run clusterproxy release ${host}`;
}

/** The host that tells the balancer can't be asked. */
export function notReached({ name }: InventoryHost, problem: Problem | undefined): Problem {
  return {
    code: 'cordon-failed',
    message: `${name}, which tells the balancer to send no more people here, can't be asked${problem === undefined ? '' : `: ${problem.message}`}`,
    next: `see what is wrong with ${name}, then run the command again`,
  };
}

/** Why a host could not be taken out. */
export function notTakenOut({ host }: HostPlan, { name }: InventoryHost, answer: CordonAnswer): Problem {
  switch (answer.verdict) {
    case 'last':
      return {
        code: 'last-in-balancer',
        message: `nothing was done on this host, as ${name} has no other that would get people`,
        next: 'enable another host there first',
      };
    case 'others':
      return {
        code: 'cordoned-by-another',
        message: `nothing was done on this host, as another run has taken it out: ${answer.holder}`,
        next: 'wait until that run has ended; clusterproxy status shows it',
      };
    default:
      return {
        code: 'cordon-failed',
        message: `nothing was done on this host, as ${name} could not tell the balancer to send no more people to ${host}`,
        next: `see what it said, and try it on ${name} by hand`,
        detail: answer.words,
      };
  }
}

/** A balancer sends people to a host again, however often it is told otherwise. */
export function keepsSending({ host }: HostPlan, { name }: InventoryHost, times: number): Problem {
  return {
    code: 'cordon-lost',
    message: `nothing was done on this host: ${name} was told ${times} times to send no more people to ${host}, and sends them again each time`,
    next: 'find out what enables it there, then run the command again',
  };
}
