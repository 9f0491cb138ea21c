import { expect, it } from 'vitest';
import { mergedMetrics, metricsOf } from '../../../src/schedule/metrics/many-clusters.ts';
import { metricsText } from '../../../src/schedule/metrics/metrics-text.ts';
import { documentOf, hostOf, measuredOf } from './known.ts';

const textOf = (cluster: string, ...hosts: readonly string[]) => {
  const document = documentOf(hosts.map((name) => hostOf(name, { status: 'in-sync' })));
  return metricsText({ ...document, measured: measuredOf(cluster) });
};

it('describes each metric once, above the samples of all clusters, and takes them apart again', async () => {
  const north = await textOf('north', 'bbb-01', 'bbb-02');
  const south = await textOf('so"uth\\', 'bbb-01');
  const both = mergedMetrics([north, south]);
  const lines = both.split('\n').filter((line) => line !== '');
  const heads = lines.filter((line) => line.startsWith('#'));
  expect(new Set(heads).size).toBe(heads.length);
  const samples = lines.filter((line) => !line.startsWith('#'));
  expect(new Set(samples.map((line) => line.replace(/ \S+$/, ''))).size).toBe(samples.length);
  // The samples of a metric stand together, below what describes it.
  const names = lines.map((line) => /^(?:# \w+ )?(\w+)/.exec(line)?.[1]);
  const runs = names.filter((name, index) => name !== names[index - 1]);
  expect(new Set(runs).size).toBe(runs.length);
  const sampled = (text: string | undefined) =>
    (text ?? '')
      .split('\n')
      .filter((line) => line.startsWith('clusterproxy_'))
      .toSorted();
  expect(sampled(metricsOf(both, 'north'))).toEqual(sampled(north));
  expect(sampled(metricsOf(both, 'so"uth\\'))).toEqual(sampled(south));
  expect([metricsOf(both, 'east'), metricsOf(undefined, 'north')]).toEqual([undefined, undefined]);
  expect(mergedMetrics([north])).toBe(mergedMetrics([mergedMetrics([north])]));
});
