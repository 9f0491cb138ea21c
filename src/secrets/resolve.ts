import pLimit from 'p-limit';
import type { Location, Problem } from '../model/operator-error.ts';
import { runForSecret } from './command.ts';
import { readSecretFile } from './file.ts';
import type { SecretReference } from './reference.ts';
import type { SecretRegister } from './register.ts';
import { unusable } from './usable.ts';

/** A reference and its place in the inventory. */
export interface WantedSecret {
  readonly reference: SecretReference;
  readonly location: Location;
}

export interface ResolveOptions {
  /** the inventory's directory, to which paths, and programs with a slash in their names, are relative */
  readonly directory: string;
  readonly home: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /**
   * variables that hold secrets themselves; no program gets them, because its environment can be read in
   * /proc
   */
  readonly withheld?: ReadonlySet<string> | undefined;
  /** whether a program that asks for a passphrase may use the operator's terminal */
  readonly terminal: boolean;
  /** discards what was typed before a program could ask, since that isn't an answer */
  readonly beforeAsking?: (() => Promise<void>) | undefined;
  readonly signal: AbortSignal;
  readonly register: SecretRegister;
  /** reports which program is run, before it can ask for something */
  readonly progress: (text: string) => void;
}

/** How many programs run at the same time if none of them can ask anything. */
const parallelCommands = 4;

/**
 * The values of references, by `referenceId`, and the problems of those that can't be resolved, each with the
 * place of its reference. Each reference is resolved once, however often it occurs in the inventory, and its
 * value goes into the register.
 */
export async function lookUpSecrets(
  wanted: readonly WantedSecret[],
  options: ResolveOptions,
): Promise<{ readonly values: ReadonlyMap<string, string>; readonly problems: readonly Problem[] }> {
  const first = new Map<string, WantedSecret>();
  for (const one of wanted) {
    const id = referenceId(one.reference);
    if (!first.has(id)) first.set(id, one);
  }
  // Two programs that ask for a passphrase at the same time would take each other's keystrokes.
  const limit = pLimit(options.terminal ? 1 : parallelCommands);
  const values = new Map<string, string>();
  const problems: Problem[] = [];
  await Promise.all(
    [...first].map(([id, { reference, location }]) =>
      limit(async () => {
        const found = await lookUp(reference, options);
        const problem = typeof found === 'string' ? unusable(found, describeReference(reference)) : found;
        if (problem !== undefined) problems.push({ ...problem, location });
        if (typeof found !== 'string') return;
        options.register.add(found);
        values.set(id, found);
      }),
    ),
  );
  return { values, problems: problems.toSorted(byPlace) };
}

/** The same string for the same reference, wherever it occurs. */
export function referenceId(reference: SecretReference): string {
  return JSON.stringify(reference);
}

/** A reference in words, such as `the environment variable DB_PASSWORD`. */
function describeReference(reference: SecretReference): string {
  if ('env' in reference) return `the environment variable ${reference.env}`;
  if ('file' in reference) return `the file ${reference.file}`;
  return `\`${reference.command.join(' ')}\``;
}

function lookUp(reference: SecretReference, options: ResolveOptions): Promise<string | Problem> {
  if ('file' in reference) return readSecretFile(reference.file, options);
  if ('command' in reference)
    return runForSecret(reference.command, { ...options, variables: others(options) });
  return Promise.resolve(fromEnvironment(reference.env, options));
}

function others({ variables, withheld }: ResolveOptions): ResolveOptions['variables'] {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => withheld?.has(name) !== true));
}

function fromEnvironment(name: string, { variables }: ResolveOptions): string | Problem {
  return (
    variables[name] ?? {
      code: 'secret-env-missing',
      message: `the environment variable ${name}, which holds a secret, is not set`,
      next: `set it for this command only, for example ${name}="$(pass show …)" clusterproxy … (under sudo, \`sudo --preserve-env=${name}\`)`,
    }
  );
}

function byPlace(one: Problem, other: Problem): number {
  return (
    (one.location?.line ?? 0) - (other.location?.line ?? 0) ||
    (one.location?.column ?? 0) - (other.location?.column ?? 0)
  );
}
