import type { ProgressEvent } from '../../model/progress.ts';
import type { ReportDocument } from '../document/schema.ts';
import type { Output } from '../output.ts';
import type { Chapter, View } from '../view.ts';
import { renderAccepted } from './accepted.ts';
import { TerminalAside, type TerminalOptions } from './aside.ts';
import { renderBegun, renderFound } from './begun.ts';
import { renderChecks } from './checks.ts';
import { renderExplanations } from './explanations.ts';
import { renderFollowed } from './followed.ts';
import { renderForecast } from './forecast.ts';
import { renderHistory } from './history.ts';
import { renderHold } from './hold.ts';
import { renderHolders, renderInventory } from './inventory.ts';
import { renderPages } from './manual-page.ts';
import { renderPlan } from './plan.ts';
import { renderRecords } from './records.ts';
import { renderResult } from './result.ts';
import { renderSamples } from './samples.ts';
import { hasNews, renderSchedule } from './schedule.ts';
import { renderSchemas } from './schemas.ts';
import { renderSettings } from './settings.ts';
import { renderStatus } from './status.ts';
import { isColored, makeStyle, type Style } from './style.ts';
import { renderSupport } from './support.ts';
import { renderToday } from './today.ts';
import { renderTroubles } from './troubles.ts';
import { renderPinned, renderTrust } from './trust.ts';

/** What a person reads: chapters on standard output as they come, everything else on standard error. */
export class TerminalView implements View {
  readonly aside: TerminalAside;
  readonly #output: Output;
  readonly #options: TerminalOptions;

  constructor(output: Output, options: TerminalOptions) {
    this.aside = new TerminalAside(output, options);
    this.#output = output;
    this.#options = options;
  }

  show(chapter: Chapter, document: ReportDocument): void {
    if (chapter === 'warnings') {
      this.aside.warnings(document);
      return;
    }
    // A scheduler mails whatever is printed, and that nothing has happened is no news.
    if (this.#options.onlyNews === true && !hasNews(document)) return;
    const lines = renderers[chapter](document, this.#style);
    const text = lines.map((line) => `${line}\n`).join('');
    const { results } = this.#output;
    if (this.#options.color === false || !ownWords.has(chapter)) {
      results.write(text);
      return;
    }
    for (const file of filesIn(document)) this.#output.links.file(file);
    results.writeLinked(text);
  }

  end(document: ReportDocument): void {
    this.aside.problems(document);
  }

  progress(event: ProgressEvent, at?: number): void {
    this.aside.progress(event, at);
  }

  message(text: string): void {
    this.aside.message(text);
  }

  get #style(): Style {
    const { results } = this.#output;
    const { color, verbose, summary } = this.#options;
    return makeStyle({ columns: results.columns, color: isColored(color, results), verbose, summary });
  }
}

/** Chapters that name files of this machine, and quote no host at length. */
const ownWords: ReadonlySet<Chapter> = new Set([
  ...(['begun', 'checks', 'explanations', 'pages', 'schedule', 'schemas'] as const),
]);

/** Files and folders of this machine of which a document tells. */
function filesIn({ begun, browser, schedule, schemas = [] }: ReportDocument): readonly string[] {
  const inventory = begun?.inventory;
  const files = [
    ...(browser?.screenshots.map(({ file }) => file) ?? []),
    ...schemas.map(({ file }) => file),
    ...[inventory?.written ? inventory.file : undefined, schedule?.records],
  ];
  return files.flatMap((file) => file ?? []);
}

type Renderer = (document: ReportDocument, style: Style) => readonly string[];

const renderers: Readonly<Record<Exclude<Chapter, 'warnings'>, Renderer>> = {
  inventory: renderInventory,
  found: renderFound,
  begun: renderBegun,
  plan: renderPlan,
  forecast: renderForecast,
  // The plan stands above it.
  result: (document, style) => ['', ...renderResult(document, style)],
  history: renderHistory,
  records: renderRecords,
  status: renderStatus,
  today: renderToday,
  keys: renderTrust,
  pinned: renderPinned,
  holders: renderHolders,
  followed: renderFollowed,
  accepted: renderAccepted,
  hold: renderHold,
  samples: renderSamples,
  checks: renderChecks,
  troubles: renderTroubles,
  explanations: renderExplanations,
  settings: renderSettings,
  schemas: renderSchemas,
  pages: renderPages,
  schedule: renderSchedule,
  support: renderSupport,
};
