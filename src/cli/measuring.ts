import { endsSoon } from '../doctor/certificates.ts';
import type { Surroundings } from '../doctor/surroundings.ts';
import type { Inventory, InventoryHost } from '../inventory/inventory.ts';
import type { ProgressEvent } from '../model/progress.ts';
import { noReads, type Reads } from '../model/reads.ts';
import type { RunResult } from '../model/result.ts';
import type { ReportMeasured } from '../report/document/schema.ts';
import { type AskingSurroundings, askingSurroundings, namesOf } from '../run/shown-certificates.ts';
import { PhaseTimes } from '../schedule/metrics/phase-times.ts';
import { packageVersion } from '../version.ts';
import type { Environment } from './environment.ts';

/** What a command measures while it is at work, for its document and for metrics. */
export class Measuring {
  readonly #clock: () => number;
  readonly #began: number;
  readonly #phases = new PhaseTimes(() => performance.now());
  #inventory: Inventory | undefined;
  #asking: AskingSurroundings | undefined;
  /** by host */
  readonly #seen = new Map<string, Surroundings['shown']>();

  constructor({ clock }: Pick<Environment, 'clock'>) {
    this.#clock = clock.now;
    this.#began = clock.now();
  }

  /** From now on it is known which cluster it is. */
  async begin(inventory: Inventory): Promise<void> {
    this.#asking = await askingSurroundings(inventory);
    this.#inventory = inventory;
  }

  /** What is asked of a host in the same look. */
  reads(host: InventoryHost): Reads {
    return this.#asking === undefined ? noReads : { ...noReads, queries: [this.#asking.query(host)] };
  }

  progress(event: ProgressEvent): void {
    this.#phases.see(event);
  }

  /** Takes what there is in a result: those who look at a host again don't ask for certificates. */
  see({ hosts }: Pick<RunResult, 'hosts'>): void {
    const inventory = this.#inventory;
    if (inventory === undefined) return;
    for (const { plan } of hosts) {
      const host = inventory.hosts.find(({ name }) => name === plan.host);
      const found = host && this.#asking?.read(host, plan.snapshot);
      if (host === undefined || found === undefined) continue;
      // A host may answer whatever it likes.
      const names = namesOf(inventory, host);
      this.#seen.set(
        host.name,
        found.shown.filter(({ name }) => names.includes(name)),
      );
    }
  }

  take(): ReportMeasured {
    const first = new Map<string, Surroundings['shown'][number]>();
    for (const one of [...this.#seen.values()].flat())
      if (one.validTo <= (first.get(one.name)?.validTo ?? one.validTo)) first.set(one.name, one);
    const now = this.#clock();
    const iso = (time: number) => new Date(time).toISOString();
    const { cluster, playbook } = this.#inventory ?? {};
    return {
      version: packageVersion(),
      ...(cluster === undefined ? {} : { cluster: cluster.name }),
      ...(playbook === undefined ? {} : { playbook: playbook.name }),
      ...{ at: iso(this.#began), endedAt: iso(now) },
      phases: this.#phases.take().map((one) => ({ ...one })),
      certificates: [...first.values()].map((one) => ({
        ...{
          name: one.name,
          begins: iso(one.validFrom),
          ends: iso(one.validTo),
          endsSoon: endsSoon(one, now),
        },
      })),
    };
  }
}
