import type { Value } from '../../formats/keyed-format.ts';
import type { Role } from '../../model/playbook.ts';
import type { Reads } from '../../model/reads.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { kindOf } from '../facts/kinds.ts';

export type Facts = Readonly<Record<string, Value>>;

/**
 * The facts of a host, as defined by its role in the playbook. Throws OperatorError if a file can't be read.
 */
export function factsOf(role: Role, snapshot: Snapshot): Facts {
  return Object.fromEntries(
    Object.entries(role.facts).map(([name, fact]) => [
      name,
      kindOf(fact).answer(fact, { fact: name, snapshot }),
    ]),
  );
}

/** What the facts of a role need to read from a host. */
export function factReads(role: Role): readonly Partial<Reads>[] {
  return Object.values(role.facts).map((fact) => kindOf(fact).reads(fact));
}
