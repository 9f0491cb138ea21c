import { Option } from 'commander';
import type { Environment } from './environment.ts';
import type { MetricsWriter } from './metrics-writer.ts';

export interface MetricsOptions {
  /** the file that node_exporter reads */
  readonly metrics?: string;
}

export function metricsOption(): Option {
  return new Option(
    '--metrics <file>',
    'write what was found as metrics to this file, whose name ends with .prom: for the textfile collector of node_exporter',
  );
}

/**
 * Carries out a command that may write metrics, so that they tell of its end also where it fails. What ended
 * it is told as ever; that its metrics could not be written either is told beside it.
 */
export async function withMetrics(
  { metrics }: MetricsOptions,
  environment: Environment,
  work: (writer: MetricsWriter | undefined) => Promise<number>,
): Promise<number> {
  if (metrics === undefined) return work(undefined);
  const { MetricsWriter, textfile } = await import('./metrics-writer.ts');
  const writer = new MetricsWriter(textfile(metrics), environment);
  try {
    return await work(writer);
  } catch (error) {
    const { OperatorErrors, problemsOf } = await import('../model/operator-error.ts');
    const also = await writer.failed(error).then(
      () => [],
      (another: unknown) => problemsOf(another),
    );
    throw also.length === 0 ? error : new OperatorErrors([...problemsOf(error), ...also]);
  }
}
