import {
  askBalancer,
  type CordonAnswer,
  cordon,
  cordonState,
  keepCordoned,
  releaseCordon,
  untilOnline,
} from '../../host/cordon.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import type { HandOver } from '../../model/drain.ts';
import { OperatorError, problemsOf } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { HostResult } from '../../model/result.ts';
import { handOverOf } from '../../playbook/resolve/hand-over.ts';
import { operatorHere } from '../operator.ts';
import type { ApplyOptions } from '../options.ts';
import { notBegun } from '../waves.ts';
import { isUnknown, needsPerson, stateAfter } from './after-turn.ts';
import type { DrainOptions } from './drain.ts';
import { givesBackItself, notHandedOver, staysWith, withHandedBack } from './hand-over-words.ts';
import { handsOver } from './hands-over.ts';
import { meanwhile } from './meanwhile.ts';
import { policyOf } from './policy.ts';
import { askTeller } from './teller.ts';
import { hostOf } from './waiting.ts';

export type HandOverOptions = Pick<
  DrainOptions,
  | 'plans'
  | 'run'
  | 'longest'
  | 'holds'
  | 'drainTimeout'
  | 'waitTimeout'
  | 'command'
  | 'whenBusy'
  | 'queue'
  | 'progress'
> &
  Pick<ApplyOptions, 'inventory' | 'connect' | 'leave'>;

/** Carries out what is done to a host, once another one has taken over what only one of them has. */
export type HandedOver = (plan: HostPlan, carryOut: () => Promise<HostResult>) => Promise<HostResult>;

/**
 * Has a host give to another of its role what only one of them has, before work that interrupts it: the other
 * one has to be fit for it by its own word, and to have taken it. Where there is no such other one, it stays,
 * and guards and windows decide as ever. However the work ends, the host may have it again; where nobody
 * hears of the end, the host sees to that itself. A host that leaves has an order of its own for that.
 */
export function handingOver(options: HandOverOptions): HandedOver {
  return async (plan, carryOut) => {
    const way = handsOver(plan, options);
    return way === undefined ? carryOut() : new HandOverTurn(plan, way, options).run(carryOut);
  };
}

class HandOverTurn {
  readonly #plan: HostPlan;
  readonly #way: HandOver;
  readonly #options: HandOverOptions;
  #isAway = false;

  constructor(plan: HostPlan, way: HandOver, options: HandOverOptions) {
    this.#plan = plan;
    this.#way = way;
    this.#options = options;
  }

  async run(carryOut: () => Promise<HostResult>): Promise<HostResult> {
    let warnings: readonly string[] = [];
    let result: HostResult;
    try {
      warnings = await this.#handOver();
      // Lets the host know that somebody still follows the run.
      const look = () => this.#ask(cordonState).catch(() => undefined);
      result = this.#isAway ? await meanwhile(look, carryOut) : await carryOut();
    } catch (error) {
      const [problem] = problemsOf(error);
      if (problem === undefined) throw error;
      result = notBegun(this.#plan, { ...problem, host: this.#plan.host });
    }
    return this.#handedBack({ ...result, warnings: [...result.warnings, ...warnings] });
  }

  /** What there is to warn of. Throws an OperatorError if it may not begin. */
  async #handOver(): Promise<readonly string[]> {
    const own = await this.#ask((connection, node) =>
      askBalancer(connection, { ...node, ...this.#program(this.#way) }, 'how-to-add'),
    );
    // It has nothing that another one could take.
    if (own.verdict === 'unknown') return [];
    const { fit, unfit } = await this.#others();
    if (fit.length === 0) return [staysWith(this.#plan, this.#way, unfit)];
    this.#tell(`having ${fit.join(' or ')} take over ${this.#way.what}`);
    const answer = await this.#ask((connection, node) =>
      cordon(connection, {
        ...{ ...node, ...this.#program(this.#way) },
        holder: this.#holder(),
        over: this.#options.holds(this.#plan.host),
        seconds: this.#patience() + this.#options.longest(this.#plan) + 300,
      }),
    ).catch((error: unknown) => {
      // The answer may be lost alone.
      this.#isAway = true;
      throw error;
    });
    switch (answer.verdict) {
      case 'cordoned':
        this.#isAway = true;
        return [];
      case 'kept':
      case 'unknown':
        return [];
      case 'last':
        return [staysWith(this.#plan, this.#way, ['it reaches no other one that answers'])];
      default: {
        const problem = notHandedOver(this.#plan, this.#way, answer);
        if (policyOf(this.#plan.role, this.#options) === 'force') return [problem.message];
        throw new OperatorError(problem);
      }
    }
  }

  /** The others of its role that could take over, by their own word; and why the rest could not. */
  async #others(): Promise<{ readonly fit: readonly string[]; readonly unfit: readonly string[] }> {
    const { inventory } = this.#options;
    const { host: own, role } = this.#plan;
    const others = inventory.hosts.filter(
      (host) => host.role === role && host.name !== own && host.state === 'active',
    );
    const asked = await Promise.all(others.map(async (host) => ({ host, why: await this.#unfit(host) })));
    return {
      fit: asked.flatMap(({ host, why }) => (why === undefined ? [host.name] : [])),
      unfit: asked.flatMap(({ host, why }) => (why === undefined ? [] : [`${host.name} ${why}`])),
    };
  }

  /** Why a host can't take over, in words that follow its name; undefined if it can. */
  async #unfit(host: InventoryHost): Promise<string | undefined> {
    const machineId = this.#options.plans.find((plan) => plan.host === host.name)?.snapshot?.machineId;
    const way = handOverOf(this.#options.inventory, host);
    if (machineId === undefined || way === undefined) return 'could not be looked at';
    try {
      const answer = await askTeller(
        { host, machineId },
        { node: host.name, run: this.#options.run },
        this.#options,
        (connection, node) => askBalancer(connection, { ...node, ...this.#program(way) }, 'how-to-add'),
      );
      if (answer.verdict === 'unknown') return 'is not set up for it, or keepalived does not run there';
      if (answer.verdict !== 'seen') return `can't tell: ${answer.words}`;
      if (answer.state !== 'enabled') return 'is kept from it itself';
      return answer.health === 'online' ? undefined : 'does not answer as it should';
    } catch (error) {
      const [problem] = problemsOf(error);
      if (problem === undefined) throw error;
      return `can't be asked: ${problem.message}`;
    }
  }

  async #handedBack(result: HostResult): Promise<HostResult> {
    if (!this.#isAway) return result;
    const { host } = this.#plan;
    const state = stateAfter(result);
    if (needsPerson(state)) {
      const why = `${host} is ${state} after the run ${this.#options.run}`;
      await this.#ask((connection, node) => keepCordoned(connection, node, why)).catch(() => undefined);
      return withHandedBack(result, this.#way, { verdict: 'stays', words: why, health: '' });
    }
    if (isUnknown(result))
      return { ...result, warnings: [...result.warnings, givesBackItself(host, this.#way)] };
    this.#tell(`letting it have ${this.#way.what} again`);
    return withHandedBack(result, this.#way, await this.#release());
  }

  async #release(): Promise<Pick<CordonAnswer, 'verdict' | 'words' | 'health'>> {
    try {
      return await this.#ask((connection, node) => releaseCordon(connection, node, untilOnline));
    } catch (error) {
      const [problem] = problemsOf(error);
      if (problem === undefined) throw error;
      return { verdict: 'failed', words: problem.message, health: '' };
    }
  }

  #program({ program, args }: HandOver) {
    return { program, args, answers: [] };
  }

  /** How long people may be waited for meanwhile. Seconds. */
  #patience(): number {
    const { drainTimeout, waitTimeout } = this.#options;
    const policy = policyOf(this.#plan.role, this.#options);
    return policy === 'drain' ? drainTimeout : policy === 'wait' ? waitTimeout : 0;
  }

  #holder(): string {
    const { operator, from } = operatorHere();
    const { command, inventory, run } = this.#options;
    return `${operator} from ${from}, ${command} of ${inventory.cluster.name}, run ${run}`;
  }

  #ask(question: Parameters<typeof askTeller>[3]): Promise<CordonAnswer> {
    const host = hostOf(this.#plan, this.#options);
    const machineId = this.#plan.snapshot?.machineId ?? '';
    return askTeller(
      { host, machineId },
      { node: host.name, run: this.#options.run },
      this.#options,
      question,
    );
  }

  #tell(detail: string): void {
    this.#options.progress({ kind: 'host', host: this.#plan.host, phase: 'draining', detail });
  }
}
