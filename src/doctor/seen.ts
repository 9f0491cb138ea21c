import type { Snapshot } from '../model/snapshot.ts';
import type { Finding } from '../model/trouble.ts';
import type { RenewalsFound } from './renewals-found.ts';
import type { Surroundings } from './surroundings.ts';

/** A host that was looked at, as the judgements see it. */
export interface HostSeen {
  readonly name: string;
  readonly role: string;
  /** public DNS name */
  readonly hostname: string | undefined;
  readonly snapshot: Snapshot;
  /** undefined if they could not be found out */
  readonly surroundings: Surroundings | undefined;
  /** who renews certificates there; undefined if that could not be found out */
  readonly renewals: RenewalsFound | undefined;
  /** whether it has the cluster's address */
  readonly isDoor: boolean;
  /** units that count for its role */
  readonly units: readonly string[];
  /** those among them that have to run for the product to work at all */
  readonly needed: readonly string[];
  /** things that a run set here and that are again as they were before the first one, in words */
  readonly setBack: readonly string[];
}

/** What this machine knows of a name. */
export interface SeenFromHere {
  /** undefined if it could not be asked */
  readonly addresses: readonly string[] | undefined;
  /** what came of a connection to port 443 of each IPv6 address */
  readonly ipv6: ReadonlyMap<string, Reached>;
  /** and to that of one of its IPv4 addresses; undefined if it has none, or where it doesn't matter */
  readonly ipv4: Reached | undefined;
}

/** `not-asked`: this machine's own network is at fault, as without IPv6 of its own. */
export type Reached = 'answers' | 'refuses' | 'silent' | 'not-asked';

/** All that was looked at. */
export interface ClusterSeen {
  readonly hosts: readonly HostSeen[];
  /** the cluster's name, and those of its hosts */
  readonly names: ReadonlyMap<string, SeenFromHere>;
  /** where browsers go; undefined if the inventory doesn't say */
  readonly hostname: string | undefined;
  /** milliseconds since the epoch */
  readonly now: number;
}

/** A trouble that any host can have, whatever is installed there. */
export interface HostTrouble {
  /** stable; docs/doctor.md lists it */
  readonly id: string;
  /** what is wrong, in a few words */
  readonly title: string;
  judge(host: HostSeen, cluster: ClusterSeen): Finding;
}

export const absent: Finding = { outcome: 'absent' };
export const notApplicable: Finding = { outcome: 'not-applicable' };

export function found(fact: string, means: string, fix: string): Finding {
  return { outcome: 'found', found: fact, means, fix };
}

export function unknown(why: string): Finding {
  return { outcome: 'unknown', found: why };
}

/** A judgement on what surrounds a host, which isn't known where its program did not come to its end. */
export function bySurroundings(
  judge: (surroundings: Surroundings, host: HostSeen, cluster: ClusterSeen) => Finding,
): HostTrouble['judge'] {
  return (host, cluster) =>
    host.surroundings === undefined
      ? unknown('what surrounds its services could not be found out in time')
      : judge(host.surroundings, host, cluster);
}
