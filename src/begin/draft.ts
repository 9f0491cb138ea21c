/** An inventory that is still being made. */
export interface Draft {
  /** name of a playbook that comes with clusterproxy */
  readonly playbook: string;
  readonly cluster: { readonly name: string; readonly hostname: string };
  readonly ssh: DraftSsh;
  /** roles whose hosts somebody else runs */
  readonly external: readonly string[];
  readonly hosts: readonly DraftHost[];
}

/** What holds for all hosts. */
export interface DraftSsh {
  readonly user?: string | undefined;
  /** undefined: everybody who isn't root uses sudo; `none`: somebody has said that nobody does */
  readonly become?: 'sudo' | 'none' | undefined;
  /** an ssh configuration in place of the operator's own */
  readonly config?: string | undefined;
  readonly proxyJump?: string | undefined;
}

/** A host as far as it is known. */
export interface DraftHost {
  readonly role: string;
  readonly name: string;
  /** its public DNS name */
  readonly hostname?: string | undefined;
  /** where it is reached, if not by its hostname or its name */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
}

/** A host as somebody has named it; what is missing may be found out. */
export type NamedHost = Omit<DraftHost, 'name'> & { readonly name?: string | undefined };

/** Where ssh would look for it: what an operator types. */
export function placeOf({ name, hostname, address }: NamedHost): string {
  return address ?? hostname ?? name ?? '';
}

/**
 * A name for a host among others: the first part of its DNS name, and if another host has that, all of it.
 * Undefined where there is nothing to make one of.
 */
export function nameFor(host: NamedHost, taken: ReadonlySet<string>): string | undefined {
  if (host.name !== undefined) return host.name;
  const known = host.hostname;
  if (known === undefined) return undefined;
  const [first = known] = known.split('.');
  return [first, known].find((name) => !taken.has(name));
}
