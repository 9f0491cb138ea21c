import type { z } from 'zod';
import type { Value } from '../../formats/keyed-format.ts';
import type { Reads, Snapshot } from '../../model/snapshot.ts';

/**
 * A kind of question about a host. A new one is a file beside this, its line in kinds.ts, and what the probe
 * has to look at.
 */
export interface FactKind<Question> {
  /**
   * what a fact of this kind says in a playbook: exactly these keys; optional, since other kinds have others
   */
  readonly keys: { readonly [Key in keyof Question]: z.ZodType<Question[Key] | undefined> };
  /** what its answer is made of; a condition's values are checked against it */
  readonly answers: 'string' | 'boolean';
  /** what the form of a key can't say */
  mistake?(question: Question): FactMistake | undefined;
  reads(question: Question): Partial<Reads>;
  /** Throws an OperatorError where the host's answer can't be known. */
  answer(question: Question, on: Asked): Value;
}

export interface FactMistake {
  /** where it stands */
  readonly key: string;
  readonly message: string;
  readonly next: string;
}

/** The host that was asked. */
export interface Asked {
  /** name of the fact, for messages */
  readonly fact: string;
  readonly snapshot: Snapshot;
}
