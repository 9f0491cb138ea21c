import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { mostFiles } from './expected-users.ts';

/** How many files a service may have, and by what. Unknown is Infinity: a change says so itself then. */
export interface FileLimits {
  /** what its unit says today, as far as this host lets systemd give it */
  readonly hard: number;
  /** what it begins with, and keeps unless it asks for more; undefined: not known */
  readonly soft: number | undefined;
  /** what a drop-in can raise it to */
  readonly byUnit: number;
  /** what its own main process can raise it to, which runs as root */
  readonly byItself: number;
  /** why no more, in words */
  readonly why: string;
}

const askFirst: Query = { kind: 'command', args: ['cat', '/proc/1/limits'] };
const askRights: Query = { kind: 'command', args: ['cat', '/proc/1/status'] };
const askMost: Query = { kind: 'command', args: ['cat', '/proc/sys/fs/nr_open'] };

export function askFileLimits(unit: string): readonly Query[] {
  return [askFirst, askRights, askMost, askUnit(unit)];
}

function askUnit(unit: string): Query {
  const properties = 'LimitNOFILE,LimitNOFILESoft,CapabilityBoundingSet';
  return { kind: 'command', args: ['systemctl', 'show', `--property=${properties}`, unit] };
}

/**
 * Nobody may have more than fs.nr_open. Who lacks CAP_SYS_RESOURCE, as systemd does in many containers, can't
 * raise the limit that it was given: systemd then starts a service with what is nearest, and says nothing.
 * Sources: getrlimit(2), capabilities(7), setrlimit_closest() in systemd's rlimit-util.c.
 */
export function fileLimitsOf(host: StepHost, unit: string): FileLimits {
  const most = numberOf(host.answer(askMost)?.output) ?? mostFiles;
  const held = numberOf(/^Max open files +\S+ +(\S+)/m.exec(answered(host, askFirst))?.[1]) ?? most;
  const first = mayRaise(host) ? most : Math.min(held, most);
  const property = (name: string) =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(answered(host, askUnit(unit)))?.[1];
  const hard = Math.min(numberOf(property('LimitNOFILE')) ?? Number.POSITIVE_INFINITY, first);
  const soft = numberOf(property('LimitNOFILESoft'));
  const rights = property('CapabilityBoundingSet');
  const isFree = mayRaise(host) && (rights === undefined || rights.includes('cap_sys_resource'));
  return {
    hard,
    soft: soft === undefined ? undefined : Math.min(soft, first),
    byUnit: first,
    byItself: isFree ? most : hard,
    why: mayRaise(host)
      ? `fs.nr_open is ${most}, and ${unit} has a limit of ${hard}`
      : `systemd itself is held to ${held} and may not raise that, which is the case in many containers`,
  };
}

/** Refuses what can't be had, before anything is changed. `of`: how the number came about. */
export function refuseTooMany(
  host: StepHost,
  { needed, most, of, why }: { needed: number; most: number; of: string; why: string },
): void {
  if (needed <= most) return;
  throw host.problem(
    'hardening-impossible',
    `hardening: connections: ${of} need ${needed} files, and no more than ${most} can be had: ${why}`,
    `let it have ${needed}, on the machine that a container runs on (LimitNOFILE, or \`--ulimit nofile\` of Docker) or in its unit; or let more proxies share the users; or take connections out of \`hardening\``,
  );
}

/** CAP_SYS_RESOURCE is the 24th. Whoever isn't known is taken to have it. */
function mayRaise(host: StepHost): boolean {
  const rights = /^CapEff:\s*([0-9a-f]+)/m.exec(answered(host, askRights))?.[1];
  return rights === undefined || ((BigInt(`0x${rights}`) >> 24n) & 1n) === 1n;
}

function answered(host: StepHost, query: Query): string {
  const { status, output = '' } = host.answer(query) ?? {};
  return status === 0 ? output : '';
}

function numberOf(text: string | undefined): number | undefined {
  if (text?.trim() === 'infinity' || text?.trim() === 'unlimited') return Number.POSITIVE_INFINITY;
  return text !== undefined && /^\d+$/.test(text.trim()) ? Number(text) : undefined;
}
