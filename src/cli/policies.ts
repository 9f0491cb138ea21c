import { Option } from 'commander';
import type { Inventory } from '../inventory/inventory.ts';
import type { Problem } from '../model/operator-error.ts';
import type { Policy, PolicyVerdict } from '../model/policy.ts';
import type { RunResult } from '../model/result.ts';
import type { Told } from '../report/document/document.ts';
import { variablesOf, withheldFrom } from './own-programs.ts';
import type { Session } from './session.ts';

/** A further program that has to agree, besides those of the inventory. */
export function policyOption(): Option {
  return new Option(
    '--policy <program>',
    'a program that gets the plan as JSON and may refuse it; can be repeated, and adds to those of the inventory',
  )
    .argParser((value: string, previous: readonly string[] = []) => [...previous, value])
    .default([], 'as in the inventory');
}

/** Those that are asked of a plan: the inventory's in its folder, those of the command line in this one. */
export function policiesOf(
  { policies = [] }: Pick<Inventory, 'policies'>,
  given: readonly string[],
): Policy[] {
  const typed = given.map((program) => ({ name: program, words: [program], folder: process.cwd() }));
  return [...policies, ...typed];
}

export interface Judged {
  readonly verdicts: readonly PolicyVerdict[];
  /** why the plan is not to be carried out */
  readonly refused: readonly Problem[];
}

/** Asks whoever has a say in it, with what `--json` would print of the plan, and tells what they warn of. */
export async function judge(
  session: Session,
  {
    result,
    told,
    policies,
  }: { readonly result: RunResult; readonly told: Told; readonly policies: readonly Policy[] },
): Promise<Judged> {
  if (policies.length === 0) return { verdicts: [], refused: [] };
  const [{ askPolicies }, { denials, warningsOf }, { renderJson }] = await Promise.all([
    import('../run/policies/ask-policies.ts'),
    import('../run/policies/verdict.ts'),
    import('../report/json/render.ts'),
  ]);
  const { inventory, environment } = session;
  const verdicts = await askPolicies(policies, renderJson(session.document(result, told)), {
    signal: environment.signal,
    variables: variablesOf(inventory, result.command),
    withheld: withheldFrom(inventory),
  });
  for (const text of warningsOf(verdicts)) session.message(text);
  return { verdicts, refused: denials(verdicts) };
}
