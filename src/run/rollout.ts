import type { HostPlan } from '../model/plan.ts';
import type { Status } from '../model/result.ts';
import type { RoleRollout } from '../model/rollout.ts';
import { hasGuards } from './busy/ask-guards.ts';
import { drainRefusal, isTold } from './busy/drain-refusal.ts';
import { handsOver } from './busy/hands-over.ts';
import { type PolicyRules, policyOf } from './busy/policy.ts';
import { hasLeft, isAsPlanned } from './doors-last.ts';
import { resultOfHostPlan } from './result-of-plan.ts';
import { begun, closed, ended, nextTurn } from './turns.ts';
import { isDueNow, turnsOf, type Wave, type WaveRules, wavesOf } from './wave.ts';

/** How a run will go through its roles if all hosts end as planned; only roles with changes. */
export function rolloutOf(
  plans: readonly HostPlan[],
  rules: WaveRules & PolicyRules,
): readonly RoleRollout[] {
  const soFar: Held[] = [];
  return wavesOf(plans, rules)
    .map((wave) => {
      const blocker = blockerOf(wave, soFar);
      const rollout = blocker === undefined ? rehearse(wave) : heldUp(wave, blocker);
      for (const plan of wave.plans) {
        soFar.push({ plan, leads: wave.leads, isHeld: rollout.held.includes(plan.host) });
      }
      return withRules(rollout, rules, plans);
    })
    .filter(({ hosts, held }) => hosts.length + held.length > 0);
}

/** A host of an earlier wave, and whether it is known already that it isn't begun. */
interface Held {
  readonly plan: HostPlan;
  readonly leads: boolean;
  readonly isHeld: boolean;
}

const sound: readonly Status[] = ['in-sync', 'would-change', 'done', 'skipped'];

/** The host for which none of a wave is begun, as far as that is known beforehand; as `inWaves` decides. */
function blockerOf({ role, after }: Wave, soFar: readonly Held[]): string | undefined {
  const ends = soFar.map(({ plan, leads, isHeld }) => {
    const { status } = resultOfHostPlan(plan);
    const cannot = isHeld || (!isDueNow(plan) && !sound.includes(status));
    return { plan, leads, status: isHeld ? ('not-started' as const) : status, cannot };
  });
  const staying = ends.find(
    ({ plan, status, cannot }) => plan.retires && (cannot || plan.skipped) && !hasLeft(plan, status),
  );
  if (after === 'leaving') return staying?.plan.host;
  if (after === 'nobody') {
    const others = ends.filter(({ plan }) => plan.role === role && !plan.retires);
    const isThere = others.some(
      ({ plan, status, cannot }) =>
        !cannot && (plan.skipped ? isAsPlanned(plan, status) : sound.includes(status) || isDueNow(plan)),
    );
    if (isThere) return undefined;
    const isAllLeaving = ends.every(({ plan }) => plan.role === role || plan.retires);
    return (isAllLeaving ? staying : others[0])?.plan.host;
  }
  return ends.find(
    ({ plan, leads, cannot }) => cannot && leads && !plan.retires && !(after === 'undone' && plan.skipped),
  )?.plan.host;
}

function heldUp(wave: Wave, heldUpBy: string): RoleRollout {
  const { role, limit, down, plans, after } = wave;
  const held = plans.filter(isDueNow).map(({ host }) => host);
  return {
    ...{ role, hosts: [], atOnce: 0, maxUnavailable: limit, down, held, heldUpBy },
    ...(after === undefined || after === 'nobody' ? {} : { after }),
  };
}

function withRules(
  rollout: RoleRollout,
  rules: WaveRules & PolicyRules,
  plans: readonly HostPlan[],
): RoleRollout {
  const policy = policyOf(rollout.role, rules);
  const ofRole = plans.filter(({ role }) => role === rollout.role);
  const isRefused = policy === 'drain' && drainRefusal(ofRole, rules) !== undefined;
  // Hosts that leave aren't refused where no balancer can be told: people are only waited for.
  const isLeaving = ofRole.some((plan) => plan.retires && !plan.skipped && hasGuards(plan));
  const isOnlyWait = policy === 'drain' && !isRefused && isLeaving && !isTold(rules.inventory, rollout.role);
  const whenBusy = isOnlyWait ? 'wait' : policy;
  return {
    ...rollout,
    ...(rules.onFailure === 'revert-wave' ? { revertsWaves: true } : {}),
    ...(whenBusy === 'refuse' ? {} : { whenBusy }),
    ...(isRefused ? { noDrain: true } : {}),
    ...handedOverIn(ofRole, rules),
  };
}

/** Those that aren't put off for people, as far as another host can take over what these are there for. */
function handedOverIn(plans: readonly HostPlan[], rules: WaveRules): Pick<RoleRollout, 'handsOver'> {
  const handing = plans.flatMap((plan) => {
    const what = isDueNow(plan) ? handsOver(plan, rules)?.what : undefined;
    return what === undefined ? [] : [{ host: plan.host, what }];
  });
  const [first] = handing;
  return first === undefined
    ? {}
    : { handsOver: { hosts: handing.map(({ host }) => host), what: first.what } };
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
