import { z } from 'zod';
import type { IssueDetails } from '../document/schema-problems.ts';
import type { Mistake } from './names.ts';

/** Text with our own check, whose mistake has a code and says what to do. */
export function checkedText(check: {
  readonly code: string;
  readonly mistake: (text: string) => Mistake | undefined;
  readonly description: string;
  /** the pattern with which editors check it */
  readonly pattern?: RegExp;
}) {
  return z
    .string()
    .superRefine((text, context) => {
      const found = check.mistake(text);
      if (found === undefined) return;
      const params: IssueDetails = { code: check.code, next: found.next };
      context.addIssue({ code: 'custom', message: found.message, params: { ...params } });
    })
    .meta({
      description: check.description,
      ...(check.pattern === undefined ? {} : { pattern: check.pattern.source }),
    });
}
