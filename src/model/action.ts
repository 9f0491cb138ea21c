import type { Guard } from './handler.ts';
import type { PackageManager } from './package-manager.ts';
import type { Query } from './snapshot.ts';

/** What the fixed program src/host/remote/act.sh does on a host; data, never shell code. */
export type ActionProgram =
  /** only what is missing; nothing that is there is upgraded or removed for it */
  | {
      readonly kind: 'install-packages';
      readonly manager: PackageManager;
      readonly names: readonly string[];
    }
  /** exactly these, and only if nothing else needs them */
  | { readonly kind: 'remove-packages'; readonly manager: PackageManager; readonly names: readonly string[] }
  | ({ readonly kind: 'unpack' } & Unpacking)
  /**
   * certbot, answering the challenge on port 80 where that is free, else on `port`, where renewals answer as
   * well
   */
  | {
      readonly kind: 'certbot';
      readonly argv: readonly string[];
      readonly port: number;
      /** what certbot calls the certificate */
      readonly name: string;
    }
  | { readonly kind: 'command'; readonly argv: readonly string[] };

/** An archive in any form that tar(1) of the host reads, and where its members go. */
export interface Unpacking {
  readonly source: /** fetched by the host itself, by curl or wget */
    | { readonly kind: 'url'; readonly url: string }
    /** a file of the operator's machine, which travels with the run */
    | { readonly kind: 'upload'; readonly file: string }
    /** a file that lies on the host */
    | { readonly kind: 'host'; readonly path: string };
  /** of the archive; hex */
  readonly sha256: string;
  /** the whole directory is ours: what was unpacked there before is replaced */
  readonly directory: string;
  /** leading parts of the members' names that are dropped, as `tar --strip-components` */
  readonly strip: number;
  readonly user: string;
  readonly group: string;
  /** file in the directory that says what is unpacked there: the archive's sum, and what was stripped */
  readonly marker: string;
  /** the marker's only line */
  readonly mark: string;
}

/**
 * What is on a host once an action was carried out there. A plan knows that it will be there, not what it
 * holds.
 */
export interface Provides {
  readonly packages: readonly string[];
  readonly units: readonly string[];
  /** paths that are there then; one that is there already stays as it is */
  readonly paths: readonly string[];
  /** paths that are there then, and other than they are now; of a directory all that is in it */
  readonly renews: readonly string[];
}

export const providesNothing: Provides = { packages: [], units: [], paths: [], renews: [] };

/**
 * Something that is done on a host and not undone by a revert: packages installed, an archive unpacked, a
 * certificate fetched. It runs before the files of its stage are changed; when it fails, none of them is.
 */
export interface HostAction {
  /** in words, unique on a host: `install haproxy, xinetd` */
  readonly name: string;
  readonly run: ActionProgram;
  /** asked in the probe and once more right before: exit status 0 says that there's nothing to do */
  readonly unless: Query | undefined;
  readonly provides: Provides;
  /** seconds, after which it's ended and counts as failed */
  readonly timeout: number;
  /** what an operator should know before saying yes, in words */
  readonly notes: readonly string[];
  /** asked before it begins, where it stops services */
  readonly guards?: readonly Guard[] | undefined;
}

/** An action that a step asks for. */
export interface PlannedAction {
  readonly action: HostAction;
  readonly step: string;
}

/** An action as a run's record on its host has it. */
export interface RecordedAction {
  readonly step: string;
  readonly name: string;
  readonly kind: ActionProgram['kind'];
}
