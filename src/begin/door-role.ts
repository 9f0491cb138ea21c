import type { Role } from '../model/playbook.ts';

/**
 * The role of the hosts that browsers reach by the cluster's name: the first that a cluster can't do without,
 * such as the proxy, and not the balancer of meetings, which may stand before it. Undefined if there is none.
 */
export function doorRole<Kind extends Pick<Role, 'name' | 'hosts'>>(
  roles: readonly Kind[],
): Kind | undefined {
  const [first, ...others] = roles.filter(({ hosts }) => hosts.minimum > 0);
  return others.length === 0 ? undefined : first;
}
