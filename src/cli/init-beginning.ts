import type { Begun } from '../model/begun.ts';
import type { Problem } from '../model/operator-error.ts';
import { exitStatus, resultWithoutHosts } from '../model/result.ts';
import { chooseView } from '../report/choose-view.ts';
import { reportDocument } from '../report/document/document.ts';
import type { ReportDocument } from '../report/document/schema.ts';
import type { View } from '../report/view.ts';
import { type Connector, createConnector } from '../ssh/connector.ts';
import { type Asking, askFirst, whyNotAsked } from './ask-first.ts';
import type { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';
import { Questions } from './init-questions.ts';
import { passphraseAsker } from './passphrase.ts';

/** What became of a command that ended after it had pinned keys. */
export const onlyPinned = 'no inventory was written; host keys that were pinned stay';

/** What `init` works with, from its first word to its last. */
export class Beginning {
  readonly options: InitOptions;
  readonly environment: Environment;
  readonly view: View;
  readonly connector: Connector;
  readonly file: string;
  /** undefined where nobody can be asked */
  readonly questions: Questions | undefined;
  #hasPinned = false;

  constructor(options: InitOptions, environment: Environment) {
    const { json } = options;
    this.options = options;
    this.environment = environment;
    this.view = chooseView(environment.output, options);
    this.connector = createConnector({ askPassphrase: passphraseAsker(environment, { json }) });
    this.file = options.inventory;
    const isMute = whyNotAsked({ json, environment }) !== undefined || environment.variables.TERM === 'dumb';
    this.questions = isMute ? undefined : new Questions(environment);
    environment.phase.interruption = 'no inventory is written';
  }

  /** Whether somebody agrees, or why they can't be asked. */
  agree(asking: Asking): Promise<'yes' | 'no' | 'interrupted' | Problem> {
    return askFirst({ json: this.options.json, environment: this.environment }, asking);
  }

  /** From here on something was written, if only on this machine. */
  pinning(): void {
    this.#hasPinned = true;
    const { phase } = this.environment;
    phase.interruption = 'no inventory is written; host keys that were pinned stay';
    phase.interrupted = onlyPinned;
  }

  get hasPinned(): boolean {
    return this.#hasPinned;
  }

  /** Somebody has said no. */
  giveUp(begun: Begun = { hosts: [], read: [] }): number {
    this.view.message(this.#hasPinned ? onlyPinned : 'nothing was written');
    return this.end(begun, { exitStatus: exitStatus.nothingTouched });
  }

  show(chapter: 'found' | 'begun', begun: Begun): void {
    this.view.show(chapter, this.#document({ begun, exitStatus: 0 }));
  }

  /** Tells people at once what is worth a word; the document has it at its end. */
  warn(warnings: readonly string[]): void {
    if (warnings.length === 0) return;
    this.view.show('warnings', this.#document({ begun: { hosts: [], read: [] }, exitStatus: 0, warnings }));
  }

  /** Ends the command, and returns its exit status. */
  end(
    begun: Begun,
    {
      exitStatus,
      errors = [],
      warnings = [],
    }: {
      readonly exitStatus: number;
      readonly errors?: readonly Problem[];
      readonly warnings?: readonly string[];
    },
  ): number {
    this.view.end(this.#document({ begun, exitStatus, errors, warnings }));
    return exitStatus;
  }

  #document({
    warnings = [],
    ...told
  }: {
    readonly begun: Begun;
    readonly exitStatus: number;
    readonly errors?: readonly Problem[];
    readonly warnings?: readonly string[];
  }): ReportDocument {
    const { secrets } = this.environment;
    return reportDocument(resultWithoutHosts('init', warnings), told, secrets);
  }
}
