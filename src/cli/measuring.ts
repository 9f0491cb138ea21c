import { endsSoon } from '../doctor/certificates.ts';
import type { RenewalsFound } from '../doctor/renewals-found.ts';
import type { Surroundings } from '../doctor/surroundings.ts';
import type { Inventory, InventoryHost } from '../inventory/inventory.ts';
import type { ProgressEvent } from '../model/progress.ts';
import { noReads, type Reads } from '../model/reads.ts';
import type { RunResult } from '../model/result.ts';
import type { ReportMeasured } from '../report/document/schema.ts';
import {
  type AskingSurroundings,
  askingSurroundings,
  namesOf,
  renewalOf,
} from '../run/shown-certificates.ts';
import { type AskingRenewals, askingRenewals } from '../run/with-renewers.ts';
import { PhaseTimes } from '../schedule/metrics/phase-times.ts';
import { ownLine } from '../secrets/showable.ts';
import { packageVersion } from '../version.ts';
import type { Environment } from './environment.ts';

/** A certificate that a host shows, and who renews some there. */
interface Seen {
  readonly one: Surroundings['shown'][number];
  readonly renewals: RenewalsFound | undefined;
}

/** What a command measures while it is at work, for its document and for metrics. */
export class Measuring {
  readonly #clock: () => number;
  readonly #began: number;
  readonly #phases = new PhaseTimes(() => performance.now());
  #inventory: Inventory | undefined;
  #asking: AskingSurroundings | undefined;
  #renewals: AskingRenewals | undefined;
  /** by host */
  readonly #seen = new Map<string, readonly Seen[]>();

  constructor({ clock }: Pick<Environment, 'clock'>) {
    this.#clock = clock.now;
    this.#began = clock.now();
  }

  /** From now on it is known which cluster it is. */
  async begin(inventory: Inventory): Promise<void> {
    this.#asking = await askingSurroundings(inventory);
    this.#renewals = await askingRenewals();
    this.#inventory = inventory;
  }

  /** What is asked of a host in the same look. */
  reads(host: InventoryHost): Reads {
    if (this.#asking === undefined || this.#renewals === undefined) return noReads;
    return { ...noReads, queries: [this.#asking.query(host), this.#renewals.query] };
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
      const renewals = this.#renewals?.read(plan.snapshot);
      this.#seen.set(
        host.name,
        found.shown.flatMap((one) => (names.includes(one.name) ? [{ one, renewals }] : [])),
      );
    }
  }

  take(): ReportMeasured {
    const first = new Map<string, Seen>();
    for (const seen of [...this.#seen.values()].flat()) {
      const { name, validTo } = seen.one;
      if (validTo <= (first.get(name)?.one.validTo ?? validTo)) first.set(name, seen);
    }
    const now = this.#clock();
    const iso = (time: number) => new Date(time).toISOString();
    const { cluster, playbook } = this.#inventory ?? {};
    return {
      version: packageVersion(),
      ...(cluster === undefined ? {} : { cluster: cluster.name }),
      ...(playbook === undefined ? {} : { playbook: playbook.name }),
      ...{ at: iso(this.#began), endedAt: iso(now) },
      phases: this.#phases.take().map((one) => ({ ...one })),
      certificates: [...first.values()].map(({ one, renewals }) => {
        const { due, renewer } = renewalOf(one, renewals, now);
        return {
          ...{ name: one.name, begins: iso(one.validFrom), ends: iso(one.validTo), due: iso(due) },
          endsSoon: endsSoon(one, now, due),
          ...(renewer === undefined ? {} : { renewer: ownLine(renewer) }),
        };
      }),
    };
  }
}
