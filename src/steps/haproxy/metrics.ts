import { z } from 'zod';
import { setSectionsBlock } from '../../formats/haproxy.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { askMetricsPort, metricsPort, metricsPortTaken, refuseOtherMetrics } from '../relay/metrics-port.ts';
import { directoriesOf } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { bindsOf, hasPort } from './binds.ts';
import { haproxyMetricsBlock, metricsBlock } from './block-formats.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { clusterName, configurationPath, usualPath } from './locations-parameters.ts';
import { askBuild, metricsLines, refuseWithoutExporter, scrapedAt } from './metrics-service.ts';
import { otherReads } from './other-files.ts';
import { isOff } from './ports.ts';
import { metricsFrontend, sectionsOf } from './section-names.ts';

const parameters = z.strictObject({
  path: configurationPath,
  cluster: clusterName,
  port: metricsPort,
});

type MetricsParameters = z.infer<typeof parameters>;

/** A frontend of its own, on the host's loopback address alone, with HAProxy's metrics for Prometheus. */
export const haproxyMetrics: StepModule<MetricsParameters> = {
  name: 'haproxy-metrics',
  description: "on a proxy with HAProxy: HAProxy's metrics for Prometheus, for the host itself",
  parameters,
  reads: ({ path = usualPath, port }) => ({
    paths: [path, ...directoriesOf(path), ...otherReads.paths],
    queries: [askBuild, ...askMetricsPort(port), ...otherReads.queries],
  }),
  itemFormats: [haproxyMetricsBlock],
  writes: ({ path }) => [path],
  scraped: ({ port, cluster }) => ({ ...scrapedAt(port), sections: sectionsOf(cluster) }),
  apply: (host, wanted) => {
    refuseWithoutExporter(host);
    refuseOtherMetrics(host, { program: 'haproxy', port: wanted.port });
    const configuration = readConfiguration(host, wanted.path, wanted.cluster);
    refuseTaken(host, configuration, wanted);
    const { text } = configuration;
    const after = understand(host, wanted.path, text, () =>
      setSectionsBlock(text, metricsBlock(wanted.cluster), render(wanted)),
    );
    host.manage({ path: wanted.path, format: haproxyMetricsBlock.name, key: [wanted.cluster] });
    if (after !== text) host.write(wanted.path, after);
  },
};

function render({ cluster, port }: MetricsParameters): string {
  return `frontend ${metricsFrontend(cluster)}\n${metricsLines(port)
    .map((line) => `    ${line}\n`)
    .join('')}`;
}

/** HAProxy opens a port twice, and the kernel shares the connections out between the two. */
function refuseTaken(
  host: StepHost,
  { path, sections, others, blockAt }: Configuration,
  { cluster, port }: MetricsParameters,
): void {
  const outside = sections.filter(({ head }) => blockAt(head.start) !== metricsBlock(cluster));
  for (const file of [{ path, sections: outside }, ...others]) {
    for (const section of file.sections.filter((one) => !isOff(one))) {
      const bind = bindsOf(section).find((at) => hasPort(at, port));
      if (bind === undefined) continue;
      const who = `${section.keyword} ${section.name} (${file.path}:${bind.line})`;
      throw metricsPortTaken(host, port, who);
    }
  }
}
