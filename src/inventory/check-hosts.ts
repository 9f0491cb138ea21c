import { valueAt } from '../document/found-value.ts';
import { knownNamesHint } from '../document/nearest-name.ts';
import type { YamlDocument } from '../document/yaml-document.ts';
import type { Problem } from '../model/operator-error.ts';
import type { Playbook } from '../model/playbook.ts';
import { type HostEntry, mapOf, textOf } from './host-entries.ts';

/** Checks over all hosts of an inventory, and of each against its role. */
export function checkHosts(
  document: YamlDocument,
  playbook: Playbook | undefined,
  hosts: readonly HostEntry[],
): readonly Problem[] {
  return [
    ...checkNames(document, hosts),
    ...checkAddresses(document, hosts),
    ...checkHostnames(document, playbook, hosts),
    ...(playbook === undefined
      ? []
      : [...checkRoleNames(document, playbook, hosts), ...checkRecipes(document, playbook, hosts)]),
  ];
}

/** Names are unique over all roles and regardless of case, since some would end up as the same file name. */
function checkNames(document: YamlDocument, hosts: readonly HostEntry[]): readonly Problem[] {
  return repeated(hosts, ({ data }) => textOf(data, 'name')?.toLowerCase()).map(({ again, first }) => {
    const name = textOf(again.data, 'name') ?? '';
    const other = textOf(first.data, 'name') ?? '';
    const { line } = document.location([...first.path, 'name']);
    return document.problem([...again.path, 'name'], {
      code: 'duplicate-name',
      message:
        name === other
          ? `the name ${name} is used twice; the first is on line ${line}`
          : `the names ${name} and ${other} (line ${line}) differ only in case`,
      next: 'give every host its own name; names are unique over all roles',
    });
  });
}

function checkAddresses(document: YamlDocument, hosts: readonly HostEntry[]): readonly Problem[] {
  return repeated(hosts, (host) => sshAddress(document, host)).map(({ again, first }) => {
    const { line } = document.location(first.path);
    const place = [['ssh', 'address'], ['address'], ['hostname'], ['name']].find(
      (path) => typeof valueAt(again.data, path) === 'string',
    );
    return document.problem([...again.path, ...(place ?? [])], {
      code: 'duplicate-address',
      message: `${sshAddress(document, again)} is also the ssh address of ${textOf(first.data, 'name') ?? 'another host'} (line ${line})`,
      next: 'correct one of the two; a host has only one role',
    });
  });
}

/** The `address:port` to which ssh would connect. */
function sshAddress(document: YamlDocument, { data }: HostEntry): string | undefined {
  const ssh = mapOf(valueAt(data, ['ssh']));
  const address =
    textOf(ssh, 'address') ?? textOf(data, 'address') ?? textOf(data, 'hostname') ?? textOf(data, 'name');
  const port = valueAt(ssh, ['port']) ?? valueAt(document.value, ['ssh', 'port']) ?? 22;
  return address === undefined ? undefined : `${address.toLowerCase()}, port ${String(port)}`;
}

function checkHostnames(
  document: YamlDocument,
  playbook: Playbook | undefined,
  hosts: readonly HostEntry[],
): readonly Problem[] {
  const problems = repeated(hosts, ({ data }) => textOf(data, 'hostname')?.toLowerCase()).map(
    ({ again, first }) =>
      document.problem([...again.path, 'hostname'], {
        code: 'duplicate-hostname',
        message: `${textOf(again.data, 'hostname')} is also the hostname of ${textOf(first.data, 'name') ?? 'another host'} (line ${document.location(first.path).line})`,
        next: 'give every host its own DNS name',
      }),
  );
  const cluster = valueAt(document.value, ['cluster', 'hostname']);
  for (const { role: name, path, data } of hosts) {
    const role = playbook?.roles.find((candidate) => candidate.name === name);
    if (role?.hostname !== 'required') continue;
    const hostname = valueAt(data, ['hostname']);
    if (hostname === undefined) {
      problems.push(
        document.problem([...path, 'hostname'], {
          code: 'missing-key',
          message: `a host of the role ${name} needs a hostname; expected a DNS name`,
          next: 'add hostname: …',
        }),
      );
    } else if (typeof hostname === 'string' && hostname === cluster) {
      problems.push(
        document.problem([...path, 'hostname'], {
          code: 'duplicate-hostname',
          message: `${hostname} is the hostname of the whole cluster`,
          next: `give this ${name} a DNS name of its own`,
        }),
      );
    }
  }
  return problems;
}

/** `--limit` takes names of hosts and of roles, so the same word must not mean both. */
function checkRoleNames(
  document: YamlDocument,
  playbook: Playbook,
  hosts: readonly HostEntry[],
): readonly Problem[] {
  return hosts.flatMap((host) => {
    const name = textOf(host.data, 'name');
    if (!playbook.roles.some((role) => role.name === name)) return [];
    const isWholeRole = host.role === name && hosts.filter(({ role }) => role === name).length === 1;
    if (isWholeRole) return [];
    return [
      document.problem([...host.path, 'name'], {
        code: 'duplicate-name',
        message: `${name} is the name of a role, so --limit ${name} would have two meanings`,
        next: `write e.g. ${name}-1`,
      }),
    ];
  });
}

function checkRecipes(
  document: YamlDocument,
  playbook: Playbook,
  hosts: readonly HostEntry[],
): readonly Problem[] {
  return hosts.flatMap(({ role: name, path, data }) => {
    const role = playbook.roles.find((candidate) => candidate.name === name);
    const recipe = textOf(data, 'recipe');
    if (role === undefined || recipe === undefined) return [];
    const known = role.recipes.map((candidate) => candidate.name);
    if (known.includes(recipe)) return [];
    return [
      document.problem([...path, 'recipe'], {
        code: 'unknown-recipe',
        message: `the role ${name} has no recipe ${recipe}`,
        next: known.length === 0 ? 'remove the key: all its hosts are alike' : knownNamesHint(recipe, known),
      }),
    ];
  });
}

function repeated(
  hosts: readonly HostEntry[],
  keyOf: (host: HostEntry) => string | undefined,
): readonly { again: HostEntry; first: HostEntry }[] {
  const seen = new Map<string, HostEntry>();
  return hosts.flatMap((host) => {
    const key = keyOf(host);
    if (key === undefined) return [];
    const first = seen.get(key);
    if (first === undefined) seen.set(key, host);
    return first === undefined ? [] : [{ again: host, first }];
  });
}
