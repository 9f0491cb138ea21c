import {
  type CordonAnswer,
  cordon,
  cordonState,
  keepCordoned,
  releaseCordon,
  untilOnline,
} from '../../host/cordon.ts';
import { OperatorError, problemsOf } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { HostResult } from '../../model/result.ts';
import { guardsOf } from '../../playbook/resolve/reads.ts';
import { operatorHere } from '../operator.ts';
import type { ApplyOptions } from '../options.ts';
import { interruptedBefore, notBegun, notStarted } from '../waves.ts';
import { hasLeft, isUnknown, needsPerson, stateAfter } from './after-turn.ts';
import { askGuards, hasGuards, type Presence } from './ask-guards.ts';
import { byHand, keepsSending, notTakenOut, withAnswer } from './drain-words.ts';
import { hasLeftWords, isLeavingWords, isLeft } from './leaving.ts';
import { meanwhile } from './meanwhile.ts';
import { policyOf } from './policy.ts';
import { askTeller, type Teller, tellersOf } from './teller.ts';
import { untilEmpty } from './until-empty.ts';
import { hostOf, isBusy, stillThere } from './waiting.ts';

export interface DrainOptions extends ApplyOptions {
  /** id of the run */
  readonly run: string;
  /** the plans of all hosts, by which those that tell a balancer are known */
  readonly plans: readonly HostPlan[];
  /** how long a host may take for all that is done to it, and to put it back; seconds */
  readonly longest: (plan: HostPlan) => number;
  /** whether a host is kept for this run, so that no other is at work on it */
  readonly holds: (host: string) => boolean;
  /** why a host is not given back, in words; undefined: as its state says */
  readonly staysOut?: ((result: HostResult) => string | undefined) | undefined;
  /** why it isn't given back by the balancer's host either, should nobody follow the run any longer */
  readonly meanwhile?: ((plan: HostPlan) => string) | undefined;
}

/**
 * Carries out what is done to a host, with nobody new on it meanwhile, and people waited for `until` then, in
 * milliseconds since the epoch; undefined: the host is not drained.
 */
export type Drained = (
  plan: HostPlan,
  carryOut: (until: number | undefined) => Promise<HostResult>,
) => Promise<HostResult>;

/** A balancer that forgets, or is told otherwise, is told again so often. */
const mostOften = 3;

/**
 * Takes a host out before it is changed, for the policy `drain`: whoever sends people there is told to send
 * no more, it is waited until nobody is there, the balancer is asked once more whether it still knows, and
 * the host is changed. Whatever becomes of it, it is given back if it answers rightly; where the run left it
 * in a state that needs a person, it stays out, and the hosts that told the balancer know why. One that
 * leaves the cluster stays out as well, unless nothing was done to it.
 */
export function drainedTurns(options: DrainOptions): Drained {
  return async (plan, carryOut) => {
    if (!isDrained(plan, options)) return carryOut(undefined);
    const turn = new DrainedTurn(plan, options);
    return turn.run(carryOut);
  };
}

/** Where a host that leaves gets people, whether or not anything that is done there interrupts them. */
function isDrained(plan: HostPlan, options: DrainOptions): boolean {
  const isAsked = policyOf(plan.role, options) === 'drain';
  if (plan.retires) return isAsked || options.membership === 'leave';
  return isAsked && hasGuards(plan);
}

class DrainedTurn {
  readonly #plan: HostPlan;
  readonly #options: DrainOptions;
  /** those whose cordon is this run's */
  readonly #out: Teller[] = [];
  readonly #warnings: string[] = [];

  constructor(plan: HostPlan, options: DrainOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  async run(carryOut: (until: number) => Promise<HostResult>): Promise<HostResult> {
    let result: HostResult;
    try {
      const tellers = tellersOf(hostOf(this.#plan, this.#options), this.#options.plans, this.#options);
      for (const teller of tellers) await this.#takeOut(teller);
      result = await meanwhile(
        () => this.#look(),
        () => this.#changed(tellers, carryOut),
      );
    } catch (error) {
      const [problem] = problemsOf(error);
      if (problem === undefined) throw error;
      result = notBegun(this.#plan, { ...problem, host: this.#plan.host });
    }
    return this.#givenBack({ ...result, warnings: [...result.warnings, ...this.#warnings] });
  }

  /** Waits until nobody is there, and has it changed; again where people came in the last moment. */
  async #changed(
    tellers: readonly Teller[],
    carryOut: (until: number) => Promise<HostResult>,
  ): Promise<HostResult> {
    const { drainTimeout, signal, progress } = this.#options;
    const until = Date.now() + drainTimeout * 1_000;
    for (let told = 1; ; ) {
      const end = await untilEmpty(this.#plan, {
        ask: () => this.#whoIsThere(),
        ...{ until, signal, progress },
      });
      if (end.kind === 'stopped') return notStarted(this.#plan, interruptedBefore);
      if (end.kind === 'late') return stillThere(this.#plan, end.found, drainTimeout);
      const forgotten = await this.#forgotten(tellers);
      if (forgotten !== undefined) {
        told += 1;
        if (told > mostOften) throw new OperatorError(keepsSending(this.#plan, forgotten.host, mostOften));
        await this.#takeOut(forgotten);
        continue;
      }
      if (this.#plan.retires) await this.#keepOut(isLeavingWords);
      const why = this.#options.meanwhile?.(this.#plan);
      if (why !== undefined) await this.#keepOut(why);
      const result = await carryOut(until);
      if (!isBusy(result) || Date.now() >= until || signal.aborted) return result;
    }
  }

  /**
   * Lets the hosts that told the balancer know that somebody still follows the run; each sees to it that
   * those who are there can come back. Whether the balancer has forgotten is asked before the host is
   * changed.
   */
  #look(): Promise<unknown> {
    return Promise.all(this.#out.map((teller) => this.#ask(teller, cordonState).catch(() => undefined)));
  }

  /** A host that leaves is asked for all that its role could be asked for, such as unfinished recordings. */
  async #whoIsThere(): Promise<Presence> {
    const { inventory, membership } = this.#options;
    const host = hostOf(this.#plan, this.#options);
    if (this.#plan.retires && policyOf(this.#plan.role, this.#options) === 'force') return { kind: 'empty' };
    const all = membership === 'leave' ? guardsOf(inventory, host) : undefined;
    return askGuards(this.#plan, host, this.#options, all);
  }

  async #takeOut(teller: Teller): Promise<void> {
    const { command, run, inventory } = this.#options;
    const { operator, from } = operatorHere();
    const { host } = teller;
    this.#tell(`telling ${host.name} to send no more people there`);
    const answer = await this.#ask(teller, (connection, node) =>
      cordon(connection, {
        ...node,
        ...{ program: teller.drain.program, args: teller.drain.args, answers: teller.drain.answers },
        holder: `${operator} from ${from}, ${command} of ${inventory.cluster.name}, run ${run}`,
        over: this.#options.holds(this.#plan.host),
        seconds: this.#options.drainTimeout + this.#options.longest(this.#plan) + 300,
      }),
    ).catch((error: unknown) => {
      // The answer may be lost alone: then it is out, and has to be given back.
      if (problemsOf(error).some(({ code }) => mayBeOut.includes(code))) this.#isOut(teller);
      throw error;
    });
    switch (answer.verdict) {
      case 'cordoned':
        this.#isOut(teller);
        return;
      case 'kept':
        this.#warnings.push(
          `somebody has taken ${this.#plan.host} out on ${host.name} already (${answer.state}); that stays as it is`,
        );
        return;
      case 'unknown':
        // Nobody is sent there.
        if (this.#plan.retires || this.#options.membership === 'join') return;
        throw new OperatorError(notTakenOut(this.#plan, host, answer));
      default:
        throw new OperatorError(notTakenOut(this.#plan, host, answer));
    }
  }

  #isOut(teller: Teller): void {
    if (!this.#out.includes(teller)) this.#out.push(teller);
  }

  /** A host by which people are sent there again, although it was told otherwise. */
  async #forgotten(tellers: readonly Teller[]): Promise<Teller | undefined> {
    for (const teller of tellers) {
      if (!this.#out.includes(teller)) continue;
      const answer = await this.#ask(teller, cordonState);
      if (answer.verdict !== 'cordoned' || answer.state === 'enabled') return teller;
    }
    return undefined;
  }

  async #givenBack(result: HostResult): Promise<HostResult> {
    if (this.#out.length === 0) return result;
    const { host } = this.#plan;
    const state = stateAfter(result);
    const why = needsPerson(state)
      ? `${host} is ${state} after the run ${this.#options.run}`
      : this.#options.staysOut?.(result);
    if (why !== undefined) {
      await this.#keepOut(why);
      return this.#withWarning(result, 'it gets no new people until somebody has looked at it');
    }
    if (this.#plan.retires && (hasLeft(result) || this.#hadLeft())) {
      const lost = await this.#keepOut(hasLeftWords);
      if (lost.length === 0) return result;
      const { host: name } = this.#plan;
      const warning = `${lost.join(', ')} could not note that ${name} has left, and may send people there again: run clusterproxy leave ${name} again`;
      return { ...result, warnings: [...result.warnings, warning] };
    }
    if (isUnknown(result)) {
      return this.#withWarning(
        result,
        'it gets no new people for now; the host that told the balancer gives it back by itself if it answers rightly',
      );
    }
    let after = result;
    for (const teller of this.#out) {
      this.#tell(`telling ${teller.host.name} to send people there again`);
      after = withAnswer(after, teller.host, await this.#release(teller));
    }
    return after;
  }

  /** Notes why it stays out, whatever becomes of this run. The hosts on which that could not be noted. */
  async #keepOut(why: string): Promise<readonly string[]> {
    const lost: string[] = [];
    for (const teller of this.#out) {
      const noted = await this.#ask(teller, (connection, node) => keepCordoned(connection, node, why)).catch(
        () => undefined,
      );
      if (noted?.verdict !== 'stays') lost.push(teller.host.name);
    }
    return lost;
  }

  /** An earlier run has taken it out of the cluster. */
  #hadLeft(): boolean {
    const cordons = this.#options.plans.flatMap(({ snapshot }) => snapshot?.cordons ?? []);
    return cordons.some((cordon) => cordon.node === this.#plan.host && isLeft(cordon));
  }

  async #release(teller: Teller): Promise<Pick<CordonAnswer, 'verdict' | 'words' | 'health'>> {
    try {
      return await this.#ask(teller, (connection, node) => releaseCordon(connection, node, untilOnline));
    } catch (error) {
      const [problem] = problemsOf(error);
      if (problem === undefined) throw error;
      return { verdict: 'failed', words: problem.message, health: '' };
    }
  }

  #withWarning(result: HostResult, words: string): HostResult {
    return { ...result, warnings: [...result.warnings, `${words}: ${byHand(this.#plan.host)}`] };
  }

  #ask(teller: Teller, question: Parameters<typeof askTeller>[3]): Promise<CordonAnswer> {
    return askTeller(teller, { node: this.#plan.host, run: this.#options.run }, this.#options, question);
  }

  #tell(detail: string): void {
    this.#options.progress({ kind: 'host', host: this.#plan.host, phase: 'draining', detail });
  }
}

/** Where the program on the host may have done all of it, or nothing. */
const mayBeOut: readonly string[] = ['connection-lost', 'command-timeout', 'cordon-failed'];
