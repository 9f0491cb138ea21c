import { z } from 'zod';
import type { KeyedFormat, Value } from '../../formats/keyed-format.ts';
import { atOnce, type InTurns } from '../../model/in-turns.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { missingFile } from '../shared/missing-file.ts';
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
    apply: (host, wanted) => atOnce(applyKeys(host, format, wanted, addToList)),
    applyInTurns: (host, wanted) => applyKeys(host, format, wanted, addToList),
  };
}

function* applyKeys(
  host: StepHost,
  format: KeyedFormat,
  wanted: KeyedParameters,
  addToList?: AddToList,
): InTurns<void> {
  const { path } = wanted;
  const before = host.text(path);
  if (before === undefined && !wanted.create) {
    throw missingFile(host, [path], {
      message: `${path} does not exist, and this step doesn't create it`,
      next: 'install or set up the software that brings it, then plan again',
    });
  }
  const text = before ?? '';
  const edits = editsOf(format, wanted, addToList);
  const items = new Map(
    edits.flatMap((edit) =>
      edit.isDefault ? [] : [[edit, { path, format: format.name, key: edit.key }] as const],
    ),
  );
  for (const [edit, item] of items) {
    const { added } = edit;
    const there = added && understand(host, path, text, () => format.get(text, edit.key));
    host.manage(item, added === undefined ? {} : { theirs: without(there, added) });
  }
  let after = text;
  for (const edit of edits) {
    const now = after;
    after = understand(host, path, text, () => edit.perform(now));
    const item = items.get(edit);
    if (item !== undefined) host.edited(item, before === undefined ? undefined : now, after);
    yield;
  }
  if (after === text) return;
  host.write(path, after, before === undefined ? attributesOf(wanted) : {});
}

/** One edit of a text, for one key. */
interface KeyEdit {
  readonly key: readonly string[];
  /** a default is nobody's */
  readonly isDefault?: boolean;
  /** ours in a list to which others may add as well */
  readonly added?: readonly Value[];
  perform(text: string): string;
}

/** In their order. */
function editsOf(
  format: KeyedFormat,
  { set, default: defaults, add, remove }: KeyedParameters,
  addToList: AddToList | undefined,
): readonly KeyEdit[] {
  return [
    ...set.map(({ key, value }): KeyEdit => ({ key, perform: (text) => format.set(text, key, value) })),
    ...defaults.map(
      ({ key, value }): KeyEdit => ({
        key,
        isDefault: true,
        perform: (text) => (format.get(text, key) === undefined ? format.set(text, key, value) : text),
      }),
    ),
    ...add.map(
      ({ key, items }): KeyEdit => ({
        key,
        added: items,
        perform: (text) => {
          if (addToList === undefined) throw new Error(`the format ${format.name} has no lists`);
          return addToList(text, key, items);
        },
      }),
    ),
    ...remove.map((key): KeyEdit => ({ key, perform: (text) => format.remove(text, key) })),
  ];
}

/** What others have put into a list; undefined if all of it is ours. */
function without(list: Value | undefined, items: readonly Value[]): Value | undefined {
  if (!Array.isArray(list)) return undefined;
  const ours = new Set(items.map((item) => JSON.stringify(item)));
  const theirs = list.filter((item: Value) => !ours.has(JSON.stringify(item)));
  return theirs.length === 0 ? undefined : theirs;
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
