import type { Problem } from './operator-error.ts';

/** What `init` has found on a host that was named to it. Texts are the host's own words, as they came. */
export interface FoundHost {
  readonly name: string;
  readonly role: string;
  /** where ssh was told to look */
  readonly place: string;
  /** it was logged in to */
  readonly reached: boolean;
  /** why it could not be looked at, or not as root */
  readonly problem?: Problem | undefined;
  /** who logs in there */
  readonly user?: string | undefined;
  /** by what commands get root's rights: `sudo`, or because root logs in; undefined: they don't */
  readonly root?: 'sudo' | 'login' | undefined;
  /** its operating system */
  readonly system?: string | undefined;
  /** its own name, of /etc/hostname */
  readonly ownName?: string | undefined;
  /** what is installed; undefined: nothing that a playbook knows */
  readonly product?: FoundProduct | undefined;
  /** web servers and balancers that are configured there, by name */
  readonly programs?: readonly string[] | undefined;
  /** which of the playbook's recipes fits, or why none does */
  readonly recipe?: string | undefined;
  readonly unfit?: Problem | undefined;
  /** public names that it answers for, the most likely first */
  readonly publicNames: readonly string[];
  readonly certificates: readonly FoundCertificate[];
}

export interface FoundProduct {
  readonly playbook: string;
  /** what a host with it is called: `a BigBlueButton server` */
  readonly title: string;
  readonly version?: string | undefined;
  /** the public name that it has itself */
  readonly hostname?: string | undefined;
}

export interface FoundCertificate {
  readonly file: string;
  readonly names: readonly string[];
  /** ISO 8601, UTC */
  readonly until: string;
}

/** A file that `init` has taken hosts from. */
export interface ReadList {
  readonly file: string;
  /** one of `listKinds` */
  readonly kind: string;
  readonly hosts: number;
}

/** What `init` has found and has written. */
export interface Begun {
  readonly hosts: readonly FoundHost[];
  readonly read: readonly ReadList[];
  /** undefined until everything is known */
  readonly inventory?: BegunInventory | undefined;
}

export interface BegunInventory {
  readonly file: string;
  readonly text: string;
  readonly written: boolean;
  /** somebody has seen the text, and has agreed to it */
  readonly agreed?: boolean | undefined;
  /** the command that comes next */
  readonly next: string;
}
