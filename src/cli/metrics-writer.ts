import { problemsOf } from '../model/operator-error.ts';
import { exitStatus, worstOf } from '../model/result.ts';
import { errorReport } from '../report/document/document.ts';
import { errorDocument } from '../report/document/problem.ts';
import type { ReportDocument } from '../report/document/schema.ts';
import { metricsText } from '../schedule/metrics/metrics-text.ts';
import { readTextfile, writeTextfile } from '../schedule/metrics/textfile.ts';
import type { Records } from '../schedule/records.ts';
import type { Environment } from './environment.ts';
import { Measuring } from './measuring.ts';
import type { Session } from './session.ts';

/** Where metrics are kept: a file, or the memory of a process that is asked for them. */
export interface MetricsStore {
  /** what the cluster is called where its inventory can't be read */
  readonly cluster?: string;
  /** the text that was written last; undefined: there is none */
  readonly read: () => Promise<string | undefined>;
  readonly write: (text: string) => Promise<void>;
}

/** The file that node_exporter reads. */
export function textfile(file: string): MetricsStore {
  return { read: () => readTextfile(file), write: (text) => writeTextfile(file, text) };
}

/**
 * Writes what a command found, to the file that `--metrics` names for one. If that fails, the command's
 * document says so, and tells everything else all the same.
 */
export class MetricsWriter {
  readonly measuring: Measuring;
  readonly #store: MetricsStore;
  readonly #environment: Environment;
  #records: (() => Promise<Records | undefined>) | undefined;

  constructor(store: MetricsStore, environment: Environment) {
    this.measuring = new Measuring(environment);
    this.#store = store;
    this.#environment = environment;
  }

  /** Has a session's command measured, and what it finds written. */
  async follow(session: Pick<Session, 'measure' | 'complete'>): Promise<void> {
    await session.measure(this.measuring);
    session.complete((document) => this.complete(document));
  }

  /** What a schedule remembers is asked for once its run is recorded. */
  remember(records: () => Promise<Records | undefined>): void {
    this.#records = records;
  }

  /** The document of a command that has come to its end, with what went wrong here. */
  async complete(document: ReportDocument): Promise<ReportDocument> {
    try {
      await this.#write(document);
      return document;
    } catch (error) {
      const problems = this.#environment.secrets.maskAll(problemsOf(error));
      if (problems.length === 0) throw error;
      const { summary, errors = [] } = document;
      const status = worstOf(summary.exitStatus, exitStatus.failed);
      return {
        ...document,
        errors: [...errors, ...problems.map(errorDocument)],
        summary: { ...summary, exitStatus: status },
      };
    }
  }

  /** Writes that a command ended before it had a document, and nothing of hosts; throws as `complete`. */
  async failed(error: unknown): Promise<void> {
    const { secrets, phase } = this.#environment;
    const errors = problemsOf(error);
    const status = phase.changing ? exitStatus.failed : exitStatus.nothingTouched;
    const isInterrupted = errors.some(({ code }) => code === 'interrupted');
    const report = { exitStatus: isInterrupted ? exitStatus.interrupted : status, errors };
    await this.#write({ ...errorReport('', report, secrets), measured: this.measuring.take() });
  }

  async #write(document: ReportDocument): Promise<void> {
    const [records, former] = await Promise.all([
      this.#records?.().catch(() => undefined),
      this.#store.read(),
    ]);
    await this.#store.write(await metricsText(document, { records, former, cluster: this.#store.cluster }));
  }
}
