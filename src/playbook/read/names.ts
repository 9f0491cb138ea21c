import { knownNamesHint } from '../../document/nearest-name.ts';
import type { YamlDocument, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';

/**
 * What a playbook calls the product that it is for, as a map from word to text. The names are filled in when
 * the playbook is read, in all its texts and keys, before anything else is checked, so `{{ names.X }}` may be
 * used where other templates can't, such as in facts, conditions and the ids of handlers.
 */
export type Names = Readonly<Record<string, string>>;

const output = /\{\{\s*names\.([A-Za-z_]\w*)\s*\}\}/g;

/** A text with the names filled in; an unknown name stays as it is. */
export function fillText(text: string, names: Names): string {
  return text.replace(output, (whole, name: string) =>
    Object.hasOwn(names, name) ? (names[name] ?? whole) : whole,
  );
}

/** Plain data with the names filled in, in texts and in the keys of maps. */
export function fillNames(value: unknown, names: Names): unknown {
  if (typeof value === 'string') return fillText(value, names);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => fillNames(item, names));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [fillText(key, names), fillNames(item, names)]),
  );
}

/** Every use of a name that isn't defined. */
export function unknownNames(document: YamlDocument, names: Names): readonly Problem[] {
  const inText = (path: YamlPath, text: string, part: 'key' | 'value') =>
    [...text.matchAll(output)]
      .map(([, name = '']) => name)
      .filter((name) => !Object.hasOwn(names, name))
      .map((name) =>
        document.problem(path, {
          part,
          code: 'unknown-template-variable',
          message: `{{ names.${name} }}: names has no ${name}`,
          next: knownNamesHint(name, Object.keys(names)),
        }),
      );
  const within = (path: YamlPath, value: unknown): readonly Problem[] => {
    if (typeof value === 'string') return inText(path, value, 'value');
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, item]) => {
      const inner = [...path, Array.isArray(value) ? Number(key) : key];
      return [...(Array.isArray(value) ? [] : inText(inner, key, 'key')), ...within(inner, item)];
    });
  };
  return within([], document.value);
}
