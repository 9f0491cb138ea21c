import { valueAt } from '../document/found-value.ts';
import type { YamlPath } from '../document/yaml-document.ts';

/** A host as written in the file, valid or not. */
export interface HostEntry {
  readonly role: string;
  readonly path: YamlPath;
  readonly data: Readonly<Record<string, unknown>>;
}

/** All hosts of an inventory's plain data, in the order of the file. */
export function hostEntries(data: unknown): readonly HostEntry[] {
  return Object.entries(mapOf(valueAt(data, ['hosts']))).flatMap(([role, list]) =>
    Array.isArray(list)
      ? list.map((entry, index) => ({ role, path: ['hosts', role, index], data: mapOf(entry) }))
      : [],
  );
}

/** A map of plain data; an empty map in place of anything else. */
export function mapOf(data: unknown): Readonly<Record<string, unknown>> {
  const isMap = typeof data === 'object' && data !== null && !Array.isArray(data);
  return isMap ? (data as Readonly<Record<string, unknown>>) : {};
}

/** A map's entry if it is non-empty text. */
export function textOf(data: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
