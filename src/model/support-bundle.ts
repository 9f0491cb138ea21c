import type { CheckOutcome } from './outside-check.ts';
import type { Status } from './result.ts';

/**
 * What a maintainer needs to know to help, and nothing that tells whose cluster it is. Every text in it is a
 * word that comes with the program (or a closed list has), a version, a date, or a placeholder such as
 * `host-1`; src/support makes it so.
 */
export interface SupportBundle {
  readonly program: {
    readonly version: string;
    readonly node: string;
    /** in words of Node.js: `linux`, `darwin` */
    readonly platform: string;
  };
  /** undefined if the inventory could not be used */
  readonly cluster: SupportCluster | undefined;
  readonly hosts: readonly SupportHost[];
  /** the latest first */
  readonly runs: readonly SupportRun[];
  readonly checks: readonly SupportCheck[];
  /** what was wrong with the inventory, the playbook, or a host */
  readonly errors: readonly SupportError[];
}

export interface SupportCluster {
  /** its name if it comes with the program, else `playbook-1` */
  readonly playbook: string;
  readonly isOwnPlaybook: boolean;
  readonly roles: readonly {
    readonly role: string;
    /** undefined if somebody else runs its hosts */
    readonly hosts: number | undefined;
  }[];
  /** those that the inventory sets to something else than their default */
  readonly variables: readonly {
    readonly name: string;
    /** undefined unless the playbook lists what it can be */
    readonly value: string | undefined;
  }[];
}

export interface SupportHost {
  readonly host: string;
  readonly role: string;
  readonly retired: boolean;
  readonly status: Status;
  readonly recipe: string | undefined;
  readonly isRecipeForced: boolean;
  readonly connection: { readonly transport: string; readonly become: string; readonly jumps: boolean };
  /** undefined if the host could not be looked at */
  readonly machine: SupportMachine | undefined;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  readonly units: readonly SupportUnit[];
  readonly keys: readonly SupportKey[];
  readonly planned: readonly SupportChange[];
  readonly handlers: readonly { readonly handler: string; readonly owed: boolean }[];
  readonly guards: readonly {
    readonly guard: string;
    readonly state: 'idle' | 'busy' | 'unknown';
    readonly sessions: number;
  }[];
  readonly warnings: SupportTexts;
  readonly unsettled: readonly {
    readonly run: string;
    readonly state: string;
    readonly alive: boolean;
  }[];
  readonly nginx: readonly { readonly path: string; readonly lines: readonly string[] }[];
}

export interface SupportMachine {
  readonly os: string;
  readonly osVersion: string;
  readonly systemd: number | undefined;
  readonly packageManager: string;
  readonly isRoot: boolean;
  readonly isLookOnly: boolean;
  /** seconds */
  readonly clockOffset: number;
  readonly freeSpace: readonly { readonly path: string; readonly percent: number }[];
  readonly failedUnits: SupportTexts;
}

/** Texts that come with the program, word for word, and how many others there are. */
export interface SupportTexts {
  readonly known: readonly string[];
  readonly others: number;
}

export interface SupportUnit {
  readonly unit: string;
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  readonly enabled: string;
}

export interface SupportKey {
  readonly step: string;
  readonly path: string;
  readonly format: string;
  readonly key: readonly string[];
  /** what was there before */
  readonly first: string;
  /** whether a run would change it */
  readonly isPlanned: boolean;
}

export interface SupportChange {
  readonly path: string;
  readonly kind: string;
  readonly action: string;
  readonly steps: readonly string[];
}

export interface SupportRun {
  readonly run: string;
  readonly command: string;
  readonly version: string;
  readonly operator: string;
  readonly from: string;
  readonly undoes: string | undefined;
  readonly undoneBy: string | undefined;
  readonly hosts: readonly {
    readonly host: string;
    readonly role: string;
    readonly state: string;
    readonly changes: readonly SupportChange[];
    readonly handlers: readonly string[];
    /** code of the error */
    readonly error: string | undefined;
    readonly warnings: number;
    readonly seconds: number | undefined;
  }[];
}

export interface SupportCheck {
  readonly host: string;
  readonly check: string;
  readonly outcome: CheckOutcome;
}

export interface SupportError {
  readonly code: string;
  readonly host: string | undefined;
  readonly step: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** places in the program, of an error that is a bug: `main.js:12:34` */
  readonly stack: readonly string[];
}
