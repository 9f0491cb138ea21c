import { isIP } from 'node:net';
import type { Query } from '../../model/reads.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { askMetricsPort, refuseOtherMetrics } from '../relay/metrics-port.ts';
import { directoriesOf } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { findMistakes } from './check.ts';
import { askBuild, refuseWithoutExporter, scrapedAt } from './metrics-service.ts';
import { type HaproxyParameters, haproxyParameters, withoutDisabled } from './model.ts';
import { renderHaproxy } from './render.ts';
import { askVersion, checkVersion } from './version.ts';

/** Those that HAProxy supports and distributions provide. */
const errorCodes = ['400', '403', '408', '500', '502', '503', '504'];

/**
 * The whole of haproxy.cfg, from a typed model; what HAProxy would accept although nobody can want it is
 * refused before anything is written. The former file comes back when the host is restored. Checking the file
 * (`haproxy -c`) and reloading are left to a handler.
 */
export const haproxy: StepModule<HaproxyParameters> = {
  name: 'haproxy',
  description: "on a balancer: HAProxy's configuration",
  parameters: haproxyParameters,
  reads: (wanted) => ({
    paths: [
      wanted.path ?? '/etc/haproxy/haproxy.cfg',
      ...directoriesOf(wanted.path ?? '/etc/haproxy/haproxy.cfg'),
      ...errorCodes.map((code) => `${wanted.error_files || '/etc/haproxy/errors'}/${code}.http`),
      ...certificatesOf(wanted),
    ],
    names: namesOf(wanted),
    queries: [openFiles(wanted.unit ?? 'haproxy.service'), askVersion, ...metricsQueries(wanted)],
  }),
  writes: ({ path }) => [path],
  scraped: ({ metrics }) => (metrics?.enabled ? scrapedAt(metrics.port) : undefined),
  apply: (host, given) => {
    const wanted = withoutDisabled(given);
    checkVersion(host);
    checkMetrics(host, wanted);
    const mistakes = findMistakes(wanted, fileLimit(host, wanted.unit));
    if (mistakes.length > 0) {
      throw host.problem(
        'haproxy-inconsistent',
        `HAProxy's configuration would not work as written: ${mistakes.join('; ')}`,
        'correct this in the inventory or in the playbook; nothing was changed',
      );
    }
    for (const name of namesOf(wanted)) checkName(host, name);
    for (const path of certificatesOf(wanted)) checkCertificate(host, path);
    warnOfStatistics(host, wanted);
    host.manage(wholePath(wanted.path));
    const text = renderHaproxy(host.step, wanted, { errorFiles: errorFilesOf(host, wanted) });
    // It contains the password of the statistics page; HAProxy reads it as root.
    host.write(wanted.path, text, { mode: wanted.statistics === undefined ? 0o644 : 0o600 });
  },
};

/**
 * How many files HAProxy may have open: its unit's limit, except for a process that may not raise its limits
 * (CAP_SYS_RESOURCE, bit 24 of capabilities(7)), as in many containers. Such a process keeps its current
 * limit.
 */
const askOpenFiles = [
  'pid=$(systemctl show --property=MainPID --value "$1")',
  `caps=$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$pid/status" 2> /dev/null)`,
  'if [ -n "$caps" ] && [ "$pid" -gt 0 ] && [ $((0x$caps >> 24 & 1)) = 0 ]',
  `then awk '/^Max open files/ { print $5 }' "/proc/$pid/limits"`,
  'else systemctl show --property=LimitNOFILE --value "$1"',
  'fi',
].join('; ');

function openFiles(unit: string): Query {
  return { kind: 'command', args: ['sh', '-c', askOpenFiles, 'sh', unit] };
}

function fileLimit(host: StepHost, unit: string): number | undefined {
  const answer = host.answer(openFiles(unit));
  const limit = Number(answer?.status === 0 ? answer.output.trim() : Number.NaN);
  return Number.isSafeInteger(limit) && limit > 0 ? limit : undefined;
}

/** Parameters may not have been filled in yet. */
function metricsQueries({ metrics }: Partial<HaproxyParameters>): readonly Query[] {
  return metrics?.enabled === true ? [askBuild, ...askMetricsPort(metrics.port)] : [];
}

/** HAProxy's own sections are known by its model. */
function checkMetrics(host: StepHost, { metrics }: HaproxyParameters): void {
  if (metrics === undefined) return;
  refuseWithoutExporter(host);
  refuseOtherMetrics(host, { program: 'haproxy', port: metrics.port });
}

/** Parameters may not have been filled in yet. */
function certificatesOf(wanted: Partial<HaproxyParameters>): readonly string[] {
  const binds = [
    ...(Array.isArray(wanted.frontends) ? wanted.frontends.flatMap(({ bind }) => bind ?? []) : []),
    ...(wanted.statistics?.bind === undefined ? [] : [wanted.statistics.bind]),
  ];
  const paths = binds
    .map(({ certificate }) => certificate)
    .filter((path) => path !== undefined && path !== '');
  return [...new Set(paths as string[])];
}

/** Servers and balancers that are given by name. */
function namesOf(wanted: Partial<HaproxyParameters>): readonly string[] {
  const [backends, frontends] = [listOf(wanted.backends), listOf(wanted.frontends)];
  const addresses = [
    ...backends.flatMap(({ servers, hosts }) => [...listOf(servers), ...listOf(hosts)]),
    ...frontends.flatMap(({ acme_balancers: balancers }) => listOf(balancers?.hosts)),
  ];
  return [...new Set(addresses.map(({ address }) => String(address)))].filter((one) => isIP(one) === 0);
}

/** Parameters may not have been filled in yet. */
function listOf<Item>(given: readonly Item[] | undefined): readonly Item[] {
  return Array.isArray(given) ? given : [];
}

function checkName(host: StepHost, name: string): void {
  if (host.addresses(name).length > 0) return;
  throw host.problem(
    'name-does-not-resolve',
    `${name} doesn't resolve on this host, so HAProxy couldn't reach that server`,
    "add the name to DNS or to /etc/hosts on this host, or give the server's address instead",
  );
}

function checkCertificate(host: StepHost, path: string): void {
  if (host.exists(path)) return;
  throw host.problem(
    'certificate-missing',
    `${path} does not exist on this host, so HAProxy wouldn't start`,
    'create it in an earlier step (pem-bundle), or name another file',
  );
}

function errorFilesOf(
  host: StepHost,
  { error_files: folder }: HaproxyParameters,
): ReadonlyMap<string, string> {
  if (folder === '') return new Map();
  const files = errorCodes.map((code) => [code, `${folder}/${code}.http`] as const);
  return new Map(files.filter(([, path]) => host.exists(path)));
}

function warnOfStatistics(host: StepHost, { statistics }: HaproxyParameters): void {
  if (statistics === undefined) return;
  const { address, port, certificate } = statistics.bind;
  if (isLoopback(address) || certificate !== undefined) return;
  host.warn(
    `the statistics page listens on ${address}:${port} without TLS: its password can be read in transit`,
  );
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
