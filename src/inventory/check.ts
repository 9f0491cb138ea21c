import { valueAt } from '../document/found-value.ts';
import { knownNamesHint } from '../document/nearest-name.ts';
import type { YamlDocument } from '../document/yaml-document.ts';
import type { Problem } from '../model/operator-error.ts';
import type { Playbook } from '../model/playbook.ts';
import { checkHosts } from './check-hosts.ts';
import { checkVariables } from './check-variables.ts';
import { checkVirtualAddress } from './check-virtual-address.ts';
import { type HostEntry, hostEntries, mapOf } from './host-entries.ts';

/**
 * Checks what an inventory's schema can't express: duplicate names, and everything that depends on the
 * playbook. It uses the file's plain data, so that a mistake of form in one place doesn't hide the others.
 * Without a playbook (if that has mistakes of its own) it checks what it can.
 */
export function checkInventory(document: YamlDocument, playbook: Playbook | undefined): readonly Problem[] {
  const all = hostEntries(document.value);
  // That a host is written as a bare name is a mistake of form; it has no keys that could be wrong.
  const hosts = all.filter(({ path }) => typeof valueAt(document.value, path) === 'object');
  return [
    ...(playbook === undefined
      ? []
      : [
          ...checkRoles(document, playbook, all),
          ...checkByRole(document, playbook, 'max_unavailable'),
          ...checkByRole(document, playbook, 'when_busy'),
          ...checkByRole(document, playbook, 'upgrade_commands'),
          ...checkDrains(document, playbook, all),
        ]),
    ...checkHosts(document, playbook, hosts),
    ...checkVirtualAddress(document, playbook, hosts),
    ...(playbook === undefined ? [] : checkVariables(document, playbook, hosts)),
  ];
}

function checkRoles(
  document: YamlDocument,
  playbook: Playbook,
  hosts: readonly HostEntry[],
): readonly Problem[] {
  const problems: Problem[] = [];
  // A mistake of form: it isn't known who has which role.
  if (Array.isArray(valueAt(document.value, ['hosts']))) return [];
  const given = mapOf(valueAt(document.value, ['hosts']));
  for (const name of Object.keys(given)) {
    if (playbook.roles.some((role) => role.name === name)) continue;
    problems.push(
      document.problem(['hosts', name], {
        part: 'key',
        code: 'unknown-role',
        message: `the playbook ${playbook.name} has no role ${name}`,
        next: knownNamesHint(
          name,
          playbook.roles.map((role) => role.name),
        ),
      }),
    );
  }
  for (const role of playbook.roles) {
    const path = ['hosts', role.name];
    const value = Object.hasOwn(given, role.name) ? given[role.name] : undefined;
    const { minimum, maximum } = role.hosts;
    const count = hosts.filter((host) => host.role === role.name).length;
    if (value === 'external') {
      if (role.external) continue;
      problems.push(
        document.problem(path, {
          code: 'external-not-allowed',
          message: `the hosts of the role ${role.name} can't be external: the playbook has to set them up`,
          next: `list the hosts of ${role.name}`,
        }),
      );
    } else if (value === undefined && minimum > 0) {
      if (valueAt(document.value, ['hosts']) === undefined) continue;
      problems.push(
        document.problem(['hosts'], {
          part: 'key',
          code: 'missing-role',
          message: `the role ${role.name} is missing; expected at least ${hostCount(minimum)}`,
          next: `add ${role.name}: with a list of hosts${role.external ? ', or external' : ''}`,
        }),
      );
    } else if ((Array.isArray(value) || value === null) && count < minimum) {
      problems.push(
        document.problem(path, {
          part: 'key',
          code: 'too-few-hosts',
          message: `the role ${role.name} needs at least ${hostCount(minimum)}, found ${count}`,
          next: role.external ? 'list more hosts, or write external' : 'list more hosts',
        }),
      );
    } else if (count > maximum) {
      problems.push(
        document.problem([...path, maximum], {
          code: 'too-many-hosts',
          message: `the role ${role.name} takes at most ${hostCount(maximum)}, found ${count}`,
          next: 'remove hosts, or give them another role',
        }),
      );
    }
  }
  return problems;
}

/** What is set by role must name roles of the playbook. */
function checkByRole(document: YamlDocument, playbook: Playbook, key: string): readonly Problem[] {
  const names = playbook.roles.map((role) => role.name);
  return Object.keys(mapOf(valueAt(document.value, [key])))
    .filter((name) => !names.includes(name))
    .map((name) =>
      document.problem([key, name], {
        part: 'key',
        code: 'unknown-role',
        message: `the playbook ${playbook.name} has no role ${name}`,
        next: knownNamesHint(name, names),
      }),
    );
}

/** Where new people are kept away from hosts of a role, somebody has to tell whoever sends them there. */
function checkDrains(
  document: YamlDocument,
  playbook: Playbook,
  hosts: readonly HostEntry[],
): readonly Problem[] {
  const given = valueAt(document.value, ['when_busy']);
  return playbook.roles.flatMap(({ name, guards }) => {
    const isDrained = given === 'drain' || mapOf(given)[name] === 'drain';
    const missing = guards
      .flatMap(({ drain }) => drain?.on ?? [])
      .find((on) => !hosts.some(({ role }) => role === on));
    if (!isDrained || missing === undefined || !hosts.some(({ role }) => role === name)) return [];
    return [
      document.problem(typeof given === 'string' ? ['when_busy'] : ['when_busy', name], {
        code: 'no-drain',
        message: `hosts of the role ${name} can't be drained: there is no host of the role ${missing}, which tells the balancer to send no more people there`,
        next: `add that host below hosts.${missing}, or write wait`,
      }),
    ];
  });
}

function hostCount(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}
