import { z } from 'zod';
import type { Problem } from '../../model/operator-error.ts';
import type { ProgramEnd } from '../../model/own-program.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { heard } from '../../secrets/showable.ts';

const reasons = z.array(z.string().min(1));
/** One of them is enough: `{}` is what a program prints that has looked for something else. */
const answer = z
  .strictObject({ deny: reasons.optional(), warn: reasons.optional() })
  .refine(({ deny, warn }) => deny !== undefined || warn !== undefined);

/** What it said. Whatever isn't clearly a yes is a no. */
export function verdictOf(policy: string, { why, stdout, stderr }: ProgramEnd): PolicyVerdict {
  const failed = (words: string): PolicyVerdict => ({
    ...{ policy, deny: [], warn: [] },
    failed: { why: words, said: (stderr.trim() || stdout.trim()).slice(-2_000) },
  });
  if (why !== undefined) return failed(why);
  let parsed: unknown;
  try {
    parsed = JSON.parse(stdout);
  } catch {
    return failed('it printed something else than JSON');
  }
  const { data } = answer.safeParse(parsed);
  if (data === undefined)
    return failed('it printed JSON of another form than {"deny": [TEXT], "warn": [TEXT]}');
  return { policy, deny: data.deny ?? [], warn: data.warn ?? [] };
}

/** Why a plan isn't carried out; none where all policies agree. */
export function denials(verdicts: readonly PolicyVerdict[]): readonly Problem[] {
  return verdicts.flatMap(({ policy, deny, failed }): Problem[] => {
    if (failed !== undefined) {
      return [
        {
          code: 'policy-failed',
          message: `the policy ${policy} could not be asked, which counts as a no: ${failed.why}; nothing was changed`,
          next: 'run it by hand with what plan --json prints on its standard input',
          ...(failed.said === '' ? {} : { detail: failed.said }),
        },
      ];
    }
    if (deny.length === 0) return [];
    return [
      {
        code: 'denied',
        message: `the policy ${policy} does not allow this: ${deny.map(onOneLine).join('; ')}; nothing was changed`,
        next: 'change the plan, wait until the policy allows it, or ask whoever is responsible for the policy',
      },
    ];
  });
}

/** What is worth a word before the yes. */
export function warningsOf(verdicts: readonly PolicyVerdict[]): readonly string[] {
  return verdicts.flatMap(({ policy, warn }) =>
    warn.map((text) => `the policy ${policy} warns: ${onOneLine(text)}`),
  );
}

/** So that a reason of several lines never passes for a message of ours. */
export function onOneLine(text: string): string {
  return heard(text)
    .trim()
    .replace(/\s*\n\s*/g, ' ');
}
