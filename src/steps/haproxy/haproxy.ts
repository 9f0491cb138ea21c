import { isIP } from 'node:net';
import type { Query } from '../../model/snapshot.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { directoriesOf } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { findMistakes } from './check.ts';
import { type HaproxyParameters, haproxyParameters, withoutDisabled } from './model.ts';
import { renderHaproxy } from './render.ts';
import { askVersion, checkVersion } from './version.ts';

/** Those that HAProxy knows and distributions bring. */
const errorCodes = ['400', '403', '408', '500', '502', '503', '504'];

/**
 * The whole of haproxy.cfg, from a typed model; what HAProxy would accept and nobody can want is refused
 * before anything is written. What was there before comes back when the host is given back. Checking the file
 * (`haproxy -c`) and the reload are for a handler.
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
    queries: [openFiles(wanted.unit ?? 'haproxy.service'), askVersion],
  }),
  apply: (host, given) => {
    const wanted = withoutDisabled(given);
    checkVersion(host);
    const mistakes = findMistakes(wanted, fileLimit(host, wanted.unit));
    if (mistakes.length > 0) {
      throw host.problem(
        'haproxy-inconsistent',
        `HAProxy's configuration would not do what it says: ${mistakes.join('; ')}`,
        'correct these in the inventory or in the playbook; nothing was changed',
      );
    }
    for (const name of namesOf(wanted)) checkName(host, name);
    for (const path of certificatesOf(wanted)) checkCertificate(host, path);
    warnOfStatistics(host, wanted);
    host.manage(wholePath(wanted.path));
    const text = renderHaproxy(host.step, wanted, { errorFiles: errorFilesOf(host, wanted) });
    // It holds the password of the statistics page; HAProxy reads it as root.
    host.write(wanted.path, text, { mode: wanted.statistics === undefined ? 0o644 : 0o600 });
  },
};

/**
 * How many files HAProxy may have open: what its unit says, but for a process that may not raise its limits
 * (CAP_SYS_RESOURCE, bit 24 of capabilities(7)), as in many containers. That one keeps what it has.
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

/** Parameters may not be filled in yet. */
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

/** Servers that are known by a name. */
function namesOf(wanted: Partial<HaproxyParameters>): readonly string[] {
  if (!Array.isArray(wanted.backends)) return [];
  const addresses = wanted.backends.flatMap((backend) => [
    ...(Array.isArray(backend.servers) ? backend.servers : []),
    ...(Array.isArray(backend.hosts) ? backend.hosts : []),
  ]);
  return [...new Set(addresses.map(({ address }) => String(address)))].filter((one) => isIP(one) === 0);
}

function checkName(host: StepHost, name: string): void {
  if (host.addresses(name).length > 0) return;
  throw host.problem(
    'name-does-not-resolve',
    `${name} doesn't resolve on this host, so HAProxy couldn't reach that server`,
    'add the name to DNS or to /etc/hosts on this host, or give the server by its address',
  );
}

function checkCertificate(host: StepHost, path: string): void {
  if (host.exists(path)) return;
  throw host.problem(
    'certificate-missing',
    `${path} isn't there on this host, so HAProxy wouldn't start`,
    'have an earlier step make it (pem-bundle), or name another file',
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
    `the statistics page listens on ${address}:${port} without TLS: its password can be read on the way`,
  );
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
