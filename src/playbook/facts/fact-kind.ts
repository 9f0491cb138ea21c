import type { z } from 'zod';
import type { Value } from '../../formats/keyed-format.ts';
import type { Reads } from '../../model/reads.ts';
import type { ListTold } from '../../model/server-list.ts';
import type { Snapshot } from '../../model/snapshot.ts';

/**
 * A kind of question about a host. A new kind is a file beside this one, a line in kinds.ts, and whatever the
 * probe has to read for it.
 */
export interface FactKind<Question> {
  /**
   * the keys of a fact of this kind in a playbook, exactly these; optional, since other kinds have other keys
   */
  readonly keys: { readonly [Key in keyof Question]: z.ZodType<Question[Key] | undefined> };
  /** the type of its answer, against which a condition's values are checked */
  readonly answers: 'string' | 'boolean';
  /** what the schema of a key can't express */
  mistake?(question: Question): FactMistake | undefined;
  reads(question: Question): Partial<Reads>;
  /** Throws an OperatorError if the host's answer can't be determined. */
  answer(question: Question, on: Asked): Value;
}

export interface FactMistake {
  /** the key that has the mistake */
  readonly key: string;
  readonly message: string;
  readonly next: string;
}

/** The host that was asked. */
export interface Asked {
  /** name of the fact, for messages */
  readonly fact: string;
  readonly snapshot: Snapshot;
  /** what the role's server list tells of it, where one was asked */
  readonly told?: ListTold | undefined;
}
