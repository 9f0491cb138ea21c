import { ReportFiles, type ReportTarget, writeReports } from '../../record/report-files.ts';
import { ownWarnings } from '../../report/document/document.ts';
import type { FleetDocument } from '../../report/document/fleet-schema.ts';
import type { ReportDocument } from '../../report/document/schema.ts';
import type { FleetView } from '../../report/fleet-view.ts';
import type { Environment } from '../environment.ts';
import {
  checkTargets,
  type FileOptions,
  filesOf,
  type ReportOptions,
  targetsOf,
  tellReports,
} from '../report-options.ts';

/** The reports of a fleet, in which each cluster's is what its own command would have written. */
export class FleetReports {
  readonly #targets: readonly ReportTarget[];
  readonly #environment: Environment;
  /** by inventory: the report of the command that was carried out last */
  readonly #kept = new Map<string, ReportDocument>();

  private constructor(targets: readonly ReportTarget[], environment: Environment) {
    this.#targets = targets;
    this.#environment = environment;
  }

  /** Throws as `checkTargets` if a report can't be written where it is to be, before any host is asked. */
  static async begin(
    options: ReportOptions & FileOptions & { readonly json: boolean },
    inventories: readonly string[],
    environment: Environment,
  ): Promise<FleetReports> {
    const targets = targetsOf(options);
    if (targets.length > 0) {
      const others = inventories.map((path) => ({ what: 'the inventory', path }));
      await checkTargets(targets, { json: options.json, others: [...others, ...filesOf(options)] });
    }
    if (targets.some(({ file }) => file === undefined)) environment.output.tellResultsAside();
    return new FleetReports(targets, environment);
  }

  /** What notes the report of a cluster; undefined where nobody wants any. */
  of(inventory: string): ReportFiles | undefined {
    if (this.#targets.length === 0) return undefined;
    const { clock, secrets, output } = this.#environment;
    return new ReportFiles({
      now: clock.now,
      maskAll: (data) => secrets.maskAll(data),
      print: (text) => output.document(text),
      keep: (document) => this.#kept.set(inventory, document),
    });
  }

  /** Writes them; the document with a warning for each that could not be written. */
  async write(document: FleetDocument, view: FleetView): Promise<FleetDocument> {
    if (this.#targets.length === 0) return document;
    const { output, secrets } = this.#environment;
    const clusters = document.clusters.map((one) => {
      const { picture } = this.#kept.get(one.inventory) ?? {};
      return picture === undefined ? one : { ...one, document: { ...one.document, picture } };
    });
    const whole = secrets.maskAll({ ...document, clusters });
    const { written, lost } = await writeReports(whole, this.#targets, (text) => output.document(text));
    for (const text of lost) output.messages.write(`warning: ${secrets.mask(text)}\n`);
    tellReports(written, output, (text) => view.message(text));
    return { ...document, warnings: [...document.warnings, ...ownWarnings(lost, secrets)] };
  }
}
