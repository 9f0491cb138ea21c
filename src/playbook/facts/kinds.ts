import { z } from 'zod';
import type { Fact } from '../../model/playbook.ts';
import { captureFact } from './capture.ts';
import { containsFact } from './contains.ts';
import { existsFact } from './exists.ts';
import type { FactKind } from './fact-kind.ts';
import { packageFact } from './package.ts';
import { searchFact } from './search.ts';
import { unitFact } from './unit.ts';

/** Every kind of fact. */
const kinds = [
  unitFact,
  packageFact,
  existsFact,
  containsFact,
  captureFact,
  searchFact,
] as unknown as readonly FactKind<Fact>[];

/** The schema of a fact in a playbook: one question of one kind. */
export const factSchema = z
  .strictObject(Object.fromEntries(kinds.flatMap(({ keys }) => Object.entries(keys))))
  .superRefine((given, context) => {
    if (findKind(given) !== undefined) return;
    const forms = kinds.map(({ keys }) => Object.keys(keys).join(' with '));
    const message = `expected one of: ${forms.join(', ')}`;
    context.addIssue({ code: 'custom', message, params: { next: 'ask one question per fact' } });
  }) as unknown as z.ZodType<Fact>;

/** The kind of a valid fact. */
export function kindOf(fact: Fact): FactKind<Fact> {
  const kind = findKind(fact);
  if (kind === undefined) throw new Error(`no kind of fact has the keys ${Object.keys(fact).join(', ')}`);
  return kind;
}

function findKind(fact: Readonly<Record<string, unknown>>): FactKind<Fact> | undefined {
  const given = Object.keys(fact).filter((key) => fact[key] !== undefined);
  return kinds.find(
    ({ keys }) => given.length === Object.keys(keys).length && given.every((key) => Object.hasOwn(keys, key)),
  );
}
