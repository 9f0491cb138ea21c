import { dirname } from 'node:path';
import type { PrintedFile, SchedulePolicy } from '../model/schedule.ts';
import { stateDirectory, unitName } from './names.ts';
import { settingsSection } from './settings.ts';
import { onCalendar, type When, whenWords } from './when.ts';

/** What a schedule consists of, wherever it runs. */
export interface Schedule {
  readonly name: string;
  readonly cluster: string;
  readonly policy: SchedulePolicy;
  readonly when: When;
  /** seconds */
  readonly spread: number;
  /** IANA name; undefined if the inventory names none */
  readonly zone: string | undefined;
  /** the words of the program, each of them absolute */
  readonly program: readonly string[];
  /** what follows them in a scheduled run */
  readonly words: readonly string[];
}

/** The manager that runs it. */
export type Manager =
  /** the account that the service has: that of the ssh keys */
  { readonly kind: 'system'; readonly account: string } | { readonly kind: 'user' };

export interface Unit extends Schedule {
  readonly manager: Manager;
  /** where what runs have found is kept */
  readonly records: string;
  /** secrets that the inventory takes from the environment, and the files that hold them */
  readonly credentials: ReadonlyMap<string, string>;
  /** the file for metrics, by its absolute path; undefined: none is written */
  readonly metrics?: string | undefined;
}

/** The service and the timer. Pure. */
export function units(unit: Unit): readonly PrintedFile[] {
  const name = unitName(unit.name);
  return [
    { file: `${name}.service`, text: serviceText(unit) },
    { file: `${name}.timer`, text: timerText(unit) },
  ];
}

/**
 * A service, see systemd.service(5) and systemd.exec(5). Two of them never run at once: it is one unit.
 * `output`: the file that takes its results, instead of the journal.
 */
export function serviceText(unit: Unit, output?: string): string {
  const { cluster, program, words, records } = unit;
  return text({
    Unit: [
      `Description=clusterproxy: is the cluster ${escapedValue(cluster)} as planned?`,
      'Documentation=man:systemd.timer(5)',
      ...(unit.manager.kind === 'system'
        ? ['Wants=network-online.target', 'After=network-online.target']
        : []),
    ],
    Service: [
      'Type=oneshot',
      `ExecStart=${commandLine([...program, ...words, '--state', records])}`,
      // That something differs, or was put off, is a finding and no failure of the service.
      'SuccessExitStatus=2 5',
      // No agent, no display: what works by day has to work at night.
      'UnsetEnvironment=SSH_AUTH_SOCK SSH_ASKPASS SSH_ASKPASS_REQUIRE DISPLAY WAYLAND_DISPLAY',
      'StandardInput=null',
      'StandardError=journal',
      // How one ended is forgotten once it is inactive, so one whose result is waited for stays.
      ...(output === undefined ? [] : [`StandardOutput=truncate:${output}`, 'RemainAfterExit=true']),
      // A run that waits until people have gone takes hours; one that hangs must not go on for ever.
      'TimeoutStartSec=12h',
      // Hosts that are being changed are waited for: see docs/transactions.md.
      'TimeoutStopSec=15min',
      'KillMode=mixed',
      ...[...unit.credentials].map(([variable, file]) => `LoadCredential=${variable}:${escapedValue(file)}`),
      ...surroundings(unit),
      ...hardening,
    ],
  });
}

/** A timer, see systemd.timer(5). Persistent=: what was missed is caught up, by a run that only looks. */
function timerText({ cluster, when, spread, zone, policy, records }: Unit): string {
  return text({
    Unit: [`Description=clusterproxy: looks at the cluster ${escapedValue(cluster)} ${whenWords(when)}`],
    Timer: [
      `OnCalendar=${onCalendar(when, zone)}`,
      `RandomizedDelaySec=${spread}s`,
      `AccuracySec=${when.kind === 'minutes' && when.every < 5 ? '1s' : '1min'}`,
      'Persistent=true',
    ],
    Install: ['WantedBy=timers.target'],
    'X-Clusterproxy': settingsSection({ policy, when: whenWords(when), records }),
  });
}

function surroundings({ manager, name, records, metrics }: Unit): readonly string[] {
  // Where that folder is gone the service still looks, and says that it could not write there.
  const more = metrics === undefined ? [] : [`ReadWritePaths=${quotedPath(`-${dirname(metrics)}`)}`];
  if (manager.kind === 'user') return [`ReadWritePaths=${quotedPath(records)}`, ...more];
  const state = [`StateDirectory=${stateDirectory(name)}`, 'StateDirectoryMode=0700'];
  return [`User=${manager.account}`, ...state, ...more];
}

/**
 * What the program doesn't need it doesn't get. It reads the inventory and the keys, writes its records, and
 * makes connections. MemoryDenyWriteExecute= is missing: the engine of Node.js compiles to memory.
 */
const hardening = [
  'UMask=0077',
  'CapabilityBoundingSet=',
  'AmbientCapabilities=',
  'NoNewPrivileges=true',
  'PrivateUsers=true',
  'ProtectSystem=strict',
  'ProtectHome=read-only',
  'PrivateTmp=true',
  'PrivateDevices=true',
  'ProtectClock=true',
  'ProtectControlGroups=true',
  'ProtectHostname=true',
  'ProtectKernelModules=true',
  'ProtectKernelTunables=true',
  'LockPersonality=true',
  'RemoveIPC=true',
  // AF_NETLINK: getaddrinfo(3) asks which addresses this machine has.
  'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
  'RestrictNamespaces=true',
  'RestrictRealtime=true',
  'RestrictSUIDSGID=true',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  'SystemCallFilter=~@privileged @resources',
  'SystemCallErrorNumber=EPERM',
] as const;

function text(sections: Readonly<Record<string, readonly string[]>>): string {
  const parts = Object.entries(sections).map(([section, lines]) => [`[${section}]`, ...lines, ''].join('\n'));
  return parts.join('\n');
}

/** Words of a command line as systemd.service(5) reads them. */
export function commandLine(words: readonly string[]): string {
  return words.map(quotedWord).join(' ');
}

function quotedWord(word: string): string {
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@+=:,./~%$-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll('"', '\\"')}"`;
}

/** In a list of paths a dollar sign means nothing, see systemd.exec(5). */
function quotedPath(path: string): string {
  return quotedWord(path).replaceAll('$$', '$');
}

/** The only thing that has a meaning in any value: specifiers. */
function escapedValue(value: string): string {
  return value.replaceAll('%', '%%');
}
