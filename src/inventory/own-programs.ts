import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type HookPrograms, hookKinds } from '../model/hook.ts';
import type { OwnProgram } from '../model/own-program.ts';

/** Programs on this machine: each alone, or as a list with its arguments. */
export const ownPrograms = z.array(z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]));

export const hooksSchema = z.strictObject({
  'before-run': ownPrograms.optional().meta({
    description: 'once a plan is agreed on, before the first host is touched; they may refuse',
  }),
  'after-host': ownPrograms.optional().meta({ description: 'each time a host has ended' }),
  'after-run': ownPrograms.optional().meta({ description: 'when a run is over, whatever came of it' }),
  'on-drift': ownPrograms.optional().meta({
    description: 'when check, plan --detailed-exitcode or a schedule has found that a host differs',
  }),
});

/** The programs as they are called; `file` is the inventory. */
export function programsIn(given: z.infer<typeof ownPrograms> = [], file: string): readonly OwnProgram[] {
  return given.map((one) => {
    const words = typeof one === 'string' ? [one] : one;
    return { name: words.join(' '), words, folder: dirname(resolve(file)) };
  });
}

/** Undefined where the inventory names none. */
export function hooksIn(
  given: z.infer<typeof hooksSchema> | undefined,
  file: string,
): HookPrograms | undefined {
  if (given === undefined || hookKinds.every((kind) => (given[kind] ?? []).length === 0)) return undefined;
  return Object.fromEntries(hookKinds.map((kind) => [kind, programsIn(given[kind], file)]));
}
