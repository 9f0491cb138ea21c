import { readFile } from 'node:fs/promises';
import { inOrder } from '../../document/problem-order.ts';
import { reasonOf } from '../../document/reason.ts';
import type { SourceFile } from '../../document/source-file.ts';
import type { Places, YamlDocument } from '../../document/yaml-document.ts';
import { OperatorError, OperatorErrors, type Problem, problemsOf } from '../../model/operator-error.ts';
import type { LoadedPlaybook } from '../../steps/loaded-playbook.ts';
import type { StepModule } from '../../steps/step-module.ts';
import { checkMeaning } from '../check/check.ts';
import { checkParameters } from '../check/check-parameters.ts';
import { parseFile, TemplateError, type TemplateSource } from '../resolve/templates.ts';
import { besidePlaybook } from './beside.ts';
import { buildPlaybook, moduleName, templateKey, templateName } from './build.ts';
import { readChain } from './chain.ts';
import { readPrograms } from './guard-programs.ts';
import { filesOf, layered } from './layers.ts';
import { type KnownModules, withOwnModules } from './own-modules.ts';
import type { PlaybookData, StepData } from './schema.ts';

/** A playbook as its files have it, and what it was made of. */
export interface ParsedPlaybook {
  readonly playbook: LoadedPlaybook;
  readonly files: readonly SourceFile[];
  /** whether it has step modules of its own, which no file could bring back */
  readonly hasOwnModules: boolean;
}

/** Reads and checks the files of a playbook; as `loadPlaybook`, which takes a known one where it can. */
export async function readPlaybook(
  reference: string,
  directory: string,
  modules: ReadonlyMap<string, StepModule>,
): Promise<ParsedPlaybook> {
  const chain = await readChain(reference, directory);
  const all = await withOwnModules(chain, modules);
  return { ...(await parsePlaybook(chain, all)), hasOwnModules: all.texts.length > 0 };
}

async function parsePlaybook(
  chain: readonly YamlDocument[],
  { modules, texts }: KnownModules,
): Promise<{ readonly playbook: LoadedPlaybook; readonly files: readonly SourceFile[] }> {
  const { data, places } = layered(chain, modules.values());
  const mistakes = [...stepProblems(places, data, modules), ...checkMeaning(places, data)];
  if (mistakes.length > 0) throw new OperatorErrors(inOrder(mistakes, filesOf(chain)));
  const programs = await readPrograms(places, data);
  const asked = [...new Set([...programs.values()].map(({ text }) => text))];
  const templates = await readTemplates(places, data, modules);
  const playbook = buildPlaybook(places, data, {
    file: chain[0]?.file ?? '',
    text: [...chain.map((document) => document.text), ...texts, ...asked].join('\n'),
    ...{ modules, templates, programs },
  });
  return {
    playbook,
    files: [...chain, ...programs.values(), ...templates.values()],
  };
}

function stepProblems(
  document: Places,
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

/**
 * The template files that steps name; they are in the directory of the file that has the step, or below it.
 */
async function readTemplates(
  document: Places,
  data: PlaybookData,
  modules: ReadonlyMap<string, StepModule>,
): Promise<ReadonlyMap<string, TemplateSource>> {
  const templates = new Map<string, TemplateSource>();
  const problems: Problem[] = [];
  for (const [role, { steps }] of Object.entries(data.roles)) {
    for (const [index, step] of steps.entries()) {
      const module = moduleName(step, modules.keys());
      const name = templateName(modules.get(module), (step as StepData)[module]);
      if (name === undefined) continue;
      const path = ['roles', role, 'steps', index, module, 'template'];
      try {
        templates.set(templateKey(role, step.id), await readTemplate(document.location(path).file, name));
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

async function readTemplate(playbook: string, name: string): Promise<TemplateSource> {
  const invalid = (message: string, next: string) =>
    new OperatorError({ code: 'invalid-template', message, next });
  const file = await besidePlaybook(playbook, name);
  if (file === undefined) {
    throw invalid(
      `the template ${name} is outside the playbook's directory`,
      "move it into the playbook's directory",
    );
  }
  try {
    const source = { file, text: await readFile(file, 'utf8') };
    parseFile(source);
    return source;
  } catch (error) {
    if (error instanceof TemplateError) throw invalid(error.message, error.next);
    throw invalid(`the template ${name} can't be read: ${reasonOf(error)}`, 'check its path');
  }
}
