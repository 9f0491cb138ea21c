import type { ProgressEvent } from '../model/progress.ts';
import type { ReportDocument } from '../report/document/schema.ts';
import type { Chapter, View } from '../report/view.ts';

/** Who hears what a view is told, before the view does. */
export interface Listener {
  progress(event: ProgressEvent): void;
  end(document: ReportDocument): void;
}

/** Hands on what a view is told, once a listener has heard how far it is and how it ended. */
export class OverheardView implements View {
  readonly #shown: View;
  readonly #listener: Listener;

  constructor(shown: View, listener: Listener) {
    this.#shown = shown;
    this.#listener = listener;
  }

  show(chapter: Chapter, document: ReportDocument): void {
    this.#shown.show(chapter, document);
  }

  end(document: ReportDocument): void {
    this.#listener.end(document);
    this.#shown.end(document);
  }

  progress(event: ProgressEvent): void {
    this.#listener.progress(event);
    this.#shown.progress(event);
  }

  message(text: string): void {
    this.#shown.message(text);
  }
}
