import { z } from 'zod';
import type { KeyedFormat, Value } from '../../formats/keyed-format.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, attributesOf, directoryOf, ownership } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';

/** One value and where it belongs. */
export interface Leaf {
  readonly key: readonly string[];
  readonly value: Value;
}

/** What is wanted for the keys of one file. */
export interface KeyedParameters {
  readonly path: string;
  readonly set: readonly Leaf[];
  readonly default: readonly Leaf[];
  readonly add: readonly { readonly key: readonly string[]; readonly items: readonly Value[] }[];
  readonly remove: readonly (readonly string[])[];
  readonly create: boolean;
  readonly mode?: number | undefined;
  readonly user?: string | undefined;
  readonly group?: string | undefined;
}

/** Merges items into a list in a file, such as `addToList` of the formats that have lists. */
export type AddToList = (text: string, key: readonly string[], items: readonly Value[]) => string;

/** Parameters that every module for files with keys has. */
export const fileOfKeys = {
  path: absolutePath.describe('the file'),
  create: z.boolean().default(true).describe('false: the file must already exist'),
  ...ownership,
};

/**
 * A step module for the keys of a file. Only the named keys are touched and owned: everything else in the
 * file stays byte for byte. `default` sets an absent key and never owns it, so that it stays when a host is
 * restored. Mode and owner apply to a file that the step creates; those of an existing file are left alone.
 */
export function keyedModule(
  format: KeyedFormat,
  description: string,
  parameters: z.ZodType<KeyedParameters>,
  addToList?: AddToList,
): StepModule<KeyedParameters> {
  return {
    name: format.name,
    description,
    parameters,
    reads: ({ path }) => ({ paths: [path, directoryOf(path)] }),
    writes: ({ path }) => [path],
    apply: (host, wanted) => applyKeys(host, format, wanted, addToList),
  };
}

function applyKeys(
  host: StepHost,
  format: KeyedFormat,
  wanted: KeyedParameters,
  addToList?: AddToList,
): void {
  const { path } = wanted;
  const before = host.text(path);
  if (before === undefined && !wanted.create) {
    throw host.problem(
      'file-missing',
      `${path} does not exist, and this step doesn't create it`,
      'install or set up the software that brings it, then plan again',
    );
  }
  for (const { key } of wanted.set) host.manage({ path, format: format.name, key });
  for (const { key, items } of wanted.add) {
    const there = understand(host, path, before ?? '', () => format.get(before ?? '', key));
    host.manage({ path, format: format.name, key }, { theirs: without(there, items) });
  }
  for (const key of wanted.remove) host.manage({ path, format: format.name, key });
  const text = before ?? '';
  const after = understand(host, path, text, () => edit(text, format, wanted, addToList));
  if (after === text) return;
  host.write(path, after, before === undefined ? attributesOf(wanted) : {});
}

/** What others have put into a list; undefined if all of it is ours. */
function without(list: Value | undefined, items: readonly Value[]): Value | undefined {
  if (!Array.isArray(list)) return undefined;
  const ours = new Set(items.map((item) => JSON.stringify(item)));
  const theirs = list.filter((item: Value) => !ours.has(JSON.stringify(item)));
  return theirs.length === 0 ? undefined : theirs;
}

function edit(before: string, format: KeyedFormat, wanted: KeyedParameters, addToList?: AddToList): string {
  let text = before;
  for (const { key, value } of wanted.set) text = format.set(text, key, value);
  for (const { key, value } of wanted.default) {
    if (format.get(text, key) === undefined) text = format.set(text, key, value);
  }
  for (const { key, items } of wanted.add) {
    if (addToList === undefined) throw new Error(`the format ${format.name} has no lists`);
    text = addToList(text, key, items);
  }
  for (const key of wanted.remove) text = format.remove(text, key);
  return text;
}

/** Keys of a flat file: each name is one key, including its dots. */
export function flatLeaves(map: Readonly<Record<string, Value>>): readonly Leaf[] {
  return Object.entries(map).map(([name, value]) => ({ key: [name], value }));
}

/**
 * A nested map as its leaves, so that each is set separately and an operator's keys beside it survive. Lists
 * are values, and so are empty maps.
 */
export function nestedLeaves(map: Readonly<Record<string, Value>>): readonly Leaf[] {
  return Object.entries(map).flatMap(([name, value]) =>
    isMap(value) && Object.keys(value).length > 0
      ? nestedLeaves(value).map((leaf) => ({ key: [name, ...leaf.key], value: leaf.value }))
      : [{ key: [name], value }],
  );
}

function isMap(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
