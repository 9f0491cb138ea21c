import { valueAt } from '../../document/found-value.ts';
import { knownNamesHint } from '../../document/nearest-name.ts';
import { inOrder } from '../../document/problem-order.ts';
import { schemaProblems } from '../../document/schema-problems.ts';
import type { Places, YamlDocument } from '../../document/yaml-document.ts';
import { OperatorErrors, type Problem } from '../../model/operator-error.ts';
import type { StepModule } from '../../steps/step-module.ts';
import { extend, type Source } from './extend.ts';
import { namesSchema } from './name-schema.ts';
import { type Names, unknownNames } from './names.ts';
import { PlaybookFile } from './playbook-file.ts';
import { type ExtensionData, extensionSchema, type PlaybookData, playbookSchema } from './schema.ts';

/**
 * Combines a playbook from the files that it consists of, starting with its own and ending with one that
 * extends nothing: names are filled in, and each file is applied to those after it. Throws OperatorErrors
 * with every mistake of form, each in the file that has it.
 */
export function layered(chain: readonly YamlDocument[], modules: Iterable<StepModule>): Source<PlaybookData> {
  const known = [...modules];
  const misnamed = chain.flatMap((document) =>
    schemaProblems(document, namesSchema.optional(), valueAt(document.value, ['names']), { at: ['names'] }),
  );
  // Filling them in would cause mistakes all over the place.
  if (misnamed.length > 0) throw new OperatorErrors(inOrder(misnamed, filesOf(chain)));
  const { names, problems } = namesOf(chain);
  const files = chain.map((document) => new PlaybookFile(document, names));
  const whole = playbookSchema(known);
  const extension = extensionSchema(known);
  problems.push(
    ...files.flatMap((file) => [
      ...file.document.problems,
      ...schemaProblems(file, doesExtend(file.value) ? extension : whole, file.value),
      ...unknownNames(file.document, names),
    ]),
  );
  const [base, ...rest] = files.toReversed();
  if (problems.length > 0 || base === undefined) throw new OperatorErrors(inOrder(problems, filesOf(chain)));
  let source: Source<PlaybookData> = { data: whole.parse(base.value), places: base };
  for (const file of rest) {
    const own: Source<ExtensionData> = { data: extension.parse(file.value), places: file };
    const extended = extend(source, own);
    const mistakes =
      extended.problems.length > 0
        ? extended.problems
        : schemaProblems(extended.places, whole, extended.data);
    if (mistakes.length > 0) throw new OperatorErrors(inOrder(mistakes, filesOf(chain)));
    source = extended;
  }
  return source;
}

function doesExtend(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'extends');
}

/** A playbook's own file, then those that it extends. */
export function filesOf(chain: readonly YamlDocument[]): readonly string[] {
  return chain.map(({ file }) => file);
}

/** The names in effect: those of the last file, each with the text from the first file that sets it. */
function namesOf(chain: readonly YamlDocument[]): { names: Names; problems: Problem[] } {
  const problems: Problem[] = [];
  let names: Names = {};
  for (const [index, document] of chain.toReversed().entries()) {
    const own = ownNames(document);
    if (index > 0) problems.push(...namesOfNobody(document, own, names));
    names = { ...names, ...own };
  }
  return { names, problems };
}

function ownNames(document: YamlDocument): Names {
  return namesSchema.optional().parse(valueAt(document.value, ['names'])) ?? {};
}

/** Refuses names that the base doesn't have, since they would have no effect. */
function namesOfNobody(document: Places, own: Names, base: Names): readonly Problem[] {
  return Object.keys(own)
    .filter((name) => !Object.hasOwn(base, name))
    .map((name) =>
      document.problem(['names', name], {
        part: 'key',
        code: 'unknown-key',
        message: `the playbook that is extended has no name ${name}`,
        next: knownNamesHint(name, Object.keys(base)),
      }),
    );
}
