import type { Guard } from './handler.ts';
import type { PackageManager } from './package-manager.ts';
import type { Query } from './reads.ts';

/** What the fixed program src/host/remote/act.sh does on a host; data, never shell code. */
export type ActionProgram =
  /** installs only what is missing; never upgrades or removes an installed package for it */
  | {
      readonly kind: 'install-packages';
      readonly manager: PackageManager;
      readonly names: readonly string[];
    }
  /** removes exactly these, and only if nothing else depends on them */
  | { readonly kind: 'remove-packages'; readonly manager: PackageManager; readonly names: readonly string[] }
  | ({ readonly kind: 'unpack' } & Unpacking)
  /**
   * certbot answers the challenge on port 80 if that is free, otherwise on `port`; renewals answer there too.
   * Undefined: it doesn't answer itself
   */
  | {
      readonly kind: 'certbot';
      readonly argv: readonly string[];
      readonly port: number | undefined;
      /** certbot's name for the certificate */
      readonly name: string;
    }
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  /** a program of the operator's, which is sent with the run */
  | ({ readonly kind: 'script' } & PinnedScript & Recognized)
  /** brings packages that are installed to their latest version, and nothing else that doesn't need it */
  | ({
      readonly kind: 'upgrade-packages';
      readonly manager: 'apt-get';
      readonly names: readonly string[];
      /** what dpkg is told about configuration files that were edited and that the new version changes */
      readonly conffiles: 'keep' | 'replace';
    } & Recognized)
  /** restarts the host: its run ends when it has been started again (src/host/remote/reboot.sh) */
  | { readonly kind: 'reboot' };

/** A program on the operator's machine; another text than the one that was agreed on isn't sent. */
export interface PinnedScript {
  readonly file: string;
  /** of its text, in hex */
  readonly sha256: string;
  readonly args: readonly string[];
}

/** By what a later run knows that it was done already. */
export interface Recognized {
  /** of all that it does; in hex */
  readonly digest: string;
}

/** An archive in any format that the host's tar(1) reads, and where its members are unpacked. */
export interface Unpacking {
  readonly source: /** downloaded by the host itself with curl or wget */
    | { readonly kind: 'url'; readonly url: string }
    /** a file on the operator's machine, uploaded with the run */
    | { readonly kind: 'upload'; readonly file: string }
    /** a file that is already on the host */
    | { readonly kind: 'host'; readonly path: string };
  /** of the archive, in hex */
  readonly sha256: string;
  /** managed as a whole: whatever was unpacked there before is replaced */
  readonly directory: string;
  /** how many leading parts of the members' names are dropped, as in `tar --strip-components` */
  readonly strip: number;
  readonly user: string;
  readonly group: string;
  /** file in the directory that records what is unpacked there: the archive's checksum and `strip` */
  readonly marker: string;
  /** the marker's only line */
  readonly mark: string;
}

/**
 * What is on a host once an action has been carried out. A plan knows that it will exist, but not its
 * contents.
 */
export interface Provides {
  readonly packages: readonly string[];
  readonly units: readonly string[];
  /** paths that exist afterwards; one that already exists stays as it is */
  readonly paths: readonly string[];
  /** paths that exist afterwards with new contents; for a directory, everything in it */
  readonly renews: readonly string[];
}

export const providesNothing: Provides = { packages: [], units: [], paths: [], renews: [] };

/**
 * Something done on a host that a revert doesn't undo: packages are installed, an archive is unpacked, a
 * certificate is obtained. It runs before the files of its stage are changed; if it fails, none of them is
 * changed.
 */
export interface HostAction {
  /** a description, unique on a host: `install haproxy, xinetd` */
  readonly name: string;
  readonly run: ActionProgram;
  /**
   * asked in the probe and again right before the action runs: exit status 0 means that there's nothing to do
   */
  readonly unless: Query | undefined;
  readonly provides: Provides;
  /** seconds after which it is terminated and counts as failed */
  readonly timeout: number;
  /** what an operator should know before agreeing to it */
  readonly notes: readonly string[];
  /** asked before it starts, if it stops services */
  readonly guards?: readonly Guard[] | undefined;
}

/** An action that a step asks for. */
export interface PlannedAction {
  readonly action: HostAction;
  readonly step: string;
}

/** An action as recorded on its host in a run's record. */
export interface RecordedAction {
  readonly step: string;
  readonly name: string;
  readonly kind: ActionProgram['kind'];
  /** of actions that a later run has to recognize */
  readonly digest?: string | undefined;
}
