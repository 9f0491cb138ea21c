import { isAbsolute, join, resolve } from 'node:path';
import type { DraftSsh, NamedHost } from '../begin/draft.ts';
import { parseEntry } from '../begin/entry.ts';
import { reachedByAlias } from '../begin/from/listed-host.ts';
import { type HostList, readList } from '../begin/from/read-list.ts';
import { nearestName } from '../document/nearest-name.ts';
import { readSourceFile } from '../document/source-file.ts';
import { clusterNameMistake, hostnameMistake, type Mistake, userPattern } from '../inventory/names.ts';
import type { ReadList } from '../model/begun.ts';
import { OperatorError } from '../model/operator-error.ts';
import { home } from '../ssh/config/home.ts';
import { isProxyJump } from '../ssh/config/proxy-jump.ts';
import type { InitOptions } from './init-options.ts';

/** What the command line says of the inventory. */
export interface Given {
  readonly playbook?: string | undefined;
  readonly hostname?: string | undefined;
  readonly name?: string | undefined;
  readonly ssh: DraftSsh;
  readonly external: readonly string[];
  readonly hosts: readonly NamedHost[];
  readonly lists: readonly HostList[];
  /** what the ssh configuration that the inventory uses calls hosts of these lists */
  readonly aliases: ReadonlySet<string>;
  readonly read: readonly ReadList[];
  /** what is worth a word of the files */
  readonly warnings: readonly string[];
}

/** Throws OperatorError for whatever can't be right, before anybody is asked anything. */
export async function givenOf(options: InitOptions, playbooks: readonly string[]): Promise<Given> {
  const { playbook, hostname, name, user, proxyJump } = options;
  if (playbook !== undefined && !playbooks.includes(playbook)) {
    const meant = nearestName(playbook, playbooks);
    const next = meant === undefined ? `choose from: ${playbooks.join(', ')}` : `did you mean ${meant}?`;
    throw usage(`--playbook: ${playbook} doesn't come with clusterproxy`, next);
  }
  refuse('--hostname', hostname === undefined ? undefined : hostnameMistake(hostname));
  refuse('--name', name === undefined ? undefined : clusterNameMistake(name));
  if (user !== undefined && !userPattern.test(user)) {
    throw usage(`--user: '${user}' is not a user name`, 'write the name alone, such as ops');
  }
  if (proxyJump !== undefined && !isProxyJump(proxyJump)) {
    throw usage(`--proxy-jump: '${proxyJump}' is not a list of jump hosts`, 'write user@host:port, or none');
  }
  const roles = (['proxy', 'balancer', 'node'] as const).map((role) => ({ role, entries: options[role] }));
  const isExternal = (entry: string) => entry === 'external';
  const lists = await Promise.all(options.from.map((file) => listIn(file, options)));
  return {
    ...{ playbook, name, hostname: hostname ?? lists.find((list) => list.hostname !== undefined)?.hostname },
    lists,
    aliases: new Set(lists.flatMap((list) => list.aliases)),
    read: lists.map(({ file, kind, hosts }) => ({ file, kind, hosts: hosts.length })),
    warnings: lists.flatMap(({ file, passedOver, isLost }) => [
      ...(passedOver === 0 ? [] : [`${passedOver} entries of ${file} can't be hosts and were passed over`]),
      ...(isLost
        ? [`what ${file} says of keys and jump hosts isn't used; to use it, add --ssh-config ${file}`]
        : []),
    ]),
    ssh: sshOf(options),
    external: roles.filter(({ entries }) => entries.some(isExternal)).map(({ role }) => role),
    hosts: roles.flatMap(({ role, entries }) =>
      entries.filter((entry) => !isExternal(entry)).map((entry) => parseEntry(role, entry)),
    ),
  };
}

async function listIn(file: string, { fromKind, sshConfig }: InitOptions) {
  const { text } = await readSourceFile(file, 'correct the path after --from');
  const list = readList(file, text, fromKind);
  const used = sshConfig ?? join(home(), '.ssh/config');
  const isUsed = list.kind === 'ssh-config' && resolve(used) === resolve(file);
  const hosts = isUsed ? list.hosts.map(reachedByAlias) : list.hosts;
  const isLost = !isUsed && hosts.some(({ hasMore }) => hasMore === true);
  const aliases = isUsed ? list.hosts.flatMap(({ alias }) => alias ?? []) : [];
  return { file, ...list, hosts, isLost, aliases };
}

function sshOf({ user, become, proxyJump, sshConfig, inventory }: InitOptions): DraftSsh {
  const isRoot = user === 'root';
  return {
    user,
    become: become ?? (isRoot ? undefined : 'sudo'),
    proxyJump,
    config: sshConfig === undefined || sshConfig === 'none' ? sshConfig : pathIn(sshConfig, inventory),
  };
}

/** The inventory has paths relative to itself; the command line, to where it is typed. */
function pathIn(path: string, inventory: string): string {
  if (isAbsolute(path) || path.startsWith('~/')) return path;
  return inventory.includes('/') ? resolve(path) : path;
}

function refuse(option: string, mistake: Mistake | undefined): void {
  if (mistake !== undefined) throw usage(`${option}: ${mistake.message}`, mistake.next);
}

function usage(message: string, next: string): OperatorError {
  return new OperatorError({ code: 'usage', message, next });
}
