import type { HostPlan } from '../model/plan.ts';
import type { RoleRollout } from '../model/rollout.ts';
import { type PolicyRules, policyOf } from './busy/policy.ts';
import { begun, closed, ended, nextTurn } from './turns.ts';
import { turnsOf, type Wave, type WaveRules, wavesOf } from './wave.ts';

/** How a run will go through its roles if all hosts end as planned; only roles with changes. */
export function rolloutOf(
  plans: readonly HostPlan[],
  rules: WaveRules & PolicyRules,
): readonly RoleRollout[] {
  return wavesOf(plans, rules)
    .map((wave) => withRules(rehearse(wave), rules))
    .filter(({ hosts, held }) => hosts.length + held.length > 0);
}

function withRules(rollout: RoleRollout, rules: WaveRules & PolicyRules): RoleRollout {
  const whenBusy = policyOf(rollout.role, rules);
  return {
    ...rollout,
    ...(rules.onFailure === 'revert-wave' ? { revertsWaves: true } : {}),
    ...(whenBusy === 'refuse' ? {} : { whenBusy }),
  };
}

/**
 * Simulates a wave in which each host is changed as planned, and hosts end in the order in which they began.
 */
function rehearse(wave: Wave): RoleRollout {
  let turns = turnsOf(wave);
  const hosts: string[] = [];
  const groups: string[][] = [];
  let atOnce = 0;
  for (;;) {
    const next = nextTurn(turns);
    if (next !== undefined) {
      if (turns.underWay.length === 0) groups.push([]);
      groups.at(-1)?.push(next.host);
      turns = begun(turns, next);
      hosts.push(next.host);
      atOnce = Math.max(atOnce, turns.underWay.length);
      continue;
    }
    turns = closed(turns);
    const [first] = turns.underWay;
    if (first === undefined) break;
    turns = ended(turns, first, 'changed');
  }
  return {
    role: wave.role,
    hosts,
    atOnce,
    ...(wave.together === undefined ? {} : { waves: groups }),
    maxUnavailable: wave.limit,
    down: wave.down,
    held: turns.waiting.map(({ host }) => host),
    ...(wave.after === undefined || wave.after === 'nobody' ? {} : { after: wave.after }),
  };
}
