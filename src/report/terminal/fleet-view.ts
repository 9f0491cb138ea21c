import type { ProgressEvent } from '../../model/progress.ts';
import type { FleetCluster, FleetDocument } from '../document/fleet-schema.ts';
import type { ReportDocument } from '../document/schema.ts';
import type { FleetView } from '../fleet-view.ts';
import type { Channel, Output } from '../output.ts';
import { clusterName } from '../shared/fleet.ts';
import { differs } from '../shared/reading.ts';
import type { Chapter, View } from '../view.ts';
import type { TerminalOptions } from './aside.ts';
import { renderChecks } from './checks.ts';
import { type ClusterEnd, FleetProgress } from './fleet-progress.ts';
import { renderFleet } from './fleet-table.ts';
import { renderMessage } from './message.ts';
import { renderPlan } from './plan.ts';
import { renderProblems } from './problem.ts';
import { failureWords, inPlainLines, type Progress } from './progress.ts';
import { renderResult } from './result.ts';
import { renderStatus } from './status.ts';
import { isColored, makeStyle, type Style } from './style.ts';
import { renderWarnings } from './warning.ts';

/**
 * What a person reads of a fleet: a table, then the clusters of which there is more to say. Whatever is told
 * while they are worked on has the cluster's name before it, in whole lines.
 */
export class TerminalFleetView implements FleetView {
  readonly #output: Output;
  readonly #options: TerminalOptions;
  #progress = new FleetProgress(0);
  readonly #plain = new Map<string, Progress>();
  /** results stand above those that follow */
  #hasTold = false;

  constructor(output: Output, options: TerminalOptions) {
    this.#output = output;
    this.#options = options;
  }

  stage(clusters: number): void {
    this.#progress = new FleetProgress(clusters);
  }

  begin(name: string): View {
    this.#progress.begin(name, performance.now());
    this.#draw();
    return {
      show: (chapter, document) => this.#showWarnings(name, chapter, document),
      end: () => undefined,
      progress: (event, at) => this.#tell(name, event, at),
      message: (text) => this.message(`${name}: ${text}`),
    };
  }

  ended(name: string, { document: { summary } }: Pick<FleetCluster, 'document'>): void {
    this.#progress.end(name, endOf(summary.exitStatus));
    this.#plain.delete(name);
    if (!this.#output.hasStatus) this.message(`${name}: ended; ${this.#progress.words}`);
    this.#draw();
  }

  endStage(): void {
    this.#output.status(undefined);
  }

  cluster(cluster: FleetCluster): void {
    if (this.#isNoNews(cluster.document)) return;
    const { results, messages } = this.#output;
    const lines = chapterOf(cluster, this.#styleOf(results));
    const { errors = [] } = cluster.document;
    if (lines.length > 0) results.write(textOf(['', this.#title(cluster, results), ...lines]));
    if (errors.length === 0) return;
    const title = lines.length > 0 ? [] : ['', this.#title(cluster, messages)];
    messages.write(textOf([...title, ...renderProblems(errors, this.#styleOf(messages))]));
  }

  table(document: FleetDocument): void {
    if (this.#isNoNews(document)) return;
    const { results } = this.#output;
    const gap = this.#hasTold ? [''] : [];
    this.#hasTold = true;
    results.write(textOf([...gap, ...renderFleet(document, this.#styleOf(results))]));
  }

  end({ errors = [] }: FleetDocument): void {
    const { messages } = this.#output;
    if (errors.length > 0) messages.write(textOf(renderProblems(errors, this.#styleOf(messages))));
  }

  message(text: string): void {
    const { messages } = this.#output;
    if (this.#options.quiet) return;
    messages.write(textOf(renderMessage(text, messages.isTerminal ? messages.columns : undefined)));
  }

  /** A scheduler mails whatever is printed. */
  #isNoNews({ summary }: { readonly summary: { readonly exitStatus: number } }): boolean {
    return this.#options.onlyNews === true && summary.exitStatus === 0;
  }

  #showWarnings(name: string, chapter: Chapter, { warnings }: ReportDocument): void {
    if (chapter !== 'warnings' || this.#options.quiet || warnings.length === 0) return;
    const { messages } = this.#output;
    const named = warnings.map((text) => `${name}: ${text}`);
    messages.write(textOf(renderWarnings(named, this.#styleOf(messages))));
  }

  #tell(name: string, event: ProgressEvent, at: number | undefined): void {
    const { quiet, verbose } = this.#options;
    this.#progress.take(name, event, performance.now());
    if (quiet) return;
    if (!this.#output.hasStatus) {
      const prefix = `${name}: `;
      const plain = this.#plain.get(name) ?? inPlainLines({ output: this.#output, verbose, prefix });
      this.#plain.set(name, plain);
      plain.tell(event, at);
      return;
    }
    const isOfSeveral = this.#progress.isOfSeveral(name);
    const words = event.kind === 'message' ? event.text : failureWords(event, { isOfSeveral });
    if (words !== undefined) this.message(`${name}: ${words}`);
    this.#draw();
  }

  #draw(): void {
    if (this.#options.quiet || !this.#output.hasStatus) return;
    const progress = this.#progress;
    this.#output.status({
      lines: (size) => progress.lines({ ...size, now: performance.now() }),
      percent: () => 100 * progress.share,
      hasFailed: () => progress.hasFailed,
    });
  }

  #title({ inventory, ...cluster }: FleetCluster, channel: Channel): string {
    const name = clusterName({ inventory, ...cluster });
    return this.#styleOf(channel).paint.bold(`${name} (${inventory})`);
  }

  #styleOf(channel: Channel): Style {
    const { color, verbose, summary } = this.#options;
    return makeStyle({ columns: channel.columns, color: isColored(color, channel), verbose, summary });
  }
}

/** What the cluster's own command would have told on standard output; nothing where the table says it all. */
function chapterOf({ document, turn }: FleetCluster, style: Style): readonly string[] {
  const { hosts, command, checks = [] } = document;
  const isOrderly =
    document.summary.exitStatus === 0 && !hosts.some(differs) && document.warnings.length === 0;
  if (hosts.length === 0 || (isOrderly && !style.verbose)) return [];
  if (command === 'status') return renderStatus(document, style);
  if (command !== 'apply') return renderPlan(document, style);
  if (turn !== 'had') return [];
  const asked = checks.length === 0 ? [] : ['', ...renderChecks(document, style)];
  return [...renderResult(document, style), ...asked];
}

/** By the exit status of the cluster's own command. */
function endOf(exitStatus: number): ClusterEnd {
  if (exitStatus === 0 || exitStatus === 2) return 'done';
  return exitStatus === 5 ? 'put-off' : 'failed';
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
