import type { Inventory } from '../inventory/inventory.ts';
import type { Problem } from '../model/operator-error.ts';
import { type RunResult, resultWithoutHosts } from '../model/result.ts';
import { loadInventory } from '../playbook/resolve/load-inventory.ts';
import { chooseView } from '../report/choose-view.ts';
import { DocumentMaker, ownWarnings, reportDocument, type Told } from '../report/document/document.ts';
import { cleanName, harmlessEvent, harmlessMessage } from '../report/document/harmless.ts';
import type { ReportDocument } from '../report/document/schema.ts';
import type { Chapter, View } from '../report/view.ts';
import { limitedTo } from '../run/limit.ts';
import type { RunOptions } from '../run/options.ts';
import type { PlanOptions } from '../run/plan-run.ts';
import type { Connector } from '../ssh/connector.ts';
import { connectorOnDemand } from '../ssh/connector-on-demand.ts';
import type { Environment } from './environment.ts';
import type { Hooks } from './hooks.ts';
import type { Measuring } from './measuring.ts';
import type { CommonOptions } from './options.ts';
import { passphraseAsker } from './passphrase.ts';
import { beginReports, type ReportOptions, tellReports } from './report-options.ts';
import { beginEvents, type EventOptions, refuseTwoOnStdout } from './session-events.ts';
import { lookUp, type NeededSecrets } from './session-secrets.ts';

/** What a session is made of. */
export interface SessionParts {
  readonly inventory: Inventory;
  /** how hosts are reached */
  readonly connector: Connector;
  readonly view: View;
  /** what is worth a word of the inventory */
  readonly warnings?: readonly string[] | undefined;
  /** what is lost while it runs is added here */
  readonly losses?: readonly string[] | undefined;
  /** the connector outlives the session */
  readonly isShared?: boolean | undefined;
}

/** What a process shares that carries out many commands, one after the other. */
export interface SessionMeans {
  /** how hosts are reached; closed when the process ends */
  readonly connector: Connector;
  /** how this one is shown */
  readonly view: View;
  /** what went wrong before it, and is told with what it finds */
  readonly problems: readonly Problem[];
}

type Completing = (document: ReportDocument) => Promise<ReportDocument>;

/** One command over one inventory: what it works on, how it reaches hosts, and how it is shown. */
export class Session {
  readonly inventory: Inventory;
  readonly connector: Connector;
  readonly environment: Environment;
  readonly json: boolean;
  /** the hooks that the inventory names; undefined where it names none */
  hooks: Hooks | undefined;
  readonly #options: CommonOptions;
  readonly #view: View;
  readonly #documents: DocumentMaker;
  readonly #warnings: readonly string[];
  readonly #losses: readonly string[];
  readonly #hostnames: ReadonlyMap<string, string>;
  readonly #completing: Completing[] = [];
  readonly #isShared: boolean;
  #measuring: Measuring | undefined;

  constructor(parts: SessionParts, options: CommonOptions, environment: Environment) {
    this.inventory = parts.inventory;
    this.connector = parts.connector;
    this.environment = environment;
    this.json = options.json;
    this.#options = options;
    this.#view = parts.view;
    this.#documents = new DocumentMaker(environment.secrets);
    this.#warnings = parts.warnings ?? [];
    this.#losses = parts.losses ?? [];
    this.#isShared = parts.isShared ?? false;
    this.#hostnames = new Map(
      parts.inventory.hosts.flatMap(({ name, hostname }) =>
        hostname === undefined ? [] : [[name, hostname]],
      ),
    );
  }

  /** What src/run needs of the command line. */
  runOptions({ prune }: Pick<RunOptions, 'prune'>): RunOptions & Pick<PlanOptions, 'beside'> {
    const { signal, secrets, startThread } = this.environment;
    const measuring = this.#measuring;
    return {
      inventory: this.inventory,
      limit: this.#options.limit,
      parallel: this.#options.parallel,
      signal,
      startThread,
      connect: this.connector.connect,
      progress: (event) => {
        measuring?.progress(event);
        this.#view.progress(harmlessEvent(event, secrets));
      },
      ...(measuring === undefined ? {} : { beside: (host) => measuring.reads(host) }),
      secrets,
      prune,
      names: this.#options.names ?? false,
    };
  }

  /** Shows what is known by now. */
  show(chapter: Chapter, result: RunResult, told: Told = {}): void {
    this.#view.show(chapter, this.document(result, told));
  }

  /** A message for the person in front of the terminal. */
  message(text: string): void {
    this.#view.message(harmlessMessage(text, this.environment.secrets));
  }

  /** Says what is being done. */
  progress(text: string): void {
    this.#view.progress(harmlessEvent({ kind: 'message', text }, this.environment.secrets));
  }

  /** Tells what is worth a word of the inventory; no other chapter does. */
  showWarnings(command: string): void {
    if (this.#warnings.length > 0) this.show('warnings', resultWithoutHosts(command, this.#warnings));
  }

  /** Ends the command, and returns the exit status. */
  async end(result: RunResult, told: Told & { readonly exitStatus: number }): Promise<number> {
    const warnings = [...this.#warnings, ...this.#losses, ...result.warnings];
    const made = this.document({ ...result, warnings }, told);
    const measured = this.#measuring?.take();
    let document: ReportDocument = measured === undefined ? made : { ...made, measured };
    for (const completing of this.#completing) document = await completing(document);
    document = (await this.hooks?.ended(document)) ?? document;
    const { traces, reports } = this.environment;
    const unsent = await traces?.send(document);
    if (unsent !== undefined) document = this.#withWarning(document, unsent);
    for (const text of (await reports?.write(document)) ?? []) document = this.#withWarning(document, text);
    const { output } = this.environment;
    tellReports(reports?.takeWritten() ?? [], output, (text) => this.message(text));
    if (document.schedule !== undefined) this.#view.show('schedule', document);
    this.#view.end(document);
    if (!this.#isShared) await this.connector.close().catch(() => undefined);
    return document.summary.exitStatus;
  }

  /** Tells people at once what is worth a word of a document that is made already. */
  #withWarning(document: ReportDocument, text: string): ReportDocument {
    this.show('warnings', resultWithoutHosts(document.command, [text]));
    const own = ownWarnings([text], this.environment.secrets);
    return { ...document, warnings: [...document.warnings, ...own] };
  }

  /**
   * Has something added to the document in which the command ends, once that is whole; in the order in which
   * this is called.
   */
  complete(completing: Completing): void {
    this.#completing.push(completing);
  }

  /** Has that measured which metrics are made of, and adds it to the document in which the command ends. */
  async measure(measuring: Measuring): Promise<void> {
    await measuring.begin(this.inventory);
    this.#measuring = measuring;
  }

  /** What `--json` would print of it. */
  document(result: RunResult, told: Told): ReportDocument {
    this.#measuring?.see(result);
    return this.#documents.make(result, {
      ...{ hostnames: this.#hostnames, taken: this.environment.inventory },
      ...told,
    });
  }
}

/** Loads the inventory and checks what the command line says of it, before any host is asked. */
export async function openSession(
  command: string,
  options: EventOptions & ReportOptions,
  environment: Environment,
  needed: NeededSecrets = 'everything',
  given?: Inventory,
  means?: SessionMeans,
): Promise<Session> {
  const attending = needed === 'nothing' ? undefined : environment.attend();
  const loaded = given ?? (await loadInventory(options.inventory, environment.secrets));
  limitedTo(loaded.hosts, options.limit);
  await attending;
  const { json } = options;
  const onlyNews = options.quiet && ['check', 'schedule run'].includes(command);
  refuseTwoOnStdout(options);
  await beginReports(options, loaded, environment);
  // Even the first line of the log may be lost, and that is told.
  if (options.pager === true && !json) environment.output.keepForPager();
  let view = means?.view ?? chooseView(environment.output, { ...options, onlyNews });
  const losses: string[] = [];
  const tellLoss = (text: string) => {
    losses.push(text);
    const result = resultWithoutHosts(command, [text]);
    view.show('warnings', reportDocument(result, {}, environment.secrets));
  };
  const about = { inventory: loaded, environment };
  const { log, lost } = await beginEvents(command, options, about, tellLoss);
  view = log?.recording(view) ?? view;
  environment.traces?.begin({ command, cluster: cleanName(loaded.cluster.name) });
  view = environment.traces?.recording(view) ?? view;
  view = environment.reports?.recording(view) ?? view;
  for (const text of lost) tellLoss(text);
  const { inventory, missing } = await lookUp(loaded, {
    ...{ needed, environment, json },
    progress: (text) => view.progress(harmlessEvent({ kind: 'message', text }, environment.secrets)),
  });
  const warnings = [...loaded.warnings, ...missing].map(warningWords);
  const connector =
    means?.connector ?? connectorOnDemand({ askPassphrase: passphraseAsker(environment, { json }) });
  const session = new Session(
    { inventory, connector, view, warnings, losses, isShared: means !== undefined },
    options,
    environment,
  );
  session.showWarnings(command);
  if (loaded.hooks !== undefined) session.hooks = await hooksOf(loaded, session);
  return session;
}

async function hooksOf(inventory: Inventory, session: Session): Promise<Hooks> {
  const { Hooks } = await import('./hooks.ts');
  const warn = (text: string, command: string) =>
    session.show('warnings', resultWithoutHosts(command, [text]));
  const progress = (text: string) => session.progress(text);
  return new Hooks({ inventory, environment: session.environment, warn, progress });
}

/** `prod.yaml:4:17: what it is; what to do` */
function warningWords({ location, message, next }: Problem): string {
  const place = location === undefined ? '' : `${location.file}:${location.line}:${location.column}: `;
  return `${place}${message}${next === undefined ? '' : `; ${next}`}`;
}
