import type { Inventory } from '../inventory/inventory.ts';
import type { PastRun } from '../model/history.ts';
import type { Problem } from '../model/operator-error.ts';
import type { ClusterPlan } from '../model/plan.ts';
import type { RunResult } from '../model/result.ts';
import type { RoleRollout } from '../model/rollout.ts';
import { loadInventory } from '../playbook/resolve/load-inventory.ts';
import { renderHistory } from '../report/history.ts';
import { renderJson, reportDocument } from '../report/json.ts';
import type { ReportHostKeys } from '../report/json-schema.ts';
import type { Channel, Output } from '../report/output.ts';
import { renderPlan, renderWarning } from '../report/plan.ts';
import { renderProblems } from '../report/problem.ts';
import { type Progress, startProgress } from '../report/progress.ts';
import { renderResult } from '../report/result.ts';
import { type HostStatus, renderStatus } from '../report/status.ts';
import { makeStyle, type Style } from '../report/style.ts';
import { renderTrust, type TrustRow } from '../report/trust.ts';
import { limitedTo } from '../run/limit.ts';
import type { RunOptions } from '../run/options.ts';
import type { SecretRegister } from '../secrets/register.ts';
import { type Connector, createConnector } from '../ssh/connector.ts';
import type { Environment } from './environment.ts';
import type { CommonOptions } from './options.ts';
import { passphraseAsker } from './passphrase.ts';
import { lookUp, type NeededSecrets } from './session-secrets.ts';

/** One command over one inventory: what it works on, and how it speaks. */
export class Session {
  readonly inventory: Inventory;
  readonly environment: Environment;
  readonly json: boolean;
  readonly #options: CommonOptions;
  readonly #progress: Progress;
  readonly #connector: Connector;
  /** what is worth a word of the inventory */
  readonly #warnings: readonly string[];

  constructor(
    inventory: Inventory,
    options: CommonOptions,
    environment: Environment,
    {
      progress,
      connector,
      warnings = [],
    }: {
      readonly progress: Progress;
      readonly connector: Connector;
      readonly warnings?: readonly string[];
    },
  ) {
    this.inventory = inventory;
    this.environment = environment;
    this.json = options.json;
    this.#options = options;
    this.#progress = progress;
    this.#connector = connector;
    this.#warnings = warnings;
  }

  /** How hosts are reached. */
  get connector(): Connector {
    return this.#connector;
  }

  /** What src/run needs of the command line. */
  runOptions({ prune }: { readonly prune: boolean }): RunOptions {
    return {
      inventory: this.inventory,
      limit: this.#options.limit,
      parallel: this.#options.parallel,
      signal: this.environment.signal,
      connect: this.#connector.connect,
      progress: (event) => this.#progress.tell(this.#secrets.maskAll(event)),
      secrets: this.#secrets,
      prune,
    };
  }

  /** A plan, for a person. With --json nothing: the document comes at the end. */
  showPlan(
    plan: ClusterPlan,
    result: RunResult,
    { force, rollout }: { readonly force: boolean; readonly rollout?: readonly RoleRollout[] },
  ): void {
    if (this.json) return;
    const statuses = new Map(result.hosts.map(({ plan: { host }, status }) => [host, status] as const));
    const hostnames = new Map(
      this.inventory.hosts.flatMap(({ name, hostname }) =>
        hostname === undefined ? [] : [[name, hostname] as const],
      ),
    );
    const style = this.#style(this.#output.results);
    this.print(
      renderPlan(this.#secrets.maskAll(plan), style, {
        statuses,
        hostnames,
        force,
        rollout: this.#secrets.maskAll(rollout),
      }),
    );
  }

  /** The runs that hosts remember, for a person. */
  showHistory(runs: readonly PastRun[], beside: ReadonlyMap<string, readonly string[]>): void {
    if (this.json) return;
    this.print(renderHistory(this.#secrets.maskAll(runs), this.#style(this.#output.results), beside));
  }

  /** What state hosts are in, for a person. */
  showStatus(hosts: readonly HostStatus[], warnings: readonly string[]): void {
    if (this.json) return;
    const [shown, told] = [this.#secrets.maskAll(hosts), this.#secrets.maskAll(warnings)];
    this.print(renderStatus(shown, told, this.#style(this.#output.results)));
  }

  /** The keys that hosts show, for a person. */
  showTrust(rows: readonly TrustRow[]): void {
    if (this.json) return;
    this.print(renderTrust(this.#secrets.maskAll(rows), this.#style(this.#output.results)));
  }

  /** How a run ended, for a person. */
  showResult(result: RunResult): void {
    if (this.json) return;
    const shown = this.#secrets.maskAll(result);
    this.print(['', ...renderResult(shown, this.#style(this.#output.results))]);
  }

  /**
   * Ends the command: the JSON document where it's asked for, problems to standard error, and the exit
   * status.
   */
  async end(result: RunResult, ending: Ending): Promise<number> {
    const { exitStatus, plan, runs, last, keys, rollout, errors = [] } = this.#secrets.maskAll(ending);
    if (this.json) {
      const byHand = plan?.byHand ?? [];
      this.#output.document(
        renderJson(
          reportDocument(this.#complete(result), { exitStatus, byHand, errors, runs, last, keys, rollout }),
        ),
      );
    }
    if (errors.length > 0) {
      const lines = renderProblems(errors, this.#style(this.#output.messages));
      this.#output.messages.write(`${lines.join('\n')}\n`);
    }
    await this.#connector.close().catch(() => undefined);
    return exitStatus;
  }

  /** Results go to standard output, whatever --quiet says. */
  print(lines: readonly string[]): void {
    this.#output.results.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** A message for the person in front of the terminal. */
  message(text: string): void {
    if (!this.#options.quiet) this.#output.messages.write(`${text}\n`);
  }

  /** Tells what is worth a word of the inventory; scripts get it in the document. */
  showWarnings(): void {
    if (this.json || this.#options.quiet) return;
    const style = this.#style(this.#output.messages);
    const lines = this.#warnings.flatMap((text) => renderWarning(this.#secrets.mask(text), style));
    if (lines.length > 0) this.#output.messages.write(`${lines.join('\n')}\n`);
  }

  get #output(): Output {
    return this.environment.output;
  }

  get #secrets(): SecretRegister {
    return this.environment.secrets;
  }

  #complete(result: RunResult): RunResult {
    return this.#secrets.maskAll({ ...result, warnings: [...this.#warnings, ...result.warnings] });
  }

  #style(channel: Channel): Style {
    return makeStyle({
      columns: channel.columns,
      color: this.#options.color && channel.takesColor,
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
  /** the keys that each host shows */
  readonly keys?: ReadonlyMap<string, ReportHostKeys> | undefined;
  /** how a run goes through the hosts, should all end as planned */
  readonly rollout?: readonly RoleRollout[] | undefined;
  /** why the command wasn't carried out */
  readonly errors?: readonly Problem[] | undefined;
}

/** Loads the inventory and checks what the command line says of it, before any host is asked. */
export async function openSession(
  options: CommonOptions,
  environment: Environment,
  needed: NeededSecrets = 'everything',
): Promise<Session> {
  const attending = needed === 'nothing' ? undefined : environment.attend();
  const loaded = await loadInventory(options.inventory, environment.secrets);
  limitedTo(loaded.hosts, options.limit);
  await attending;
  const { quiet, verbose } = options;
  const progress = startProgress({ output: environment.output, quiet, verbose });
  const { inventory, missing } = await lookUp(loaded, {
    needed,
    environment,
    json: options.json,
    progress: (text) => progress.tell({ kind: 'message', text }),
  });
  const warnings = [...loaded.warnings, ...missing].map(warningWords);
  const connector = createConnector({ askPassphrase: passphraseAsker(environment, { json: options.json }) });
  const session = new Session(inventory, options, environment, { progress, connector, warnings });
  session.showWarnings();
  return session;
}

/** `prod.yaml:4:17: what it is; what to do` */
function warningWords({ location, message, next }: Problem): string {
  const place = location === undefined ? '' : `${location.file}:${location.line}:${location.column}: `;
  return `${place}${message}${next === undefined ? '' : `; ${next}`}`;
}
