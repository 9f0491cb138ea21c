import { addressMistake, hostNameMistake, hostnameMistake, userPattern } from '../../inventory/names.ts';
import type { DraftHost, NamedHost } from '../draft.ts';

/** A host as somebody else's list has it; nothing of it is checked. */
export interface ListedHost {
  readonly name?: string | undefined;
  readonly hostname?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  /** what ssh calls it, by the configuration that lists it */
  readonly alias?: string | undefined;
  /** that configuration also says how to get there, such as by which key or through which host */
  readonly hasMore?: boolean | undefined;
  /** the list has it among what stands in front of the others */
  readonly isDoor?: boolean | undefined;
}

/** Whether it can be in an inventory as it is. */
export function usable({ name, hostname, address, port, user }: ListedHost): boolean {
  return (
    (name !== undefined || hostname !== undefined || address !== undefined) &&
    (name === undefined || hostNameMistake(name) === undefined) &&
    (hostname === undefined || hostnameMistake(hostname) === undefined) &&
    (address === undefined || addressMistake(address) === undefined) &&
    (port === undefined || (Number.isInteger(port) && port >= 1 && port <= 65_535)) &&
    (user === undefined || userPattern.test(user))
  );
}

/** The host in its role. */
export function inRole(
  { isDoor: _, alias: _alias, hasMore: _more, ...host }: ListedHost,
  role: string,
): NamedHost {
  return { role, ...host };
}

/**
 * A host that is reached by what ssh calls it, so that all that the configuration says of it goes on to
 * apply; for configurations that the inventory uses. Its user stays, see `asConfigured`.
 */
export function reachedByAlias(host: ListedHost): ListedHost {
  const { alias, port: _port, address: _address, ...rest } = host;
  if (alias === undefined) return host;
  const isPlace = alias === (host.hostname ?? host.name);
  return isPlace ? rest : { ...rest, address: alias };
}

/** A place that a list names, as what it is: a public name, or else an address. */
export function placed(place: string): Pick<DraftHost, 'hostname' | 'address'> {
  const lowered = place.toLowerCase();
  return lowered.includes('.') && hostnameMistake(lowered) === undefined
    ? { hostname: lowered }
    : { address: place };
}

/** The first part of a DNS name; the name of a host in somebody's list may be all of it. */
export function named(name: string, place: string | undefined): ListedHost {
  if (place === undefined || place === name) return name.includes('.') ? placed(name) : { name };
  return name.includes('.') ? { ...placed(name), address: place } : { name, ...placed(place) };
}

/** Whether a group's name is that of hosts in front of others. */
export function isDoorGroup(group: string): boolean {
  return /proxy(?!jump)|proxies|balanc|front|gateway|(?:^|[^a-z])lb(?![a-z])/i.test(group);
}
