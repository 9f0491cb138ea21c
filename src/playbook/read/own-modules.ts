import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { valueAt } from '../../document/found-value.ts';
import { reasonOf } from '../../document/reason.ts';
import type { YamlDocument } from '../../document/yaml-document.ts';
import type { KeyedFormat } from '../../formats/keyed-format.ts';
import { OperatorError, OperatorErrors, type Problem, problemsOf } from '../../model/operator-error.ts';
import { nativeImport } from '../../native-import.ts';
import { builtInItemFormats } from '../../steps/item-formats.ts';
import { moduleTools } from '../../steps/shared/module-tools.ts';
import type { StepModule } from '../../steps/step-module.ts';
import { stateFormats } from '../../virtual/managed.ts';
import { besidePlaybook } from './beside.ts';

/** The step modules that a playbook can use, and the texts of its own ones, on which a saved plan depends. */
export interface KnownModules {
  readonly modules: ReadonlyMap<string, StepModule>;
  readonly texts: readonly string[];
}

/**
 * The built-in step modules with those of the files that a playbook, or one that it extends, names in
 * `modules`. Throws OperatorErrors with everything that can't be loaded, each at the place where it is named.
 */
export async function withOwnModules(
  chain: readonly YamlDocument[],
  builtIn: ReadonlyMap<string, StepModule>,
): Promise<KnownModules> {
  const modules = new Map(builtIn);
  const texts: string[] = [];
  const problems: Problem[] = [];
  for (const document of chain) {
    for (const [index, name] of namedIn(document).entries()) {
      try {
        const { text, found } = await loadFile(document.file, name);
        for (const module of found) modules.set(module.name, added(module, modules));
        texts.push(text);
      } catch (error) {
        const location = document.location(['modules', index]);
        problems.push(...problemsOf(error).map((problem) => ({ location, ...problem })));
      }
    }
  }
  if (problems.length > 0) throw new OperatorErrors(problems);
  return { modules, texts };
}

/** Anything that isn't a list of texts is found by the schema. */
function namedIn(document: YamlDocument): readonly string[] {
  const named = valueAt(document.value, ['modules']);
  return Array.isArray(named) && named.every((name) => typeof name === 'string') ? named : [];
}

function added(module: StepModule, known: ReadonlyMap<string, StepModule>): StepModule {
  const other = known.get(module.name);
  if (other === undefined) return module;
  throw invalid(
    `there is a step module ${module.name} already${other.file === undefined ? ', which is built in' : ` in ${other.file}`}`,
    'give it another name',
  );
}

async function loadFile(
  playbook: string,
  name: string,
): Promise<{ readonly text: string; readonly found: readonly StepModule[] }> {
  const file = await besidePlaybook(playbook, name);
  if (file === undefined) {
    throw invalid(
      `the module file ${name} is outside the playbook's directory`,
      "move it into the playbook's directory",
    );
  }
  refuseOtherLanguages(file);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw invalid(`the module file ${name} can't be read: ${reasonOf(error)}`, 'check its path');
  });
  const exported = await load(file, name);
  const list = Array.isArray(exported) ? exported : [exported];
  return { text, found: list.map((module) => ({ ...checked(module, file, name), text })) };
}

/** A file of step modules that was loaded before, with the text that it had then. */
export interface ModuleFile {
  readonly file: string;
  readonly text: string;
}

/** The files from which a playbook's own modules were loaded. */
export function moduleFilesOf(modules: ReadonlyMap<string, StepModule>): readonly ModuleFile[] {
  const texts = new Map(
    [...modules.values()].flatMap(({ file, text }) =>
      file === undefined || text === undefined ? [] : [[file, text] as const],
    ),
  );
  return [...texts].map(([file, text]) => ({ file, text }));
}

/**
 * The built-in step modules with those of files that another thread has loaded: code can't be sent to one.
 * Throws an OperatorError if a file is no longer the same.
 */
export async function loadedAgain(
  files: readonly ModuleFile[],
  builtIn: ReadonlyMap<string, StepModule>,
): Promise<ReadonlyMap<string, StepModule>> {
  const modules = new Map(builtIn);
  for (const { file, text } of files) {
    const again = await loadFile(file, basename(file));
    if (again.text !== text) {
      throw invalid(`${file} was changed while clusterproxy was using it`, 'run the command again');
    }
    for (const module of again.found) modules.set(module.name, module);
  }
  return modules;
}

/**
 * Source: Node's documentation, "Modules: TypeScript": types are stripped by default since 22.18 and 23.6.
 */
function refuseOtherLanguages(file: string): void {
  const extension = extname(file);
  if (['.js', '.mjs'].includes(extension)) return;
  if (!['.ts', '.mts'].includes(extension)) {
    throw invalid(`${file} is not a module file`, 'name a file that ends in .js, .mjs, .ts or .mts');
  }
  const { typescript } = process.features as { readonly typescript?: unknown };
  if (typescript) return;
  throw invalid(
    `${file} is TypeScript, which this Node (${process.version}) can't run`,
    'use Node 22.18, 23.6 or later, or write the file in JavaScript',
  );
}

async function load(file: string, name: string): Promise<unknown> {
  try {
    const { default: make } = (await nativeImport(pathToFileURL(file).href)) as {
      readonly default?: unknown;
    };
    if (typeof make === 'function') return await make(moduleTools);
  } catch (error) {
    throw new OperatorError({
      code: 'invalid-module',
      message: `the module file ${name} can't be loaded: ${reasonOf(error)}`,
      next: 'correct it; docs/your-own-playbook.md has an example',
      detail: error instanceof Error ? error.stack : undefined,
    });
  }
  throw invalid(
    `${name} has no default export that is a function`,
    'write: export default ({ z }) => ({ name, description, parameters, reads, apply })',
  );
}

function checked(module: unknown, file: string, name: string): StepModule {
  const given = (typeof module === 'object' && module !== null ? module : {}) as Partial<
    Record<keyof StepModule, unknown>
  >;
  const mistake = mistakeIn(given);
  if (mistake !== undefined) {
    throw invalid(`the step module of ${name} ${mistake}`, 'see docs/your-own-playbook.md for its form');
  }
  return { ...(module as StepModule), file };
}

/** Keys that a step has in addition to its module's. */
const reserved = ['id', 'stage', 'recipes', 'when', 'notify', 'folder_of'];

function mistakeIn(given: Partial<Record<keyof StepModule, unknown>>): string | undefined {
  if (typeof given.name !== 'string' || !/^[a-z][a-z0-9-]*$/.test(given.name)) {
    return "needs a name of lower-case letters, digits and '-'";
  }
  if (reserved.includes(given.name))
    return `can't be called ${given.name}, which is a key that every step has`;
  if (typeof given.description !== 'string') return 'needs a description';
  if (!isSchema(given.parameters)) return 'needs parameters made with z, such as z.strictObject({ … })';
  if (typeof given.reads !== 'function') return 'needs a reads function';
  if (typeof given.apply !== 'function') return 'needs an apply function';
  return mistakeInSeams(given);
}

/** What else it may provide for others to use. */
function mistakeInSeams({
  itemFormats = [],
  crossCheck,
  byHand,
  writes,
}: Partial<Record<keyof StepModule, unknown>>): string | undefined {
  if (!Array.isArray(itemFormats) || !itemFormats.every(isFormat))
    return 'needs itemFormats that each have a name and the functions get, set and remove';
  const taken = itemFormats.find(({ name }) => stateFormats.includes(name) || builtInItemFormats.has(name));
  if (taken !== undefined) return `defines the item format ${taken.name}, which is built in`;
  if (crossCheck !== undefined && !hasFunctions(crossCheck, 'check'))
    return 'needs a crossCheck with a name and a check function';
  if (writes !== undefined && typeof writes !== 'function') return 'needs a writes that is a function';
  return byHand === undefined || typeof byHand === 'function'
    ? undefined
    : 'needs a byHand that is a function';
}

function isFormat(value: unknown): value is KeyedFormat {
  return hasFunctions(value, 'get', 'set', 'remove');
}

/** Whether it has a name and these functions. */
function hasFunctions(value: unknown, ...functions: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const given = value as Readonly<Record<string, unknown>>;
  return (
    typeof given.name === 'string' &&
    given.name !== '' &&
    functions.every((name) => typeof given[name] === 'function')
  );
}

function isSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'safeParse' in value && '_zod' in value;
}

function invalid(message: string, next: string): OperatorError {
  return new OperatorError({ code: 'invalid-module', message, next });
}
