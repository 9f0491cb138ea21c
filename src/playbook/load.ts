import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { knownNamesHint } from '../inventory/nearest-name.ts';
import { schemaProblems } from '../inventory/schema-problems.ts';
import { readSourceFile } from '../inventory/source-file.ts';
import { YamlDocument } from '../inventory/yaml-document.ts';
import { OperatorError, OperatorErrors, type Problem, problemsOf } from '../model/operator-error.ts';
import type { Playbook } from '../model/playbook.ts';
import { packageRoot } from '../package-root.ts';
import { stepModules } from '../steps/registry.ts';
import type { StepModule } from '../steps/step-module.ts';
import { buildPlaybook, moduleName, templateName } from './build.ts';
import { checkPlaybook } from './check.ts';
import { checkParameters } from './check-parameters.ts';
import { type PlaybookData, playbookSchema, type StepData } from './schema.ts';
import { parseFile, TemplateError, type TemplateSource } from './templates.ts';

/**
 * Read a playbook: one that comes with the program by its name, or one of the operator's by its path (anything with a
 * slash or the end .yaml or .yml), relative to `directory`, which is the inventory's. Throws OperatorErrors with every
 * mistake of form, and with every mistake of meaning where the form is right.
 */
export async function loadPlaybook(
  reference: string,
  directory: string,
  modules: ReadonlyMap<string, StepModule> = stepModules,
): Promise<Playbook> {
  const file = isPath(reference) ? pathOf(reference, directory) : await builtIn(reference);
  const source = await readSourceFile(file, 'a path is relative to the inventory that names it').catch(
    (error: unknown) => {
      throw new OperatorErrors(problemsOf(error));
    },
  );
  return parsePlaybook(new YamlDocument(source), modules);
}

/** Names of the playbooks that come with the program. */
export async function builtInPlaybooks(): Promise<readonly string[]> {
  const files = await readdir(join(packageRoot(), 'playbooks'));
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();
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
  throw new OperatorErrors([
    {
      code: 'unknown-playbook',
      message: `there is no playbook ${name.slice(0, 80)}`,
      next: `${knownNamesHint(name, known)}; for one of your own write its path: ./${name.slice(0, 80)}.yaml`,
    },
  ]);
}

async function parsePlaybook(
  document: YamlDocument,
  modules: ReadonlyMap<string, StepModule>,
): Promise<Playbook> {
  const problems: Problem[] = [...document.problems];
  if (document.value === undefined) throw new OperatorErrors(problems);
  const schema = playbookSchema(modules.values());
  const checked = schema.safeParse(document.value);
  if (!checked.success) problems.push(...schemaProblems(document, schema, document.value));
  else {
    problems.push(...stepProblems(document, checked.data, modules), ...checkPlaybook(document, checked.data));
  }
  if (!checked.success || problems.length > 0) throw new OperatorErrors(byPlace(problems));
  const templates = await readTemplates(document, checked.data, modules);
  return buildPlaybook(document, checked.data, { modules: modules.keys(), templates });
}

function stepProblems(
  document: YamlDocument,
  data: PlaybookData,
  modules: ReadonlyMap<string, StepModule>,
): readonly Problem[] {
  return Object.entries(data.roles).flatMap(([role, { steps }]) =>
    steps.flatMap((step, index) => {
      const module = modules.get(moduleName(step, modules.keys()));
      if (module === undefined) return [];
      const parameters = (step as StepData)[module.name];
      return checkParameters(document, module, { path: ['roles', role, 'steps', index], parameters });
    }),
  );
}

/** The files that steps name by `file: {template: …}`; they lie beside the playbook or below. */
async function readTemplates(
  document: YamlDocument,
  data: PlaybookData,
  modules: ReadonlyMap<string, StepModule>,
): Promise<ReadonlyMap<string, TemplateSource>> {
  const templates = new Map<string, TemplateSource>();
  const problems: Problem[] = [];
  for (const [role, { steps }] of Object.entries(data.roles)) {
    for (const [index, step] of steps.entries()) {
      const module = moduleName(step, modules.keys());
      const name = templateName(module, (step as StepData)[module]);
      if (name === undefined) continue;
      const path = ['roles', role, 'steps', index, module, 'template'];
      try {
        templates.set(name, await readTemplate(document, name));
      } catch (error) {
        for (const problem of problemsOf(error)) {
          problems.push({ ...problem, location: document.location(path) });
        }
      }
    }
  }
  if (problems.length > 0) throw new OperatorErrors(problems);
  return templates;
}

async function readTemplate(document: YamlDocument, name: string): Promise<TemplateSource> {
  const invalid = (message: string, next: string) =>
    new OperatorError({ code: 'invalid-template', message, next });
  if (name.startsWith('/') || name.split('/').includes('..')) {
    throw invalid(`the template ${name} lies outside the playbook's directory`, 'put it beside the playbook');
  }
  const file = resolve(dirname(document.file), name);
  try {
    const source = { file, text: await readFile(file, 'utf8') };
    parseFile(source);
    return source;
  } catch (error) {
    if (error instanceof TemplateError) throw invalid(error.message, error.next);
    throw invalid(`the template ${name} can't be read: ${(error as Error).message}`, 'check its path');
  }
}

function byPlace(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted(
    (one, other) =>
      (one.location?.line ?? 0) - (other.location?.line ?? 0) ||
      (one.location?.column ?? 0) - (other.location?.column ?? 0),
  );
}
