import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { valueAt } from '../../document/found-value.ts';
import { kindOfFile } from '../../document/kind-of-file.ts';
import { knownNamesHint } from '../../document/nearest-name.ts';
import { readSourceFile } from '../../document/source-file.ts';
import { YamlDocument } from '../../document/yaml-document.ts';
import { type Location, OperatorErrors, type Problem, problemsOf } from '../../model/operator-error.ts';
import { packageRoot } from '../../package-root.ts';

/** Names of the playbooks that come with clusterproxy. */
export async function builtInPlaybooks(): Promise<readonly string[]> {
  const files = await readdir(join(packageRoot(), 'playbooks'));
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();
}

/**
 * The files that a playbook consists of: its own, followed by those that it `extends`, each relative to the
 * file that names it. Throws OperatorErrors with what is wrong with them as YAML; problems with `extends` are
 * shown at that key.
 */
export async function readChain(reference: string, directory: string): Promise<readonly YamlDocument[]> {
  const chain: YamlDocument[] = [];
  const seen = new Set<string>();
  let next: { reference: string; directory: string; location: Location | undefined } | undefined = {
    reference,
    directory,
    location: undefined,
  };
  while (next !== undefined) {
    const { location } = next;
    const document: YamlDocument = await readOne(next.reference, next.directory).catch((error: unknown) => {
      throw new OperatorErrors(problemsOf(error).map((problem) => atExtends(problem, location)));
    });
    // What comes through a pipe, as /dev/stdin may, lies nowhere.
    const file = await realpath(document.file).catch(() => document.file);
    if (seen.has(file)) throw new OperatorErrors([extendsItself(document, location)]);
    seen.add(file);
    chain.push(document);
    if (document.value === undefined) throw new OperatorErrors(document.problems);
    if (kindOfFile(document.value) === 'inventory')
      throw new OperatorErrors([notPlaybook(document, location)]);
    const base = valueAt(document.value, ['extends']);
    next =
      typeof base === 'string' && base !== ''
        ? { reference: base, directory: dirname(document.file), location: document.location(['extends']) }
        : undefined;
  }
  return chain;
}

async function readOne(reference: string, directory: string): Promise<YamlDocument> {
  const file = await fileOf(reference, directory);
  return new YamlDocument(
    await readSourceFile(file, 'check the path; a path in a file is relative to that file'),
  );
}

/** The file of a playbook, whether it's there or not. Throws OperatorErrors if no playbook has that name. */
export async function fileOf(reference: string, directory: string): Promise<string> {
  return isPath(reference) ? pathOf(reference, directory) : await builtIn(reference);
}

function atExtends(problem: Problem, location: Location | undefined): Problem {
  return location === undefined ? problem : { ...problem, location: problem.location ?? location };
}

function extendsItself(document: YamlDocument, location: Location | undefined): Problem {
  return {
    code: 'extends-itself',
    message: `${document.file} extends a playbook that in turn extends it`,
    next: 'remove extends from one of them',
    location,
  };
}

function notPlaybook(document: YamlDocument, location: Location | undefined): Problem {
  const named = valueAt(document.value, ['playbook']);
  const own = typeof named === 'string' ? `; the playbook that it names is ${named}` : '';
  return {
    code: 'not-a-playbook',
    message: `${document.file} is an inventory, not a playbook${own}`,
    next: `name a playbook here; to check the inventory: clusterproxy validate --inventory ${document.file}`,
    location: location ?? document.location(['hosts'], 'key'),
  };
}

function isPath(reference: string): boolean {
  return reference.includes('/') || /\.ya?ml$/.test(reference);
}

function pathOf(reference: string, directory: string): string {
  return isAbsolute(reference) ? reference : join(directory, reference);
}

async function builtIn(name: string): Promise<string> {
  const known = await builtInPlaybooks();
  if (known.includes(name)) return join(packageRoot(), 'playbooks', `${name}.yaml`);
  const hint = knownNamesHint(name, known);
  throw new OperatorErrors([
    {
      code: 'unknown-playbook',
      message: `there is no playbook ${name.slice(0, 80)}`,
      next: `${hint}${hint.endsWith('?') ? ' For' : '; for'} your own playbook, write its path: ./${name.slice(0, 80)}.yaml`,
    },
  ]);
}
