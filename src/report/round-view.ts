import type { ProgressEvent } from '../model/progress.ts';
import type { ReportDocument } from './document/schema.ts';
import type { Chapter, View } from './view.ts';

export interface RoundOptions {
  /** shows what there is to show */
  readonly view: View;
  /** whether it is shown; asked once, when the round has ended */
  readonly isNews: (document: ReportDocument) => boolean;
  /** what stands before news, and in place of none */
  readonly line: (document: ReportDocument, isNews: boolean) => string;
  /** progress is for somebody who watches a terminal */
  readonly showsProgress: boolean;
  /** chapters that are left out */
  readonly without: readonly Chapter[];
}

/** One round of a process that asks again and again: told only if it has found something else than before. */
export class RoundView implements View {
  readonly #options: RoundOptions;
  readonly #held: (() => void)[] = [];

  constructor(options: RoundOptions) {
    this.#options = options;
  }

  show(chapter: Chapter, document: ReportDocument): void {
    const { view, without } = this.#options;
    if (!without.includes(chapter)) this.#held.push(() => view.show(chapter, document));
  }

  end(document: ReportDocument): void {
    // Given up before it had looked at all hosts, and has changed none.
    if (document.summary.interrupted && document.run === null) return;
    const { view, isNews, line } = this.#options;
    const told = isNews(document);
    view.message(line(document, told));
    if (!told) return;
    for (const show of this.#held) show();
    view.end(document);
  }

  progress(event: ProgressEvent): void {
    if (this.#options.showsProgress) this.#options.view.progress(event);
  }

  message(text: string): void {
    this.#held.push(() => this.#options.view.message(text));
  }
}
