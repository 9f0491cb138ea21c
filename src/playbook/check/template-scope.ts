import { knownNamesHint } from '../../document/nearest-name.ts';
import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import { TemplateError, variablesOf } from '../resolve/templates.ts';

/** The names that templates at a given place in a playbook can use: group → names. */
export interface TemplateScope {
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** groups that exist but aren't known yet at that place, each with the reason */
  readonly later: Readonly<Record<string, string>>;
}

/** Checks every template within a value of the document for names that won't be known. */
export function scopeProblems(
  document: Places,
  path: YamlPath,
  value: unknown,
  scope: TemplateScope,
): readonly Problem[] {
  if (typeof value === 'string') return textProblems(document, path, { text: value, part: 'value' }, scope);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const inner = [...path, Array.isArray(value) ? Number(key) : key];
    const keyProblems = Array.isArray(value)
      ? []
      : textProblems(document, inner, { text: key, part: 'key' }, scope);
    return [...keyProblems, ...scopeProblems(document, inner, item, scope)];
  });
}

function textProblems(
  document: Places,
  path: YamlPath,
  { text, part }: { text: string; part: 'key' | 'value' },
  scope: TemplateScope,
): readonly Problem[] {
  try {
    return variablesOf(text).flatMap((variable) => {
      const found = unknownName(variable, scope);
      if (found === undefined) return [];
      return [document.problem(path, { part, code: 'unknown-template-variable', ...found })];
    });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return [
      document.problem(path, { part, code: 'invalid-template', message: error.message, next: error.next }),
    ];
  }
}

/** Why a template can't use `variable`; undefined if it can. Anything below the second name is data. */
function unknownName(
  variable: string,
  { groups, later }: TemplateScope,
): { message: string; next: string } | undefined {
  const [group = '', name] = variable.split(/[.[]/);
  if (Object.hasOwn(later, group)) {
    return { message: `{{ ${variable} }} is not known here: ${later[group]}`, next: knownGroups(groups) };
  }
  const names = Object.hasOwn(groups, group) ? groups[group] : undefined;
  if (names === undefined) {
    const next = `${knownNamesHint(group, [...Object.keys(groups), ...Object.keys(later)])}`;
    return { message: `{{ ${variable} }}: there is no ${group}`, next };
  }
  if (name === undefined || names.includes(name)) return undefined;
  return { message: `{{ ${variable} }}: ${group} has no ${name}`, next: knownNamesHint(name, names) };
}

function knownGroups(groups: TemplateScope['groups']): string {
  return `use ${Object.keys(groups).join(', ')} here`;
}
