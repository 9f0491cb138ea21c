import type { OwnProgram } from './own-program.ts';

/** A program that is asked before anybody is asked whether a plan is carried out. */
export type Policy = OwnProgram;

/** What a policy said of a plan: that it must not be carried out, or what is worth a word before the yes. */
export interface PolicyVerdict {
  readonly policy: string;
  readonly deny: readonly string[];
  readonly warn: readonly string[];
  /** why it could not be asked, which counts as a no */
  readonly failed?: { readonly why: string; readonly said: string } | undefined;
}
