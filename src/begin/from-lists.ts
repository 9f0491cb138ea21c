import type { Role } from '../model/playbook.ts';
import { type NamedHost, placeOf } from './draft.ts';
import { inRole } from './from/listed-host.ts';
import type { HostList } from './from/read-list.ts';

/**
 * The hosts of lists in the roles of a playbook, without those that have been named otherwise. What stands in
 * front of the others gets the first role that needs hosts, the others the last. A role whose hosts are named
 * otherwise gets no such front from a list.
 */
export function hostsOfLists(
  lists: readonly HostList[],
  roles: readonly Role[],
  given: { readonly hosts: readonly NamedHost[]; readonly external: readonly string[] },
): readonly NamedHost[] {
  const needed = roles.filter(({ hosts }) => hosts.minimum > 0);
  const [door, node] = [needed[0]?.name ?? '', needed.at(-1)?.name ?? ''];
  const isNamed = given.external.includes(door) || given.hosts.some(({ role }) => role === door);
  const known = new Set(given.hosts.flatMap(namesOf));
  return lists
    .flatMap(({ hosts }) => hosts)
    .flatMap((host) => {
      const role = host.isDoor === true ? door : node;
      if (host.isDoor === true && isNamed) return [];
      const named = inRole(host, role);
      if (namesOf(named).some((name) => known.has(name))) return [];
      for (const name of namesOf(named)) known.add(name);
      return [named];
    });
}

/**
 * Hosts that ssh knows by these aliases: who logs in there by its configuration need not be said once more,
 * unless the inventory names somebody for all hosts, who would count more.
 */
export function asConfigured(
  hosts: readonly NamedHost[],
  aliases: ReadonlySet<string>,
  everywhere: string | undefined,
): readonly NamedHost[] {
  return hosts.map((host) => {
    const { user, ...rest } = host;
    const isSaid = everywhere === undefined || everywhere === user;
    return isSaid && aliases.has(placeOf(host)) ? rest : host;
  });
}

/** What it is known by; several hosts may be behind one address, at ports of their own. */
export function namesOf({ name, hostname, address, port }: NamedHost): readonly string[] {
  return [name, hostname, ...(address === undefined ? [] : [`${address}:${port ?? 22}`])].filter(
    (word) => word !== undefined,
  );
}
