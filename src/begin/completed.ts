import { hostNameMistake } from '../inventory/names.ts';
import type { FoundHost } from '../model/begun.ts';
import type { Role } from '../model/playbook.ts';
import { doorRole } from './door-role.ts';
import { type DraftHost, type NamedHost, nameFor } from './draft.ts';

/** Hosts with a name each, if only to look at them by: `node-1` is one of which nothing is known. */
export function withNames(hosts: readonly NamedHost[], others: readonly string[] = []): readonly DraftHost[] {
  const taken = new Set([...others, ...hosts.flatMap(({ name }) => name ?? [])]);
  return hosts.map((host) => {
    const name = nameFor(host, taken) ?? numbered(host.role, taken);
    taken.add(name);
    return { ...host, name };
  });
}

/**
 * Hosts with what was found on them in place of what nobody has said. `found` is in the order of the hosts;
 * a host that was not looked at has none.
 */
export function completed(
  hosts: readonly NamedHost[],
  found: readonly (FoundHost | undefined)[],
  roles: readonly Pick<Role, 'name' | 'hostname'>[],
): readonly DraftHost[] {
  const told = hosts.map((host, index): NamedHost => {
    const seen = found[index];
    const needsHostname = roles.find(({ name }) => name === host.role)?.hostname === 'required';
    const hostname = host.hostname ?? (needsHostname ? seen?.publicNames[0] : undefined);
    const known =
      hostname === undefined || hostname === host.hostname ? host : reachedAs({ ...host, hostname });
    if (host.name !== undefined || hostname !== undefined) return known;
    const [own = ''] = (seen?.ownName ?? '').split('.');
    const isUsable = hostNameMistake(own) === undefined && own !== 'localhost';
    return isUsable && !hosts.some(({ name }) => name === own) ? { ...known, name: own } : known;
  });
  const once = told.map((host, index) =>
    told.slice(0, index).some(({ name }) => name !== undefined && name === host.name) &&
    hosts[index]?.name === undefined
      ? { ...host, name: undefined }
      : host,
  );
  return withNames(once);
}

/** Goes on being reached by the name by which it was named, once it has a public one. */
export function reachedAs(host: NamedHost): NamedHost {
  const { name, address } = host;
  return address === undefined && name !== undefined ? { ...host, address: name } : host;
}

/** What hosts are to be. */
interface Expected {
  /** the DNS name that browsers see */
  readonly hostname: string;
  readonly playbook: string;
  readonly roles: readonly Role[];
}

/** What is worth a word of what was found, beside what each host is. */
export function foundWarnings(
  hosts: readonly DraftHost[],
  found: readonly FoundHost[],
  { playbook, roles, hostname: cluster }: Expected,
): readonly string[] {
  return found.flatMap(({ name, role, reached, product, root, certificates }) => {
    const { introduction, description = '' } = roles.find((one) => one.name === role) ?? {};
    if (!reached) return [];
    if (introduction === undefined) {
      // Without root's rights there may be some that can't be read.
      const isDoor = role === doorRole(roles)?.name && root !== undefined;
      const isCovered = certificates.some(({ names }) => names.some((one) => covers(one, cluster)));
      return isDoor && !isCovered ? [withoutCertificate(name, cluster)] : [];
    }
    if (product === undefined) {
      return [`${name} is to be ${description}, but none is installed there; install it before you apply`];
    }
    if (product.playbook !== playbook) {
      return [
        `${name} is ${product.title}, which the playbook ${product.playbook} is for, and not ${playbook}`,
      ];
    }
    const hostname = hosts.find((host) => host.name === name)?.hostname;
    return product.hostname === undefined || hostname === undefined || hostname === product.hostname
      ? []
      : [`${name} has the name ${product.hostname} in its own settings, and not ${hostname}`];
  });
}

function numbered(role: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const name = `${role}-${number}`;
    if (!taken.has(name)) return name;
  }
}

/** Whether a certificate's name is that of a host; a wildcard stands for one label (RFC 6125, 6.4.3). */
function covers(name: string, hostname: string): boolean {
  const [one, other] = [name.toLowerCase(), hostname.toLowerCase()];
  return one === other || (one.startsWith('*.') && one.slice(2) === other.replace(/^[^.]+\./, ''));
}

function withoutCertificate(name: string, hostname: string): string {
  return `no certificate for ${hostname} was found on ${name}, in nginx, HAProxy, Caddy or certbot: browsers accept none other, so get one before people are sent there (clusterproxy docs certificates)`;
}
