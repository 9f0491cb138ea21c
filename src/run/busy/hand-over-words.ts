import type { CordonAnswer } from '../../host/cordon.ts';
import type { HandOver } from '../../model/drain.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { HostResult } from '../../model/result.ts';
import { byHand } from './drain-words.ts';

/** What a host has to say that goes on without a hand-over, as nobody could take it. */
export function staysWith({ host }: HostPlan, { what }: HandOver, why: readonly string[]): string {
  const reasons = why.length === 0 ? 'its role has no other host' : why.join('; ');
  return `${host} keeps ${what}, if it has it, as no other host can take it: ${reasons}`;
}

/** Another host could take it, and it didn't happen. */
export function notHandedOver({ host }: HostPlan, { what }: HandOver, answer: CordonAnswer): Problem {
  if (answer.verdict === 'others') {
    return {
      code: 'cordoned-by-another',
      message: `nothing was done on this host, as another run has had it hand over ${what}: ${answer.holder}`,
      next: 'wait until that run has ended; clusterproxy status shows it',
    };
  }
  return {
    code: 'hand-over-failed',
    message: `${host} could not hand ${what} over to another host: ${answer.words}`,
    next: 'see what clusterproxy verify says of the pair, mend that, then run the command again; --when-busy force goes on without a hand-over',
  };
}

/** Nobody knows yet what becomes of the host. */
export function givesBackItself(host: string, { what }: HandOver): string {
  return `it is kept from ${what} for now, and ends that by itself once the run must be over: ${byHand(host)}`;
}

/** The result of a host with what came of letting it have again what it had handed over. */
export function withHandedBack(
  result: HostResult,
  { what }: HandOver,
  { verdict, words, health }: Pick<CordonAnswer, 'verdict' | 'words' | 'health'>,
): HostResult {
  const { host } = result.plan;
  const warned = (warning: string) => ({ ...result, warnings: [...result.warnings, warning] });
  switch (verdict) {
    case 'released':
    case 'none':
      return health === 'offline'
        ? warned(`${host} is not fit for ${what} yet, as it does not answer as it should`)
        : result;
    case 'unknown':
      return result;
    case 'stays':
      return warned(`${host} is kept from ${what} until somebody has looked at it: ${byHand(host)}`);
    case 'kept':
    case 'others':
      return warned(`${host} is still kept from ${what}: ${words || 'another run does that'}`);
    default:
      return {
        ...result,
        status: 'failed',
        problem: {
          code: 'stays-out',
          message: `${host} is still kept from ${what}: ${words}`,
          next: byHand(host),
          host,
          ...(result.problem === undefined ? {} : { notes: [result.problem.message] }),
        },
      };
  }
}
