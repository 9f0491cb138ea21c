import type { Inventory } from '../inventory/inventory.ts';
import type { PastRun } from '../model/history.ts';
import type { Problem } from '../model/operator-error.ts';
import type { ClusterPlan } from '../model/plan.ts';
import type { RunResult } from '../model/result.ts';
import { loadInventory } from '../playbook/load-inventory.ts';
import { renderHistory } from '../report/history.ts';
import { renderJson, reportDocument } from '../report/json.ts';
import { renderPlan } from '../report/plan.ts';
import { renderProblems } from '../report/problem.ts';
import { type Progress, startProgress } from '../report/progress.ts';
import { renderResult } from '../report/result.ts';
import { type HostStatus, renderStatus } from '../report/status.ts';
import { makeStyle, type Style } from '../report/style.ts';
import { limitedTo } from '../run/limit.ts';
import type { RunOptions } from '../run/options.ts';
import { type Connector, createConnector } from '../ssh/connector.ts';
import { columnsOf, type Environment, takesColor } from './environment.ts';
import type { CommonOptions } from './options.ts';
import { passphraseAsker } from './passphrase.ts';

/** One command over one inventory: what it works on, and how it speaks. */
export class Session {
  readonly inventory: Inventory;
  readonly environment: Environment;
  readonly json: boolean;
  readonly #options: CommonOptions;
  readonly #progress: Progress;
  readonly #connector: Connector;

  constructor(
    inventory: Inventory,
    options: CommonOptions,
    environment: Environment,
    { progress, connector }: { readonly progress: Progress; readonly connector: Connector },
  ) {
    this.inventory = inventory;
    this.environment = environment;
    this.json = options.json;
    this.#options = options;
    this.#progress = progress;
    this.#connector = connector;
  }

  /** What src/run needs of the command line. */
  runOptions({ prune }: { readonly prune: boolean }): RunOptions {
    return {
      inventory: this.inventory,
      limit: this.#options.limit,
      parallel: this.#options.parallel,
      signal: this.environment.signal,
      connect: this.#connector.connect,
      progress: (event) => this.#progress.tell(event),
      prune,
    };
  }

  /** A plan, for a person. With --json nothing: the document comes at the end. */
  showPlan(plan: ClusterPlan, result: RunResult, { force }: { readonly force: boolean }): void {
    if (this.json) return;
    const statuses = new Map(result.hosts.map(({ plan: { host }, status }) => [host, status] as const));
    const hostnames = new Map(
      this.inventory.hosts.flatMap(({ name, hostname }) =>
        hostname === undefined ? [] : [[name, hostname] as const],
      ),
    );
    this.print(renderPlan(plan, this.#style(this.environment.stdout), { statuses, hostnames, force }));
  }

  /** The runs that hosts remember, for a person. */
  showHistory(runs: readonly PastRun[]): void {
    if (!this.json) this.print(renderHistory(runs, this.#style(this.environment.stdout)));
  }

  /** What state hosts are in, for a person. */
  showStatus(hosts: readonly HostStatus[], warnings: readonly string[]): void {
    if (!this.json) this.print(renderStatus(hosts, warnings, this.#style(this.environment.stdout)));
  }

  /** How a run ended, for a person. */
  showResult(result: RunResult): void {
    if (this.json) return;
    this.print(['', ...renderResult(result, this.#style(this.environment.stdout))]);
  }

  /** Ends the command: the JSON document where it's asked for, problems to standard error, and the exit status. */
  async end(result: RunResult, ending: Ending): Promise<number> {
    const { exitStatus, plan, runs, last, errors = [] } = ending;
    if (this.json) {
      this.clear();
      const byHand = plan?.byHand ?? [];
      this.environment.stdout.write(
        renderJson(reportDocument(result, { exitStatus, byHand, errors, runs, last })),
      );
    }
    if (errors.length > 0) {
      this.clear();
      const lines = renderProblems(errors, this.#style(this.environment.stderr));
      this.environment.stderr.write(`${lines.join('\n')}\n`);
    }
    await this.#connector.close().catch(() => undefined);
    return exitStatus;
  }

  /** Results go to standard output, whatever --quiet says. */
  print(lines: readonly string[]): void {
    this.clear();
    this.environment.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** A message for the person in front of the terminal. */
  message(text: string): void {
    if (this.#options.quiet) return;
    this.clear();
    this.environment.stderr.write(`${text}\n`);
  }

  clear(): void {
    this.#progress.clear();
  }

  #style(stream: NodeJS.WriteStream): Style {
    return makeStyle({
      columns: columnsOf(stream),
      color: this.#options.color && takesColor(stream, this.environment.variables),
      verbose: this.#options.verbose,
    });
  }
}

export interface Ending {
  readonly exitStatus: number;
  readonly plan?: ClusterPlan | undefined;
  /** the runs that hosts remember */
  readonly runs?: readonly PastRun[] | undefined;
  /** the latest run that each host kept */
  readonly last?: ReadonlyMap<string, PastRun> | undefined;
  /** why the command wasn't carried out */
  readonly errors?: readonly Problem[] | undefined;
}

/** Loads the inventory and checks what the command line says of it, before any host is asked. */
export async function openSession(options: CommonOptions, environment: Environment): Promise<Session> {
  const inventory = await loadInventory(options.inventory);
  limitedTo(inventory.hosts, options.limit);
  const { quiet, verbose } = options;
  const progress = await startProgress({ stream: environment.stderr, quiet, verbose });
  const connector = createConnector({
    askPassphrase: passphraseAsker(environment, { json: options.json, clear: () => progress.clear() }),
  });
  return new Session(inventory, options, environment, { progress, connector });
}
