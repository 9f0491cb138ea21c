import type { Query } from '../../model/reads.ts';
import type { Scraped } from '../../model/scraped.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { answer } from './answers.ts';

/** HAProxy's metrics for Prometheus, in a frontend of their own on the host's loopback address alone. */
export function metricsLines(port: number): readonly string[] {
  return [
    `bind ${metricsAddress}:${port}`,
    'mode http',
    'no log',
    'maxconn 20',
    'timeout client 10s',
    'timeout http-request 10s',
    'http-request use-service prometheus-exporter if { path /metrics }',
    answer(404, 'Not found'),
  ];
}

export const metricsAddress = '127.0.0.1';

export function scrapedAt(port: number): Scraped {
  return { port, path: '/metrics', format: 'prometheus' };
}

export const askBuild: Query = { kind: 'command', args: ['haproxy', '-vv'] };

/** Whoever builds HAProxy chooses: USE_PROMEX, before 2.4 EXTRA_OBJS. Both say so in `haproxy -vv`. */
export function refuseWithoutExporter(host: StepHost): void {
  const { status, output = '' } = host.answer(askBuild) ?? {};
  if (status !== 0 || !output.includes('Build options') || /prometheus.exporter/i.test(output)) return;
  throw host.problem(
    'no-metrics',
    'HAProxy on this host was built without the service prometheus-exporter, so it has no metrics for Prometheus',
    'install the distribution\'s HAProxy, or set "door_metrics: false" for this host',
  );
}
