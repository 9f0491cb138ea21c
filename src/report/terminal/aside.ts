import type { ProgressEvent } from '../../model/progress.ts';
import type { ReportDocument } from '../document/schema.ts';
import type { Output } from '../output.ts';
import type { Aside } from '../view.ts';
import { renderMessage } from './message.ts';
import { renderProblems } from './problem.ts';
import { type Progress, startProgress } from './progress.ts';
import { isColored, makeStyle, type Style } from './style.ts';
import { renderWarnings } from './warning.ts';

/** What is told on a terminal, and how. */
export interface TerminalOptions {
  /** no progress, no messages */
  readonly quiet: boolean;
  /** no results either, where nothing differs and nothing was done */
  readonly onlyNews?: boolean;
  readonly verbose: boolean;
  /** of a plan no more than what it comes to */
  readonly summary?: boolean;
  /** true: where the terminal takes them */
  readonly color: boolean | 'always';
}

/** What a person reads on standard error. */
export class TerminalAside implements Aside {
  readonly #output: Output;
  readonly #options: TerminalOptions;
  readonly #progress: Progress;

  constructor(output: Output, options: TerminalOptions) {
    this.#output = output;
    this.#options = options;
    this.#progress = startProgress({ output, ...options });
  }

  progress(event: ProgressEvent, at?: number): void {
    this.#progress.tell(event, at);
  }

  message(text: string): void {
    if (this.#options.quiet) return;
    const { isTerminal } = this.#output.messages;
    const lines = renderMessage(text, isTerminal ? this.#style.columns : undefined);
    if (this.#options.color === false) this.#tell(lines);
    else this.#output.messages.writeLinked(`${lines.join('\n')}\n`);
  }

  warnings({ warnings }: ReportDocument): void {
    if (!this.#options.quiet) this.#tell(renderWarnings(warnings, this.#style));
  }

  problems({ errors = [] }: ReportDocument): void {
    this.#tell(renderProblems(errors, this.#style));
  }

  get #style(): Style {
    const { messages } = this.#output;
    const { color, verbose } = this.#options;
    return makeStyle({ columns: messages.columns, color: isColored(color, messages), verbose });
  }

  #tell(lines: readonly string[]): void {
    if (lines.length > 0) this.#output.messages.write(`${lines.join('\n')}\n`);
  }
}
