import { z } from 'zod';
import { caddyfileOf } from '../../formats/caddyfile.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { askMetricsPort, metricsPort, metricsPortTaken, refuseOtherMetrics } from '../relay/metrics-port.ts';
import { absolutePath, directoriesOf } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { caddyFiles, caddyOn, lineOf, mainCaddyfile, placeOf } from './caddy-files.ts';
import { caddyImportLine } from './import-format.ts';
import { plainPath } from './locations-parameters.ts';
import { caddyMetricsOption } from './metrics-format.ts';
import { importFile } from './server.ts';
import { askVersion, caddyAbilities } from './version.ts';

const parameters = z.strictObject({
  path: plainPath.describe('our own file with the site'),
  cluster: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected the name of a cluster')
    .describe('its name, in our markers'),
  port: metricsPort,
  caddyfile: plainPath.default(mainCaddyfile).describe('the Caddyfile that imports our file'),
  look_in: z
    .array(absolutePath)
    .default([...caddyFiles])
    .describe('files that an import line of the Caddyfile may lead to'),
});

type MetricsParameters = z.infer<typeof parameters>;

/**
 * A site of its own, on the host's loopback address alone, with Caddy's metrics for Prometheus, and the
 * global option without which Caddy doesn't count requests. It isn't left to the admin API, which may be a
 * socket.
 */
export const caddyMetrics: StepModule<MetricsParameters> = {
  name: 'caddy-metrics',
  description: "on a proxy with Caddy: Caddy's metrics for Prometheus, for the host itself",
  parameters,
  reads: ({ path, caddyfile = mainCaddyfile, look_in: lookIn = [...caddyFiles], port }) => ({
    paths: [path, ...directoriesOf(path), caddyfile, ...lookIn],
    queries: [askVersion, ...askMetricsPort(port)],
  }),
  itemFormats: [caddyImportLine, caddyMetricsOption],
  writes: ({ path, caddyfile = mainCaddyfile }) => [path, caddyfile],
  scraped: ({ port }) => ({ port, path: '/metrics', format: 'prometheus' }),
  apply: (host, wanted) => {
    refuseOtherMetrics(host, { program: 'caddy', port: wanted.port });
    refuseTaken(host, wanted);
    host.manage(wholePath(wanted.path));
    host.write(wanted.path, render(host.step, wanted));
    importFile(host, wanted);
    countRequests(host, wanted);
  },
};

function render(step: string, { port }: MetricsParameters): string {
  return `# Written by clusterproxy, step ${step}: edits get lost.

http://:${port} {
	bind 127.0.0.1
	handle /metrics {
		metrics
	}
	handle {
		respond 404
	}
}
`;
}

function refuseTaken(host: StepHost, { path, port, caddyfile, look_in: lookIn }: MetricsParameters): void {
  const sites = caddyOn(host, caddyfile, lookIn).files.flatMap((file) =>
    file.parts.sites.map((site) => ({ ...site, file })),
  );
  const other = sites.find(
    ({ file, addresses }) => file.path !== path && addresses.some((address) => address.port === port),
  );
  if (other !== undefined) throw metricsPortTaken(host, port, placeOf(other));
}

/**
 * Among the global options: `metrics` since 2.9, in `servers` before. Where somebody has it already, nothing
 * is added; an operator's own `servers` before 2.9 has to get it by hand, since Caddy takes no second block
 * for the same addresses.
 */
function countRequests(host: StepHost, { cluster, caddyfile }: MetricsParameters): void {
  const text = host.text(caddyfile) ?? '';
  const key = [cluster];
  const option = understand(host, caddyfile, text, () =>
    missingOption(host, caddyfile, caddyMetricsOption.remove(text, key)),
  );
  if (option === undefined) return;
  const item = { path: caddyfile, format: caddyMetricsOption.name, key };
  host.manage(item);
  const after = understand(host, caddyfile, text, () => caddyMetricsOption.set(text, key, option));
  if (after !== text) host.write(caddyfile, after);
  host.edited(item, text, after);
}

/** The lines that a Caddyfile's options lack, in which ours aren't; undefined for none. */
function missingOption(host: StepHost, caddyfile: string, text: string): string | undefined {
  const options = caddyfileOf(text).options?.block?.statements ?? [];
  const named = (name: string) => options.filter(({ words }) => words[0]?.text === name);
  const servers = named('servers');
  const isCounted = servers.some(({ block }) =>
    block?.statements.some(({ words }) => words[0]?.text === 'metrics'),
  );
  if (isCounted || named('metrics').length > 0) return undefined;
  if (caddyAbilities(host).hasMetricsOption) return 'metrics';
  const [first] = servers;
  if (first === undefined) return 'servers {\n\tmetrics\n}';
  host.warn(
    `${caddyfile}:${lineOf(text, first.start)}: add "metrics" to these options of servers, or Caddy's metrics won't have its requests: Caddy before 2.9 knows no other place for it`,
  );
  return undefined;
}
