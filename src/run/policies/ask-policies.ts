import type { Policy, PolicyVerdict } from '../../model/policy.ts';
import { type ProgramOptions, runProgram } from '../programs/run-program.ts';
import { verdictOf } from './verdict.ts';

/** Asks all of them at once, each with the report document of the plan on its standard input. */
export function askPolicies(
  policies: readonly Policy[],
  document: string,
  options: ProgramOptions,
): Promise<readonly PolicyVerdict[]> {
  return Promise.all(
    policies.map(async (policy) => verdictOf(policy.name, await runProgram(policy, document, options))),
  );
}
