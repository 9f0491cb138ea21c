import type { FleetDocument } from '../document/fleet-schema.ts';
import type { FleetView } from '../fleet-view.ts';
import type { Output } from '../output.ts';
import type { View } from '../view.ts';
import { printable } from './render.ts';

/** The document for a program, once it is whole; how far it is, a person is told beside it. */
export class JsonFleetView implements FleetView {
  readonly #output: Pick<Output, 'document'>;
  readonly #aside: FleetView;

  /** `aside`: tells on standard error what is not among the results */
  constructor(output: Pick<Output, 'document'>, aside: FleetView) {
    this.#output = output;
    this.#aside = aside;
  }

  stage(clusters: number): void {
    this.#aside.stage(clusters);
  }

  begin(name: string): View {
    return this.#aside.begin(name);
  }

  ended(...ended: Parameters<FleetView['ended']>): void {
    this.#aside.ended(...ended);
  }

  endStage(): void {
    this.#aside.endStage();
  }

  cluster(): void {
    // One document, and not before the end.
  }

  table(): void {
    // As above.
  }

  end(document: FleetDocument): void {
    this.#output.document(`${printable(JSON.stringify(document, null, 2))}\n`);
    this.#aside.end(document);
  }

  message(text: string): void {
    this.#aside.message(text);
  }
}
