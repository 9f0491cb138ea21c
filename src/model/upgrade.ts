/** How a role's product is upgraded on a host, as the inventory has it. */
export type UpgradeCommand = UpgradeByScript | UpgradeByApt;

interface Common {
  /** seconds after which it is terminated and counts as failed */
  readonly timeLimit: number;
  /** what it leads to, in the operator's words: another text is another upgrade */
  readonly to: string | undefined;
}

/** A script of the operator's. */
export interface UpgradeByScript extends Common {
  readonly kind: 'script';
  /** on the operator's machine */
  readonly file: string;
  /** of its text, in hex */
  readonly sha256: string;
  readonly args: readonly string[];
}

/** The host's apt-get. */
export interface UpgradeByApt extends Common {
  readonly kind: 'apt';
  readonly packages: readonly string[];
  /** what dpkg is told about configuration files that were edited and that the new version changes */
  readonly conffiles: 'keep' | 'replace';
}

/** A package whose version isn't what it was; empty where there was none, or is none any more. */
export interface UpgradedPackage {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** Two hours, as a script downloads and unpacks more than a gigabyte. Seconds. */
export const usualTimeLimit = 7_200;
