import type { ProgressEvent } from '../../model/progress.ts';
import type { ReportDocument } from '../document/schema.ts';
import type { Output } from '../output.ts';
import type { View } from '../view.ts';
import { printable } from './render.ts';

/** One document a line, for a process that tells many. */
export class LinesView implements View {
  readonly #output: Pick<Output, 'document'>;

  constructor(output: Pick<Output, 'document'>) {
    this.#output = output;
  }

  show(): void {
    // One document, and not before the end.
  }

  end(document: ReportDocument): void {
    this.#output.document(`${printable(JSON.stringify(document))}\n`);
  }

  progress(_: ProgressEvent): void {
    // Nobody watches.
  }

  message(): void {
    // All of it is in the document.
  }
}
