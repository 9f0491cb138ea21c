import type { ReportDocument } from '../../report/document/schema.ts';
import type { View } from '../../report/view.ts';
import { OverheardView } from '../overheard-view.ts';
import { type TraceSettings, traceSettings } from './settings.ts';
import { type SpanData, SpanTree, type TraceBeginning } from './span-tree.ts';

export interface TracesOptions {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** milliseconds since the epoch */
  readonly now: () => number;
  /** takes the secrets of the run out of plain data */
  readonly maskAll: <Data>(data: Data) => Data;
  /** of clusterproxy */
  readonly version: () => string;
  /** how long sending may take; milliseconds */
  readonly limit?: number;
}

const usualLimit = 2_000;

/**
 * One trace of each command over an inventory, for a collector of OpenTelemetry, if the environment names
 * one: else nothing is done, and no library is loaded. Whatever becomes of it, the command goes on.
 */
export class Traces {
  readonly #options: TracesOptions;
  #settings: TraceSettings = { kind: 'off' };
  #tree: SpanTree | undefined;
  #ended: SpanData | undefined;

  constructor(options: TracesOptions) {
    this.#options = options;
  }

  /** Begins the trace of a command. */
  begin(beginning: TraceBeginning): void {
    const { variables, now } = this.#options;
    this.#settings = traceSettings(variables);
    this.#tree = this.#settings.kind === 'off' ? undefined : new SpanTree(beginning, now);
    this.#ended = undefined;
  }

  /** The same view, but that what it is told gets into the trace. */
  recording(view: View): View {
    const tree = this.#tree;
    if (tree === undefined) return view;
    return new OverheardView(view, {
      progress: (event) => tree.progress(event),
      end: (document) => this.#end(document),
    });
  }

  /** Sends the trace of a command that has come to its end; returns what is worth a word of it. */
  send(document: ReportDocument): Promise<string | undefined> {
    this.#end(document);
    return this.close();
  }

  /** Sends what was ended and not sent: the trace of a command that failed; returns as `send`. */
  async close(): Promise<string | undefined> {
    const ended = this.#ended;
    const settings = this.#settings;
    this.#ended = undefined;
    if (ended === undefined || settings.kind === 'off') return undefined;
    const why = settings.kind === 'unusable' ? settings.why : await this.#sent(ended, settings);
    return why === undefined ? undefined : `traces of this command could not be sent: ${why}`;
  }

  async #sent(ended: SpanData, { parent }: TraceSettings & { kind: 'on' }): Promise<string | undefined> {
    const { version, maskAll, limit = usualLimit } = this.#options;
    try {
      const { sendTrace } = await import('./send.ts');
      return await sendTrace(maskAll(ended), { parent, version: version(), limit });
    } catch {
      // A variable with a file or a header that the libraries can't use.
      return 'what the OTEL_ variables say can not be used';
    }
  }

  #end(document: ReportDocument): void {
    this.#ended ??= this.#tree?.end(document);
    this.#tree = undefined;
  }
}
