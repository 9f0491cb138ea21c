import type { ProgressEvent } from '../../model/progress.ts';
import type { ReportDocument } from '../document/schema.ts';
import type { Output } from '../output.ts';
import type { Aside, View } from '../view.ts';
import { renderJson } from './render.ts';

/** The document for a program, once it is whole; what a person is told goes beside it. */
export class JsonView implements View {
  readonly #output: Pick<Output, 'document'>;
  readonly #aside: Aside;

  constructor(output: Pick<Output, 'document'>, aside: Aside) {
    this.#output = output;
    this.#aside = aside;
  }

  show(): void {
    // One document, and not before the end.
  }

  end(document: ReportDocument): void {
    this.#output.document(renderJson(document));
    this.#aside.problems(document);
  }

  progress(event: ProgressEvent, at?: number): void {
    this.#aside.progress(event, at);
  }

  message(text: string): void {
    this.#aside.message(text);
  }
}
