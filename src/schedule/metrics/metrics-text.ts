import { Gauge, Registry } from 'prom-client';
import type { ReportDocument } from '../../report/document/schema.ts';
import type { Records } from '../records.ts';
import { contract, type Sample } from './contract.ts';
import { Former } from './former.ts';
import { hostSamples } from './host-samples.ts';
import { runSamples } from './run-samples.ts';

/** By what name the exposition format is known in HTTP. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** What there is beside a document. */
export interface Remembered {
  /** undefined where no schedule remembers anything */
  readonly records?: Records | undefined;
  /** the text that was told before this one; undefined: there is none */
  readonly former?: string | undefined;
  /** what the cluster is called where neither of them says */
  readonly cluster?: string | undefined;
}

/**
 * What a look or a run found, as metrics in Prometheus' text exposition format. `document` is that of
 * `check`, `apply` or `schedule run`, made with what was measured (`measured`). Only what it knows is told:
 * after a look that failed, hardly more than that, and when one last succeeded.
 */
export async function metricsText(
  document: ReportDocument,
  { records, former, cluster: called }: Remembered = {},
): Promise<string> {
  const before = new Former(former);
  const cluster = document.measured?.cluster ?? before.cluster ?? called ?? '';
  const known = { document, records, former: before, cluster };
  return exposition([...runSamples(known), ...hostSamples(known)]);
}

/** In a registry of its own: nothing is told of this process. */
async function exposition(samples: readonly Sample[]): Promise<string> {
  const registry = new Registry();
  for (const { name, help, labels } of contract) {
    const own = samples.filter((sample) => sample.name === name);
    if (own.length === 0) continue;
    const gauge = new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
    for (const sample of own) gauge.set({ ...sample.labels }, sample.value);
  }
  return registry.metrics();
}
