import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PlaybookData } from '../read/schema.ts';

/** The places of a playbook whose templates are filled in, each with everything below it. */
export class FilledPlaces {
  readonly #places = new Set<string>();

  add(path: YamlPath): void {
    this.#places.add(keyOf(path));
  }

  has(path: YamlPath): boolean {
    return this.#places.has(keyOf(path));
  }
}

function keyOf(path: YamlPath): string {
  return JSON.stringify(path.map(String));
}

/** What templates name. `names` isn't among it: they are filled in everywhere, when the playbook is read. */
const template = /\{\{[-~]?\s*((?:cluster|host|hosts|vars|facts|recipe|symptoms)\b[^\s}|]*)/;

/**
 * Templates in all other places, where nothing fills them in: a path would be looked for with its braces, a
 * value would never be equal to anything, and nobody would be told.
 */
export function literalTemplates(
  document: Places,
  data: PlaybookData,
  filled: FilledPlaces,
): readonly Problem[] {
  const inText = (path: YamlPath, text: string, part: 'key' | 'value') => {
    const named = template.exec(text)?.[1];
    if (named === undefined) return [];
    return [
      document.problem(path, {
        part,
        code: 'invalid-template',
        message: `{{ ${named} }} would stay as it is: templates are not filled in here`,
        next: 'write the text itself, which may have {{ names.X }}; templates are for steps, handlers and what is said to people',
      }),
    ];
  };
  const within = (path: YamlPath, value: unknown): readonly Problem[] => {
    if (filled.has(path) || isDefault(path)) return [];
    if (typeof value === 'string') return inText(path, value, 'value');
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, item]) => {
      const inner = [...path, Array.isArray(value) ? Number(key) : key];
      return [...(Array.isArray(value) ? [] : inText(inner, key, 'key')), ...within(inner, item)];
    });
  };
  return within([], data);
}

/** Looked at with the variables. */
function isDefault(path: YamlPath): boolean {
  return path.length === 3 && path[0] === 'variables' && path[2] === 'default';
}
