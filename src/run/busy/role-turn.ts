import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { giveTurn, takeTurn, type WantedTurn } from '../../host/turn.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import { OperatorError, problemsOf } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { Connection } from '../../ssh/contract.ts';
import { operatorHere } from '../operator.ts';
import type { ApplyOptions } from '../options.ts';

export type RoleTurnOptions = Pick<ApplyOptions, 'inventory' | 'connect' | 'leave' | 'signal' | 'command'> & {
  readonly plans: readonly HostPlan[];
  readonly run: string;
};

/**
 * A turn that isn't taken again for so long is over: whoever had it is gone. Much longer than the pause
 * between two looks (meanwhile.ts). Seconds.
 */
const lasts = 180;

/** How long another run's turn is waited for: longer than most reboots and upgrades of a host. Seconds. */
const patience = 1_800;

/** Seconds. */
const pauseBetweenTries = 3;

/**
 * The turn of one run among those of all clusters that share the hosts of a role, of which each may have to
 * take over from another: of two that gave something away to each other at the same time, nobody would have
 * it. It is taken on all those hosts in one order, whichever cluster asks, so that no two runs wait for each
 * other; a host that can't be reached takes nothing over either.
 */
export class RoleTurn {
  readonly #role: string;
  readonly #options: RoleTurnOptions;
  /** hosts of one run decide one after the other */
  readonly #alone = pLimit(1);
  #users = 0;

  constructor(role: string, options: RoleTurnOptions) {
    this.#role = role;
    this.#options = options;
  }

  /**
   * Does what has to be decided for a host while no other run decides anything. The run has the turn from
   * then on, whatever comes of that, until each host for which something was decided has ended its part.
   * `wait` is told whose turn is waited for. Throws an OperatorError `cordoned-by-another` if that doesn't
   * end, or one of src/host/turn.ts: nothing was decided then.
   */
  begin<Decision>(
    host: string,
    wait: (whose: string) => void,
    decide: () => Promise<Decision>,
  ): Promise<Decision> {
    return this.#alone(async () => {
      if (this.#users === 0) await this.#take(host, wait);
      this.#users += 1;
      return decide();
    });
  }

  end(): Promise<void> {
    return this.#alone(async () => {
      this.#users -= 1;
      if (this.#users === 0) await this.#give();
    });
  }

  /** Has it go on for a while. */
  async keep(): Promise<void> {
    await Promise.all(this.#hosts().map((host) => this.#ask(host, takeTurn).catch(() => undefined)));
  }

  async #take(host: string, wait: (whose: string) => void): Promise<void> {
    const until = Date.now() + patience * 1_000;
    try {
      for (let last = ''; ; ) {
        const whose = await this.#tryAll(host);
        if (whose === undefined) return;
        if (whose !== last) wait(whose);
        last = whose;
        if (Date.now() > until || this.#options.signal.aborted) throw new OperatorError(stillOthers(whose));
        await sleep(pauseBetweenTries * 1_000, undefined, { signal: this.#options.signal }).catch(
          () => undefined,
        );
      }
    } catch (error) {
      await this.#give();
      throw error;
    }
  }

  /** In words, who else has it; undefined once it is taken everywhere. */
  async #tryAll(own: string): Promise<string | undefined> {
    for (const host of this.#hosts()) {
      const whose = await this.#ask(host, takeTurn).catch((error: unknown) => {
        if (host.name === own || problemsOf(error).length === 0) throw error;
        return undefined;
      });
      if (whose !== undefined) return whose;
    }
    return undefined;
  }

  async #give(): Promise<void> {
    await Promise.all(this.#hosts().map((host) => this.#ask(host, giveTurn).catch(() => undefined)));
  }

  /** All clusters know these hosts by their machines alone. */
  #hosts(): readonly InventoryHost[] {
    return this.#options.inventory.hosts
      .filter((host) => host.role === this.#role && host.state === 'active' && this.#machine(host) !== '')
      .sort((one, other) => (this.#machine(one) < this.#machine(other) ? -1 : 1));
  }

  #machine({ name }: InventoryHost): string {
    return this.#options.plans.find((plan) => plan.host === name)?.snapshot?.machineId ?? '';
  }

  async #ask<Answer>(
    host: InventoryHost,
    question: (connection: Connection, wanted: WantedTurn) => Promise<Answer>,
  ): Promise<Answer> {
    const { connect, leave, inventory, command, run } = this.#options;
    const { operator, from } = operatorHere();
    const { name } = inventory.cluster;
    const connection = await connect(host.ssh, { signal: leave });
    try {
      return await question(connection, {
        machineId: this.#machine(host),
        owner: `${name}/${run}`,
        words: `${operator} from ${from}, ${command} of ${name}, run ${run}`,
        seconds: lasts,
      });
    } finally {
      connection.close().catch(() => undefined);
    }
  }
}

function stillOthers(whose: string) {
  return {
    code: 'cordoned-by-another',
    message: `nothing was done on this host, as another run is at work on those that would take over from it: ${whose}`,
    next: 'wait until that run has ended, then run the command again',
  };
}
