import type { GuardReport } from './plan.ts';
import type { OutHost } from './rollout.ts';

/** What may be done to a cluster at this moment. */
export type MayNow = 'everything' | 'what-interrupts-nobody' | 'nothing';

/** Hosts of a role that serve people, and how many of them may be out. */
export interface RoleCapacity {
  readonly role: string;
  /** those that are not about to leave the cluster */
  readonly hosts: number;
  /** how many may be out at once at this moment */
  readonly maxUnavailable: number;
  readonly out: readonly OutHost[];
}

/** Who is on a host, as all guards of its role say. */
export interface Present {
  readonly host: string;
  readonly guards: readonly GuardReport[];
}

/** A certificate that a host shows, found at a port of it. */
export interface ShownCertificate {
  readonly name: string;
  /** hosts that show it, each once */
  readonly hosts: readonly string[];
  /** ISO 8601, UTC */
  readonly ends: string;
  /** it ends before whatever renews it would have done so */
  readonly endsSoon: boolean;
  /** since when it is valid; ISO 8601, UTC */
  readonly begins: string;
  /** when it is to be renewed, as far as that is known; ISO 8601, UTC */
  readonly due: string;
  /** who renews it, in words; undefined where nobody is known to */
  readonly renewer: string | undefined;
}

/**
 * Whether a cluster may be changed at this moment, and what speaks against it. Instants: ISO 8601 as clocks
 * in the time zone show them.
 */
export interface Today {
  readonly now: string;
  /** IANA name of the time zone that decides, and who says so */
  readonly zone: string;
  readonly zoneFrom: 'inventory' | 'machine';
  readonly may: MayNow;
  /** `usual`: nothing is configured, so not by day */
  readonly window: {
    readonly rule: 'anytime' | 'windows' | 'usual';
    readonly open: boolean;
    /** undefined if it never does within a year */
    readonly closes: string | undefined;
    /** of one that is closed */
    readonly opens: string | undefined;
  };
  /** hosts on which a run is at work, or that one has reserved */
  readonly atWork: readonly string[];
  readonly roles: readonly RoleCapacity[];
  readonly people: readonly Present[];
  /** when somebody last changed, on hosts that differ, what a run would change; ISO 8601, UTC */
  readonly edited: readonly { readonly host: string; readonly at: string }[];
  /** the one that ends first comes first */
  readonly certificates: readonly ShownCertificate[];
  /** hosts that want to be rebooted, and the packages that say so */
  readonly reboots: readonly { readonly host: string; readonly packages: readonly string[] }[];
}
