import pLimit from 'p-limit';
import { knownOfRun } from '../../host/agreement.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import { problemsOf } from '../../model/operator-error.ts';
import type { Connection } from '../../ssh/contract.ts';
import { limitedTo } from '../limit.ts';
import type { RunOptions } from '../options.ts';
import type { SeenOnHost } from './seen-run.ts';

/** Asks hosts what they know of a run, again and again over the same connections. */
export class RunWatch {
  readonly run: string;
  readonly #options: RunOptions;
  readonly #connections = new Map<string, Connection>();

  constructor(run: string, options: RunOptions) {
    this.run = run;
    this.#options = options;
  }

  /** All hosts, completely. */
  async first(): Promise<readonly SeenOnHost[]> {
    const { inventory, limit, progress } = this.#options;
    const chosen = limitedTo(inventory.hosts, limit);
    const hosts = inventory.hosts.filter(({ name }) => chosen.has(name));
    progress({ kind: 'looking', total: hosts.length });
    return this.#look(hosts, false, (one) => {
      progress({ kind: 'looked', host: one.host.name, ok: one.problem === undefined });
    });
  }

  /** These hosts, without what never changes. */
  async again(hosts: readonly InventoryHost[]): Promise<readonly SeenOnHost[]> {
    return this.#look(hosts, true, () => undefined);
  }

  async close(): Promise<void> {
    const all = [...this.#connections.values()];
    this.#connections.clear();
    await Promise.all(all.map((one) => one.close().catch(() => undefined)));
  }

  async #look(
    hosts: readonly InventoryHost[],
    brief: boolean,
    looked: (one: SeenOnHost) => void,
  ): Promise<readonly SeenOnHost[]> {
    const limit = pLimit(this.#options.parallel);
    return Promise.all(
      hosts.map((host) =>
        limit(async () => {
          const one = await this.#ask(host, brief);
          looked(one);
          return one;
        }),
      ),
    );
  }

  async #ask(host: InventoryHost, brief: boolean): Promise<SeenOnHost> {
    const { connect, signal, inventory } = this.#options;
    let connection = this.#connections.get(host.name);
    try {
      connection ??= await connect(host.ssh, { signal });
      this.#connections.set(host.name, connection);
      const asked = { cluster: inventory.cluster.name, run: this.run, brief };
      return { host, known: await knownOfRun(connection, asked, host.name), problem: undefined };
    } catch (error) {
      this.#connections.delete(host.name);
      connection?.close().catch(() => undefined);
      const [problem] = problemsOf(error);
      if (problem === undefined) throw error;
      return { host, known: undefined, problem: { ...problem, host: host.name } };
    }
  }
}
