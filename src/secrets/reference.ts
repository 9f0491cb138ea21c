import { z } from 'zod';

/** A name that a shell can export (POSIX.1-2017, Base Definitions, 8.1, plus lower-case letters). */
const environmentName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Text of a reference goes into messages and to execve(2), so it is one line without NUL. */
const oneLine = /^[^\0-\x1f\x7f]+$/;

const fromEnvironment = z.strictObject({
  env: z.string().regex(environmentName, 'the name of an environment variable').meta({
    description: 'name of an environment variable that is set when clusterproxy is started',
  }),
});

const fromFile = z.strictObject({
  file: z.string().regex(oneLine, 'a path on one line').meta({
    description:
      'a file that only you can read; the path is relative to the inventory, and ~/ is your home directory',
  }),
});

const fromCommand = z.strictObject({
  command: z.array(z.string().regex(oneLine, 'text on one line')).min(1).meta({
    description: 'a program and its arguments, run without a shell; its output is the secret',
  }),
});

/** Where to get a secret: exactly one of an environment variable, a file, or a program's output. */
export const secretReference = z.union([fromEnvironment, fromFile, fromCommand]).meta({
  description: 'a secret reference: {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT, ...]}',
});

export type SecretReference = z.infer<typeof secretReference>;

/** An inventory's key that holds a secret: a reference, or the secret itself, which causes a warning. */
export const secretSetting = z.union([z.string().min(1), secretReference]);

/** Whether plain data from an inventory has the form of a reference. */
export function isSecretReference(value: unknown): value is SecretReference {
  return secretReference.safeParse(value).success;
}
