/** A program of the operator's that is asked before anybody is asked whether a plan is carried out. */
export interface Policy {
  /** as it was named, for messages */
  readonly name: string;
  /** the program's path, or its name on the PATH, and its arguments */
  readonly words: readonly string[];
  /** the folder in which it runs */
  readonly folder: string;
}

/** What a policy said of a plan: that it must not be carried out, or what is worth a word before the yes. */
export interface PolicyVerdict {
  readonly policy: string;
  readonly deny: readonly string[];
  readonly warn: readonly string[];
  /** why it could not be asked, which counts as a no */
  readonly failed?: { readonly why: string; readonly said: string } | undefined;
}
