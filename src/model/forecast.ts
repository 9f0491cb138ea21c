import type { Snapshot } from './snapshot.ts';

/** A `.deb` on the operator's machine. */
export interface PackageFile {
  /** where it is */
  readonly path: string;
  /** its name, without the folder */
  readonly file: string;
  /** bytes */
  readonly size: number;
  readonly sha256: string;
  /** its beginning, up to the end of its control archive: all that dpkg-deb(1) needs to tell what it is */
  readonly head: Buffer;
}

/** What a host's dpkg says of a package file. */
export interface OfferedPackage {
  readonly file: PackageFile;
  readonly name: string;
  readonly version: string;
  /** as in deb-control(5), `all` for every one */
  readonly architecture: string;
  /** names of packages that it needs: one of each list */
  readonly needs: readonly (readonly string[])[];
  /** further names under which others may need it */
  readonly provides: readonly string[];
  /** the version on the host; undefined if it isn't installed there */
  readonly installed: string | undefined;
}

/** What a host says of the packages that are offered to it. */
export interface PackageSurvey {
  /** whether dpkg-deb(1) is there; if not, nothing else is known */
  readonly hasDpkg: boolean;
  /** undefined if the host doesn't tell */
  readonly architecture: string | undefined;
  readonly offered: readonly OfferedPackage[];
  /** names that are needed by any of them and are installed on the host */
  readonly there: ReadonlySet<string>;
  /** files that the host's dpkg-deb can't read, with its words */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** A package of a host's upgrade. */
export type UpgradePackage = Pick<OfferedPackage, 'name' | 'version' | 'installed'>;

/** One that is sent to the host. */
export type ChosenPackage = UpgradePackage & Pick<OfferedPackage, 'file'>;

/** One that the host fetches itself. */
export interface FetchedPackage extends UpgradePackage {
  /** bytes, as the host's package lists have it */
  readonly size: number;
  /** hexadecimal; undefined where the lists have none, and apt compares another one */
  readonly sha256: string | undefined;
}

/** When a host's package lists were brought up to date, by its own clock. */
export interface PackageLists {
  /** seconds since the epoch; undefined: it has none */
  readonly changed: number | undefined;
  /** what time it is there, in seconds since the epoch */
  readonly now: number;
}

/** Which versions of the product's packages a host's package manager knows. */
export interface PackageOffers {
  /** whether dpkg-deb(1) is there; if not, nothing else is known */
  readonly hasDpkg: boolean;
  /** whether apt-get(8) is there */
  readonly hasApt: boolean;
  readonly lists: PackageLists;
  /** versions of those that are installed, by name */
  readonly installed: ReadonlyMap<string, string>;
  /** what an upgrade by apt(8) would take of its own accord, by name */
  readonly candidates: ReadonlyMap<string, string>;
  /** all that the lists have, by name */
  readonly versions: ReadonlyMap<string, readonly string[]>;
}

/** What comes and goes with an upgrade, as apt says. */
export interface SimulatedUpgrade {
  readonly come: readonly FetchedPackage[];
  readonly go: readonly string[];
}

/** A package that an upgrade of the host wouldn't take. */
export interface LeftOut {
  /** a file's name, or that of a package whose versions the host knows itself */
  readonly file: string;
  readonly why: string;
}

/** What dpkg knows of a conffile of the version that is installed; see deb-conffiles(5). */
export interface KnownConffile {
  readonly path: string;
  /** hexadecimal, of the package's own text; undefined where dpkg doesn't know it */
  readonly md5: string | undefined;
  /** the installed version no longer has it */
  readonly obsolete: boolean;
}

/** A package as it is unpacked on a host, as far as the steps read it. */
export interface UnpackedPackage {
  /** the folder with its files as the probe sees it; only paths, globs and searches count */
  readonly files: Snapshot;
  /** those of the paths that were asked for which the installed version brings */
  readonly old: ReadonlySet<string>;
  /** those of `old` that another installed package brings as well, or folders that hold other things */
  readonly shared: ReadonlySet<string>;
  /** of unit files that were asked for: those that the new version brings */
  readonly brought: ReadonlySet<string>;
  /** of those as well: regular files on the host that don't belong to the installed version */
  readonly own: ReadonlySet<string>;
  readonly conffiles: ReadonlySet<string>;
  readonly oldConffiles: readonly KnownConffile[];
  /** dpkg-divert(1): where to the package's file at a path goes instead */
  readonly diverted: ReadonlyMap<string, string>;
  /** dpkg-statoverride(1): owner and mode of a path, whatever the package says */
  readonly overrides: ReadonlyMap<
    string,
    { readonly user: string; readonly group: string; readonly mode: number }
  >;
  /** maintainer scripts that dpkg would run */
  readonly scripts: readonly string[];
}

/** A package that is chosen, and what is in it. */
export interface BroughtPackage extends UnpackedPackage {
  readonly chosen: UpgradePackage;
}

/** What dpkg does with a conffile that isn't as the installed version brought it. */
export const conffileDecisions = ['kept', 'asked', 'left', 'stays-removed', 'obsolete'] as const;
export type ConffileDecision = (typeof conffileDecisions)[number];

/** Which answer dpkg gets where it would ask: the file that is there stays, or the package's replaces it. */
export type ConffileAnswer = 'keep' | 'replace';

/** A conffile about which dpkg has to decide. */
export interface ConffileForecast {
  readonly path: string;
  readonly package: string;
  /**
   * kept: it was changed here and not by the package; asked: by both; left: the new version makes it a
   * conffile, and it is there already; stays-removed: it was removed here; obsolete: the new version no
   * longer has it, and dpkg leaves it
   */
  readonly decision: ConffileDecision;
  /** what is assumed where dpkg asks */
  readonly answer: ConffileAnswer;
}

/** What an upgrade does to a host before anything is planned for it. */
export interface HostForecast {
  /** whether it has dpkg; if not, nothing is forecast for it */
  readonly supported: boolean;
  /** its recipe before the upgrade; undefined if it has none */
  readonly recipe: string | undefined;
  /** empty: it isn't upgraded */
  readonly packages: readonly {
    readonly name: string;
    /** undefined if it isn't installed yet */
    readonly from: string | undefined;
    readonly to: string;
    readonly scripts: readonly string[];
  }[];
  readonly leftOut: readonly LeftOut[];
  /** when the host knew what it fetched; undefined where packages were sent */
  readonly lists?: PackageLists | undefined;
  /** packages of the product that have no version as it was asked for, so the latest one counts */
  readonly otherVersions?: readonly string[] | undefined;
  /** packages that apt would remove for the sake of others; their files stay in the forecast */
  readonly dropped?: readonly string[] | undefined;
  /** files that we manage and that a package replaces by its own */
  readonly replaced: readonly string[];
  /** files that the steps read and that go with the installed version */
  readonly removed: readonly string[];
  readonly conffiles: readonly ConffileForecast[];
  /** units that come and go */
  readonly units: { readonly come: readonly string[]; readonly go: readonly string[] };
}

/** A host that takes none of the packages; override what is known. */
export const noUpgrade: HostForecast = {
  supported: true,
  recipe: undefined,
  packages: [],
  leftOut: [],
  replaced: [],
  removed: [],
  conffiles: [],
  units: { come: [], go: [] },
};
