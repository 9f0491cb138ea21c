import { z } from 'zod';
import type { Query } from '../../model/reads.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { askMetricsPort, metricsPort, metricsPortTaken, refuseOtherMetrics } from '../relay/metrics-port.ts';
import { absolutePath, directoriesOf } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { nginxFiles } from './nginx-files.ts';
import { mainFile, nginxOn, placeOf, readsOfConfiguration } from './nginx-on-host.ts';

const parameters = z.strictObject({
  path: absolutePath.describe('our own file with the server block'),
  port: metricsPort,
  look_in: z
    .array(absolutePath)
    .default([...nginxFiles.read])
    .describe('files that nginx is taken to read if the host has no nginx.conf'),
});

type StatusParameters = z.infer<typeof parameters>;

/** A server block of its own, on the host's loopback address alone, with nginx's counters. */
export const nginxStatus: StepModule<StatusParameters> = {
  name: 'nginx-status',
  description: "on a proxy: nginx's counters (stub_status), for the host itself",
  parameters,
  reads: (wanted) => ({
    ...readsOfConfiguration([wanted.path, ...directoriesOf(wanted.path)], wanted.look_in),
    queries: [askModules, ...askMetricsPort(wanted.port)],
  }),
  writes: ({ path }) => [path],
  scraped: ({ port }) => ({ port, path: '/stub_status', format: 'stub_status' }),
  apply: (host, wanted) => {
    refuseWithoutModule(host);
    refuseOtherMetrics(host, { program: 'nginx', port: wanted.port });
    host.manage(wholePath(wanted.path));
    host.write(wanted.path, render(host.step, wanted));
    judge(host, wanted);
  },
};

const askModules: Query = { kind: 'command', args: ['nginx', '-V'] };

/** Where nginx doesn't tell how it was built, `nginx -t` will. */
function refuseWithoutModule(host: StepHost): void {
  const { status, output = '' } = host.answer(askModules) ?? {};
  const isTold = status === 0 && output.includes('configure arguments:');
  if (!isTold || output.includes('--with-http_stub_status_module')) return;
  throw host.problem(
    'no-metrics',
    'nginx on this host was built without stub_status (ngx_http_stub_status_module), so it has no counters to tell',
    'install the distribution\'s nginx, or set "door_metrics: false" for this host',
  );
}

function render(step: string, { port }: StatusParameters): string {
  return `# Written by clusterproxy, step ${step}: edits get lost.

server {
    listen 127.0.0.1:${port};
    server_name localhost;
    access_log off;
    location = /stub_status { stub_status; }
    location / { return 404; }
}
`;
}

/** nginx lets several server blocks share a port, and the one that is named first would answer. */
function judge(host: StepHost, { path, port, look_in: usually }: StatusParameters): void {
  const nginx = nginxOn(host, { usually });
  if (!nginx.servers.some(({ file }) => file.path === path)) {
    throw host.problem(
      'server-not-reached',
      `nginx doesn't read ${path}: no include in the http block of ${mainFile} leads there`,
      `add "include ${path.replace(/[^/]*$/, '*.conf')};" to the http block, or set "door_metrics: false"`,
    );
  }
  const [other] = [...nginx.servers, ...nginx.streams].filter(
    (server) => server.file.path !== path && server.listen.some((listen) => listen.port === port),
  );
  if (other !== undefined) throw metricsPortTaken(host, port, placeOf(other));
}
