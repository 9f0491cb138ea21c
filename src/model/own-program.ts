/** A program of the operator's on this machine, as the inventory or the command line names it. */
export interface OwnProgram {
  /** as it was named, for messages */
  readonly name: string;
  /** the program's path, or its name on the PATH, and its arguments */
  readonly words: readonly string[];
  /** the folder in which it runs */
  readonly folder: string;
}

/** How such a program ended. */
export interface ProgramEnd {
  /** why what it says doesn't count; undefined: it ended by itself, with exit status 0 */
  readonly why: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** it was ended because it took too long */
  readonly isLate?: boolean | undefined;
}
