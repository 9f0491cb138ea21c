import type { ProgressEvent } from '../../model/progress.ts';
import type { ReportDocument } from '../document/schema.ts';
import type { Chapter, View } from '../view.ts';
import type { EventLine } from './schema.ts';

/** What happened, before it has a time. */
export type Happened = EventLine extends infer Line
  ? Line extends EventLine
    ? Omit<Line, 'at'>
    : never
  : never;

/**
 * Hands on what a view is told, and notes each call before: nothing can be in a log that no view could show.
 */
export class RecordingView implements View {
  readonly #shown: View;
  readonly #note: (happened: Happened) => void;

  constructor(shown: View, note: (happened: Happened) => void) {
    this.#shown = shown;
    this.#note = note;
  }

  show(chapter: Chapter, document: ReportDocument): void {
    this.#note({ event: 'show', chapter, document } as Happened);
    this.#shown.show(chapter, document);
  }

  end(document: ReportDocument): void {
    this.#note({ event: 'end', exitStatus: document.summary.exitStatus, document } as Happened);
    this.#shown.end(document);
  }

  progress(event: ProgressEvent, at?: number): void {
    this.#note({ event: 'progress', progress: event } as Happened);
    this.#shown.progress(event, at);
  }

  message(text: string): void {
    this.#note({ event: 'message', text } as Happened);
    this.#shown.message(text);
  }
}
