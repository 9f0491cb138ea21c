import { z } from 'zod';
import type { Fact } from '../../model/playbook.ts';
import { captureFact } from './capture.ts';
import { containsFact } from './contains.ts';
import { existsFact } from './exists.ts';
import type { FactKind } from './fact-kind.ts';
import { listedFact } from './listed.ts';
import { packageFact } from './package.ts';
import { restartedFact } from './restarted.ts';
import { saidFact } from './said.ts';
import { searchFact } from './search.ts';
import { unitFact } from './unit.ts';
import { unitStateFact } from './unit-state.ts';

/** Every kind of fact. */
const kinds = [
  unitFact,
  unitStateFact,
  restartedFact,
  packageFact,
  existsFact,
  containsFact,
  captureFact,
  searchFact,
] as unknown as readonly FactKind<Fact>[];

/** What only doctor asks may come from a program or a server list as well: no plan waits for them. */
const symptomKinds = [...kinds, ...([saidFact, listedFact] as unknown as readonly FactKind<Fact>[])];

/** The schema of a fact in a playbook: one question of one kind. */
export const factSchema = questionOf(kinds);
/** The schema of a symptom. */
export const symptomSchema = questionOf(symptomKinds);

function questionOf(known: readonly FactKind<Fact>[]): z.ZodType<Fact> {
  return z
    .strictObject(Object.fromEntries(known.flatMap(({ keys }) => Object.entries(keys))))
    .superRefine((given, context) => {
      if (findKind(given) !== undefined) return;
      const forms = known.map(({ keys }) => Object.keys(keys).join(' with '));
      const message = `expected one of: ${forms.join(', ')}`;
      context.addIssue({ code: 'custom', message, params: { next: 'ask one question per fact' } });
    }) as unknown as z.ZodType<Fact>;
}

/** The kind of a valid fact. */
export function kindOf(fact: Fact): FactKind<Fact> {
  const kind = findKind(fact);
  if (kind === undefined) throw new Error(`no kind of fact has the keys ${Object.keys(fact).join(', ')}`);
  return kind;
}

function findKind(fact: Readonly<Record<string, unknown>>): FactKind<Fact> | undefined {
  const given = Object.keys(fact).filter((key) => fact[key] !== undefined);
  return symptomKinds.find(
    ({ keys }) => given.length === Object.keys(keys).length && given.every((key) => Object.hasOwn(keys, key)),
  );
}
