import { decode } from '../formats/decode.ts';
import { changedRoles, type Inventory } from '../inventory/inventory.ts';
import { isManaged, type Snapshot } from '../model/snapshot.ts';
import { listed } from '../verify/listed.ts';
import { doorRoles } from './doors.ts';
import type { Look } from './look.ts';
import { namesHost } from './names-host.ts';

/** What somebody who takes a host out asks for. */
export interface TakingOut {
  /** the host that leaves */
  readonly name: string;
  /** hosts and roles that the operator named: they are changed in any case */
  readonly limit: readonly string[];
}

type Seen = Pick<Look, 'host' | 'snapshot' | 'off'>;

/**
 * The inventory with those hosts set aside that are active in it, but not in the cluster: whoever takes
 * another host out doesn't mean to bring them in. They may have left just before, by the same command. A host
 * for which others have something isn't one of them: what was begun with it stays.
 */
export function setAside(inventory: Inventory, looks: readonly Seen[], taken: TakingOut): Inventory {
  const texts = new Map(looks.map(({ host, snapshot }) => [host.name, managedTexts(snapshot)] as const));
  const isKnown = (name: string) =>
    [...texts].some(([host, some]) => host !== name && some.some((text) => namesHost(text, name)));
  const aside = looks.filter((one) => mayBeAside(one, inventory, taken) && !isKnown(one.host.name));
  if (aside.length === 0) return inventory;
  const names = new Set(aside.map(({ host }) => host.name));
  const hosts = inventory.hosts.map((host) => (names.has(host.name) ? { ...host, aside: true } : host));
  return { ...inventory, hosts };
}

/** By what was seen of the host itself. */
function mayBeAside(
  { host, snapshot, off }: Seen,
  inventory: Inventory,
  { name, limit }: TakingOut,
): boolean {
  if (host.name === name || host.state === 'retired' || off === true) return false;
  if (limit.includes(host.name) || limit.includes(host.role)) return false;
  const own = inventory.hosts.find((other) => other.name === name)?.role;
  if (snapshot === undefined) return host.role === own && !doorRoles(inventory).has(own);
  // Nothing is ever managed on hosts of other roles, such as one that only tells a balancer.
  const isChanged = changedRoles(inventory.playbook).some((role) => role.name === host.role);
  return (isChanged || host.role === own) && !isManaged(snapshot);
}

/** The files in which something is managed on a host. */
function managedTexts(snapshot: Snapshot | undefined): readonly string[] {
  const paths = new Set(snapshot?.ledger?.items.map(({ path }) => path));
  return [...paths].flatMap((path) => {
    const state = snapshot?.paths.get(path);
    return state?.kind === 'file' ? [decode(state.content).text] : [];
  });
}

/** Who is set aside. */
export function asideIn({ hosts }: Pick<Inventory, 'hosts'>): readonly string[] {
  return hosts.filter(({ aside }) => aside).map(({ name }) => name);
}

/** One warning for all that are set aside. */
export function asideWarnings(inventory: Pick<Inventory, 'hosts' | 'file'>): readonly string[] {
  const names = asideIn(inventory);
  if (names.length === 0) return [];
  const [are, them, they] = names.length === 1 ? ['is', 'it', 'it has'] : ['are', 'them', 'they have'];
  return [
    `${listed(names)} ${are} active in ${inventory.file}, but not set up, and stay${names.length === 1 ? 's' : ''} so in this run: no other host gets anything for ${them}; the next apply sets ${them} up, so if ${they} left the cluster, remove ${them}, or set "state: retired"`,
  ];
}
