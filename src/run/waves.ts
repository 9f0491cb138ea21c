import type { HostPlan } from '../model/plan.ts';
import type { HostResult, Status } from '../model/result.ts';
import type { OutHost } from '../model/rollout.ts';
import { noWaiting, type Waiting } from './busy/waiting.ts';
import { type KeptFor, keepsDoors, keptResult } from './doors-last.ts';
import { type Queueing, queueRest } from './queue/queueing.ts';
import { resultOfHostPlan } from './result-of-plan.ts';
import { startTogether, type Together, togetherResults } from './together.ts';
import { begun, closed, ended, mayStart, nextTurn, outNow, putOff, type Turn, type Turns } from './turns.ts';
import { downAfter, endingOf, isDueNow, turnsOf, type Wave } from './wave.ts';

export interface WaveOptions {
  readonly maxFailures: number;
  readonly signal: AbortSignal;
  /** hosts that are waited for while others are changed; undefined: none */
  readonly waiting?: Waiting | undefined;
  /** hosts that begin together end on one side; undefined: each ends by itself */
  readonly onOneSide?: boolean | undefined;
  /** hosts that are queued where they can't be begun now; undefined: none */
  readonly queueing?: Queueing | undefined;
  /**
   * asked right before the last host of a role goes through which people reach others: who is on those;
   * undefined: nobody is asked
   */
  readonly peopleBehind?: ((role: string) => Promise<KeptFor | undefined>) | undefined;
  /** puts a role's hosts into the order that is right by now; undefined: it stays as it was planned */
  readonly inOrderNow?: ((wave: Wave) => Promise<Wave>) | undefined;
  /** called when a host's turn is over, and it gets no other one */
  readonly turnEnded?: ((result: HostResult) => void) | undefined;
}

const good: readonly Status[] = ['in-sync', 'changed', 'done', 'deferred', 'owed', 'queued', 'skipped'];

/**
 * Carry out the plans role by role. In each role one host goes alone until one was actually changed, so that
 * a fault common to all hits only one host; the others follow, within the limits for hosts that may be out
 * and of `parallel`. No further host is started if more than `maxFailures` have failed while they were being
 * changed, if a host of an earlier role isn't as planned, or if the operator has interrupted the run. A host
 * on which people are takes its turn once they have gone, if it is waited for.
 */
export async function inWaves(
  waves: readonly Wave[],
  options: WaveOptions,
  carryOut: (plan: HostPlan, together: Together | undefined) => Promise<HostResult>,
): Promise<readonly HostResult[]> {
  const results: HostResult[] = [];
  const leading = new Set(waves.filter(({ leads }) => leads).map(({ role }) => role));
  let failures = 0;
  for (const wave of waves) {
    // A host on which a run is undone needs no other before it, if the operator goes on without that one.
    const blocked = results.find(
      ({ status, plan }) =>
        !good.includes(status) &&
        !plan.retires &&
        leading.has(plan.role) &&
        !(wave.after === 'undone' && plan.skipped),
    );
    const blocks = (plan: HostPlan) => blocked !== undefined && needsOthers(plan, wave);
    const kept = keepsDoors(wave, results);
    const isHeld = (plan: HostPlan) => kept !== undefined || blocks(plan);
    const stop = new AbortController();
    const one = async (plan: HostPlan, together: Together | undefined): Promise<HostResult> => {
      if (options.signal.aborted) return notStarted(plan, interruptedBefore);
      if (blocked !== undefined && blocks(plan)) return blockedBy(blocked, plan, wave);
      if (kept !== undefined) return keptResult(plan, kept);
      if (failures > options.maxFailures) return notStarted(plan, 'another host failed before its turn');
      const people = wave.after === 'leaving' ? await options.peopleBehind?.(wave.role) : undefined;
      if (people !== undefined) return keptResult(plan, people);
      const result = await carryOut(plan, together);
      if (!good.includes(result.status) && !isPutBackWith(result, together)) failures += 1;
      // Nobody is waited for any longer: all that wait take their turn, and hear why nothing is done.
      if (failures > options.maxFailures) stop.abort();
      return result;
    };
    const waiting = withoutHeld(options.waiting ?? noWaiting, isHeld);
    const queueing = options.queueing && {
      ...options.queueing,
      isLater: (plan: HostPlan) => !isHeld(plan) && options.queueing?.isLater(plan) === true,
    };
    const { signal, onOneSide = false, turnEnded } = options;
    const turning = { waiting, queueing, stop: stop.signal, signal, onOneSide, turnEnded };
    const isBegun = !wave.plans.every(isHeld) && !signal.aborted && failures <= options.maxFailures;
    const inOrder = isBegun ? await options.inOrderNow?.(wave) : undefined;
    results.push(...(await inTurns(inOrder ?? wave, one, turning)));
  }
  return results;
}

/** Whether a host isn't begun before those of earlier roles are as planned: not if it leaves the cluster. */
export function needsOthers({ retires }: HostPlan, { after }: Pick<Wave, 'after'>): boolean {
  return !retires && after !== 'leaving' && after !== 'nobody';
}

/** Nobody is waited for on hosts that are not begun in any case. */
function withoutHeld(waiting: Waiting, isHeld: (plan: HostPlan) => boolean): Waiting {
  return {
    ...waiting,
    beginsBusy: (plan) => !isHeld(plan) && waiting.beginsBusy(plan),
    triesAgain: (result) => !isHeld(result.plan) && waiting.triesAgain(result),
  };
}

interface TurnOptions {
  readonly waiting: Waiting;
  readonly queueing: Queueing | undefined;
  /** hosts aren't waited for any longer */
  readonly stop: AbortSignal;
  /** the operator has interrupted the run */
  readonly signal: AbortSignal;
  readonly onOneSide: boolean;
  readonly turnEnded: WaveOptions['turnEnded'];
}

/** What happens next in a role: a host has ended its turn, or need not be waited for any longer. */
interface Next {
  readonly plan: HostPlan;
  readonly result: HostResult | undefined;
}

async function inTurns(
  wave: Wave,
  one: (plan: HostPlan, together: Together | undefined) => Promise<HostResult>,
  { waiting, queueing, stop, signal, onOneSide, turnEnded }: TurnOptions,
): Promise<readonly HostResult[]> {
  const results = new Map<string, HostResult>();
  const underWay = new Map<string, Promise<Next>>();
  const planOf = new Map(wave.plans.map((plan) => [plan.host, plan] as const));
  const groups: Together[] = [];
  const later = new Set(wave.plans.filter((plan) => isDueNow(plan) && queueing?.isLater(plan)));
  let turns = turnsOf({ ...wave, plans: wave.plans.filter((plan) => !later.has(plan)) });
  const waitFor = (turn: Turn) => {
    const plan = planOf.get(turn.host);
    if (plan === undefined) return;
    turns = putOff(turns, turn);
    underWay.set(
      turn.host,
      waiting.until(plan, stop).then((result) => ({ plan, result })),
    );
  };
  const settle = (plan: HostPlan, result: HostResult) => {
    results.set(plan.host, result);
    // How others end may still change what it comes to, or it is queued.
    const certain = onOneSide ? certainWith(plan.host, groups, results) : [result];
    for (const one of certain) if (!later.has(one.plan)) turnEnded?.(one);
  };
  for (const turn of turns.waiting) {
    const plan = planOf.get(turn.host);
    if (plan !== undefined && waiting.beginsBusy(plan)) waitFor(turn);
  }
  for (;;) {
    const starting: HostPlan[] = [];
    for (let next = nextTurn(turns); next !== undefined; next = nextTurn(turns)) {
      turns = begun(turns, next);
      const plan = planOf.get(next.host);
      if (plan !== undefined) starting.push(plan);
    }
    turns = closed(turns);
    const together =
      onOneSide && starting.length > 0 ? startTogether(starting.map(({ host }) => host)) : undefined;
    if (together !== undefined) groups.push(together);
    for (const plan of starting) underWay.set(plan.host, beginning(plan, one, together));
    if (underWay.size === 0) break;
    const { plan, result } = await Promise.race(underWay.values());
    const { host } = plan;
    underWay.delete(host);
    const turn = turns.underWay.find((other) => other.host === host);
    if (turn === undefined) {
      turns = mayStart(turns, host);
      if (result !== undefined) {
        settle(plan, result);
        turns = { ...turns, waiting: turns.waiting.filter((other) => other.host !== host) };
      }
    } else if (result !== undefined) {
      turns = ended(turns, turn, endingOf(result));
      if (queueing?.becomesLater(result)) later.add(plan);
      if (!stop.aborted && !signal.aborted && waiting.triesAgain(result)) waitFor(turn);
      else settle(plan, result);
    }
  }
  for (const [host, result] of onOneSideIn(groups, results)) results.set(host, result);
  if (queueing !== undefined && later.size > 0 && !stop.aborted && !signal.aborted) {
    const soFar = { wave, proven: turns.proven.staying, results, out: outNow(turns) };
    for (const one of await queueRest(later, soFar, queueing)) results.set(one.plan.host, one);
  }
  if (queueing !== undefined && stop.aborted && !signal.aborted) {
    for (const plan of later) if (!results.has(plan.host)) results.set(plan.host, await one(plan, undefined));
  }
  const heldUp = (plan: HostPlan) =>
    signal.aborted ? notStarted(plan, interruptedBefore) : heldBack(plan, wave, turns, results);
  const all = wave.plans.map(
    (plan) => results.get(plan.host) ?? (isDueNow(plan) ? heldUp(plan) : idle(plan)),
  );
  for (const result of all) turnEnded?.(result);
  return all;
}

/** What hosts that began together have come to, in the order in which they began. */
function onOneSideIn(
  groups: readonly Together[],
  results: ReadonlyMap<string, HostResult>,
): ReadonlyMap<string, HostResult> {
  const all = new Map(results);
  for (const group of groups) {
    const ends = group.hosts.flatMap((host) => all.get(host) ?? []);
    for (const result of togetherResults(group, ends)) all.set(result.plan.host, result);
  }
  return all;
}

/** The results that are certain now that a host has ended: of all that it began with, once all have ended. */
function certainWith(
  ended: string,
  groups: readonly Together[],
  results: ReadonlyMap<string, HostResult>,
): readonly HostResult[] {
  const isOver = (group: Together) => group.hosts.every((host) => results.has(host));
  const groupsOf = (host: string) => groups.filter(({ hosts }) => hosts.includes(host));
  const all = onOneSideIn(groups.filter(isOver), results);
  const hosts = new Set([ended, ...groupsOf(ended).flatMap((group) => group.hosts)]);
  return [...hosts].filter((host) => groupsOf(host).every(isOver)).flatMap((host) => all.get(host) ?? []);
}

/** It has not failed: another did, with which it was to end on one side. */
function isPutBackWith({ plan, status }: HostResult, together: Together | undefined): boolean {
  const because = together?.because();
  return status === 'rolled-back' && because !== undefined && because !== plan.host;
}

async function beginning(
  plan: HostPlan,
  one: (plan: HostPlan, together: Together | undefined) => Promise<HostResult>,
  together: Together | undefined,
): Promise<Next> {
  const result = await one(plan, together);
  together?.ended(plan.host, result.status);
  return { plan, result };
}

/** A host that has work only in a later stage has done its part of this one. */
function idle(plan: HostPlan): HostResult {
  const result = resultOfHostPlan(plan);
  return result.status === 'would-change' ? { ...result, status: 'in-sync' } : result;
}

function blockedBy(blocked: HostResult, plan: HostPlan, { after }: Wave): HostResult {
  return after === 'undone'
    ? keptResult(plan, { ...blocked, why: 'sends' })
    : notStarted(plan, `${blocked.plan.host} comes first, and is not as planned`);
}

/** Why a host was not started. */
export const interruptedBefore = 'the run was interrupted before anything was begun on it';

/** The result of a host on which nothing was done, and why. */
export function notStarted(plan: HostPlan, why: string): HostResult {
  return notBegun(plan, {
    code: 'not-started',
    message: `nothing was done on this host: ${why}`,
    next: `${why === interruptedBefore ? '' : 'fix that and '}run the command again`,
    host: plan.host,
  });
}

/** The result of a host on which nothing was done. */
export function notBegun(plan: HostPlan, problem: HostResult['problem']): HostResult {
  return { plan, status: 'not-started', problem, ran: [], warnings: plan.warnings, durationMs: 0 };
}

/** No host of its role is in progress any more, and still too many are out. */
function heldBack(
  plan: HostPlan,
  { role, limit, down, plans }: Wave,
  turns: Turns,
  results: ReadonlyMap<string, HostResult>,
): HostResult {
  const out = outNow(turns);
  const now = [
    ...down.filter(({ host }) => !results.has(host)),
    ...plans.flatMap(({ host }) => {
      const result = results.get(host);
      return result === undefined ? [] : downAfter(result, down);
    }),
  ].filter(({ host }) => out.has(host));
  return notBegun(plan, tooManyOut(plan.host, role, limit, now));
}

function tooManyOut(host: string, role: string, limit: number, out: readonly OutHost[]) {
  const names = out.map((one) => `${one.host} (${one.why})`).join(', ');
  return {
    code: 'too-many-out',
    message: `nothing was done on this host, as people would have been cut off: at most ${limit} of the role ${role} may be out at once, and ${out.length} ${out.length === 1 ? 'is' : 'are'}: ${names}`,
    next: `bring ${out.length === 1 ? 'that one' : 'those'} back first, or allow one more with --max-unavailable ${out.length + 1}`,
    host,
  };
}
