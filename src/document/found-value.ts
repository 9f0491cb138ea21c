import type { YamlPath } from './yaml-document.ts';

/** The value at a path of plain data. */
export function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (holder, key) =>
      typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key)
        ? (holder as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
}

/**
 * A value as an operator would describe it. `plain` is how it is written in the file where it has no quotes:
 * what YAML reads as the number 3 may be the version 3.0.
 */
export function describeValue(value: unknown, plain?: string): string {
  if (value === undefined) return 'nothing';
  if (value === null) return plain === undefined ? 'an empty value' : `${plain}, which is an empty value`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'number') return `the number ${plain ?? value}`;
  if (typeof value !== 'string') return plain ?? String(value);
  if (value === '') return 'empty text';
  return `text '${value.length > 60 ? `${value.slice(0, 57)}…` : value.replaceAll('\n', '\\n')}'`;
}

/**
 * How to write what YAML doesn't read as text, if text is wanted; undefined for lists, maps, and where
 * nothing is written.
 */
export function quotesHint(value: unknown, plain?: string): string | undefined {
  if (value === null && plain === undefined) return undefined;
  if (value === null) return `write text, or put it in quotes if it is meant as text: '${plain}'`;
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  return isScalar ? `put it in quotes: '${plain ?? String(value)}'` : undefined;
}
