import type { Problem } from '../../model/operator-error.ts';
import type { OwnProgram, ProgramEnd } from '../../model/own-program.ts';
import { heard } from '../../secrets/showable.ts';
import { onOneLine, verdictOf } from '../policies/verdict.ts';

/** What a `before-run` hook has said: why the run must not begin, and what is worth a word of it. */
export interface HookAnswer {
  readonly refusal: Problem | undefined;
  readonly warnings: readonly string[];
}

/** It goes on if the hook says nothing, or what a policy says that allows it; anything else is a no. */
export function answerOf({ name }: OwnProgram, end: ProgramEnd): HookAnswer {
  if (end.why === undefined && end.stdout.trim() === '') return { refusal: undefined, warnings: [] };
  const { deny, warn, failed } = verdictOf(name, end);
  const warnings = warn.map((text) => `the hook ${name} (before-run) warns: ${onOneLine(text)}`);
  if (failed !== undefined) {
    const refusal = {
      code: 'hook-failed',
      message: `the hook ${name} (before-run) failed, which counts as a no: ${failed.why}; nothing was changed`,
      next: 'run it by hand with what plan --json prints on its standard input; what it tells people belongs on standard error',
      ...(failed.said === '' ? {} : { detail: failed.said }),
    };
    return { refusal, warnings };
  }
  if (deny.length === 0) return { refusal: undefined, warnings };
  const refusal = {
    code: 'hook-refused',
    message: `the hook ${name} (before-run) does not allow this run: ${deny.map(onOneLine).join('; ')}; nothing was changed`,
    next: 'do what it asks for, wait until it allows the run, or ask whoever is responsible for the hook',
  };
  return { refusal, warnings };
}

/** What is worth a word of a hook that can refuse nothing; `about`: what it was called for. */
export function failureOf({ name }: OwnProgram, about: string, end: ProgramEnd): string | undefined {
  if (end.why === undefined) return undefined;
  const last = (end.stderr.trim() || end.stdout.trim()).split('\n').at(-1) ?? '';
  const said = last === '' ? '' : `: ${onOneLine(heard(last)).slice(-300)}`;
  return `the hook ${name} (${about}) failed: ${end.why}${said}`;
}
