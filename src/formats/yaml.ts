import { isSeq, isMap as isYamlMap, type Node, type YAMLSeq } from 'yaml';
import { FormatError } from './format-error.ts';
import type { KeyedFormat, Value } from './keyed-format.ts';
import { addItems, withoutHollow, withoutKey, withValue } from './list-items.ts';
import { applyEdits, type Edit, errorAt, isList, isMap, sameValue } from './text.ts';
import { addToEmpty, addToMap, addToSeq, type Source, setItem, setPair, sourceOf } from './yaml/edits.ts';
import { nameOf, readDocument, readValue, walk } from './yaml/read.ts';
import { removeItems, removePair } from './yaml/remove.ts';

/**
 * YAML 1.1, which is what these services read. A key is a path of map keys; list items have no key. The text
 * is edited at the places reported by the parser, so comments, quotes, indentation, line ends and flow or
 * block style of everything else stay. The edited text is read again and compared as a whole before it is
 * returned.
 *
 * - FormatError for broken YAML, tabs, duplicate keys, several documents, and for keys that are reached
 *   through an alias or a merge key, since an edit there would change other places too.
 * - Existing maps and lists are edited pair by pair and item by item. A scalar keeps its kind of quotes.
 * - `remove` also removes the maps around the key that hold nothing else, since a map without pairs reads as
 *   null, which some services can't handle. Comments on their own lines stay.
 * - `remove` after `set` of an absent key restores the same bytes, unless a document without content lacked a
 *   line end at its end, maps around the key were empty (`{}`, null), or null was written as a word.
 */
export const yaml: KeyedFormat = {
  name: 'yaml',

  get(text, key) {
    let value: Value | undefined = readValue(readDocument(text));
    for (const name of key) {
      value = isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    }
    return value;
  },

  set(text, key, value) {
    if (key.length === 0) {
      throw new FormatError('expected a key of at least one name');
    }
    if (sameValue(yaml.get(text, key), value)) {
      return text;
    }
    const edited = setChecked(text, key, value);
    expectReads(edited, withValue(readValue(readDocument(text)), key, value), { text, key });
    return edited;
  },

  remove(text, key) {
    const document = readDocument(text);
    if (yaml.get(text, key) === undefined) {
      return text;
    }
    const { found } = walk(document, key);
    const edited = applyEdits(text, removePair(sourceOf(text, document.contents as Node | null), found));
    const before = readValue(document);
    const root = document.contents as Node | null;
    const empty = isYamlMap(root) && root.flow ? {} : null;
    expectReads(edited, withoutKey(before, key) ?? empty, { text, key });
    return edited;
  },

  rest(text, key) {
    return withoutHollow(withoutKey(yaml.get(text, []) ?? null, key) ?? null) ?? {};
  },
};

/**
 * Appends those of `items` that the list at `key` lacks; a missing list is created. Repeating the call
 * changes nothing.
 */
export function addToList(text: string, key: readonly string[], items: readonly Value[]): string {
  return addItems(yaml, text, key, items);
}

function setChecked(text: string, key: readonly string[], value: Value): string {
  const document = readDocument(text);
  const source = sourceOf(text, document.contents as Node | null);
  const { found, map } = walk(document, key);
  const missing = key.slice(found.length);
  const last = found.at(-1);
  const [name, ...inner] = missing;
  const nested = withValue(null, name === undefined ? [] : inner, value);
  if (name !== undefined) {
    if (map !== undefined) {
      return applyEdits(text, addToMap(source, map, name, nested));
    }
    return applyEdits(
      text,
      last === undefined
        ? addToRoot(text, source, document.contents as Node | null, name, nested)
        : setPair(source, last, { [name]: nested }),
    );
  }
  if (last === undefined) {
    return text;
  }
  const node = last.pair.value as Node | null;
  if (isYamlMap(node) && isMap(value) && Object.keys(value).length > 0) {
    return setMap(text, key, value);
  }
  if (isSeq(node) && isList(value) && value.length > 0) {
    return setList(text, key, value);
  }
  return applyEdits(text, setPair(source, last, value));
}

function addToRoot(text: string, source: Source, root: Node | null, name: string, value: Value): Edit[] {
  const [start, end] = root?.range ?? [0, 0];
  if (text.slice(start, end).trim() !== '') {
    throw new FormatError(`the document is ${text.slice(start, end).trim()}; expected a map`);
  }
  return addToEmpty(source, name, value);
}

function setMap(text: string, key: readonly string[], value: { readonly [key: string]: Value }): string {
  const edited = Object.entries(value).reduce(
    (now, [name, item]) => yaml.set(now, [...key, name], item),
    text,
  );
  const document = readDocument(edited);
  const map = walk(document, key).found.at(-1)?.pair.value;
  if (!isYamlMap(map)) {
    throw new FormatError(`${key.join('.')} is not a map of its own`);
  }
  const gone = map.items.map((pair) => !Object.hasOwn(value, nameOf(pair) ?? ''));
  return applyEdits(
    edited,
    removeItems(sourceOf(edited, document.contents as Node | null), map, (i) => gone[i] === true),
  );
}

/** Changes only the part of a list that differs: equal items at its beginning and end stay untouched. */
function setList(text: string, key: readonly string[], value: readonly Value[]): string {
  const before = yaml.get(text, key);
  const old = isList(before) ? before : [];
  const differs = value.findIndex((item, i) => i >= old.length || !sameValue(item, old[i]));
  const head = differs === -1 ? Math.min(value.length, old.length) : differs;
  let tail = 0;
  while (
    tail < Math.min(old.length, value.length) - head &&
    sameValue(old.at(-1 - tail), value.at(-1 - tail))
  ) {
    tail++;
  }
  let edited = text;
  for (let i = head; i < value.length - tail; i++) {
    const item = value[i];
    if (item !== undefined) {
      edited = editSeq(edited, key, (source, seq) =>
        i < old.length - tail ? setItem(source, seq, i, item) : addToSeq(source, seq, i, item),
      );
    }
  }
  const [from, to] = [value.length - tail, old.length - tail];
  return from >= to
    ? edited
    : editSeq(edited, key, (source, seq) => removeItems(source, seq, (i) => i >= from && i < to));
}

function editSeq(
  text: string,
  key: readonly string[],
  edit: (source: Source, seq: YAMLSeq) => Edit[],
): string {
  const document = readDocument(text);
  const seq = walk(document, key).found.at(-1)?.pair.value;
  if (!isSeq(seq)) {
    throw new FormatError(`${key.join('.')} is not a list of its own`);
  }
  return applyEdits(text, edit(sourceOf(text, document.contents as Node | null), seq));
}

/** Refuses an edit of a key in a text, unless what it gives reads as `value`. */
function expectReads(
  edited: string,
  value: Value,
  { text, key }: { readonly text: string; readonly key: readonly string[] },
): void {
  const name = key.join('.');
  const refusal = (message: string) => {
    const last = walk(readDocument(text), key).found.at(-1)?.pair.key as Node | undefined;
    return last?.range ? errorAt(text, last.range[0], message) : new FormatError(message);
  };
  let read: Value;
  try {
    read = readValue(readDocument(edited));
  } catch (error) {
    throw refusal(
      `an edit of ${name} would leave invalid YAML: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (sameValue(read, value)) return;
  throw refusal(
    `an edit of ${name} would also change something else (an anchor, a tag or a block scalar): edit the file by hand`,
  );
}
