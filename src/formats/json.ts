import type { Node } from 'jsonc-parser';
import { FormatError } from './format-error.ts';
import { addChild, removeChildren, replaceNode, written } from './json/edits.ts';
import { endOf, hasComment, readNode, readTree } from './json/read.ts';
import type { KeyedFormat, Value } from './keyed-format.ts';
import { addItems, withoutHollow, withoutKey, withValue } from './list-items.ts';
import { applyEdits, isList, isMap, lineEndOf, sameValue } from './text.ts';

/**
 * JSON, including comments if the file has them (Etherpad's settings). A key is a path of object keys.
 * jsonc-parser locates the values; the edits are our own, because its `modify` removes comments along with a
 * key and reformats whole lines.
 *
 * - FormatError for broken JSON (including a trailing comma, which JSON.parse refuses) and for a duplicate
 *   key.
 * - Existing objects and lists are edited element by element. An empty text counts as `{}`.
 * - `remove` also removes the objects around the key that hold nothing else, not even a comment, up to the
 *   root.
 * - `remove` after `set` of an absent key restores the same bytes, unless the text or an object around it was
 *   empty.
 */
export const json: KeyedFormat = {
  name: 'json',

  get(text, key) {
    const root = readTree(text);
    let value: Value | undefined = root === undefined ? {} : readNode(root);
    for (const name of key) {
      value = isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    }
    return value;
  },

  set(text, key, value) {
    if (key.length === 0) {
      throw new FormatError('expected a key of at least one name');
    }
    const { found, place } = follow(text, key);
    if (found.length === key.length && sameValue(json.get(text, key), value)) {
      return text;
    }
    return checked(setAt(text, key, value, found, place), withValue(json.get(text, []) ?? null, key, value));
  },

  remove(text, key) {
    const { found } = follow(text, key, { lenient: true });
    if (found.length < key.length || key.length === 0) {
      return text;
    }
    let top = found.length - 1;
    for (; top > 0; top--) {
      const { parent, property } = found[top] ?? {};
      const alone = parent?.children?.length === 1 && property !== undefined;
      if (
        !alone ||
        hasComment(text, parent.offset, property.offset) ||
        hasComment(text, endOf(property), endOf(parent))
      ) {
        break;
      }
    }
    const { parent, property } = found[top] ?? {};
    if (parent === undefined || property === undefined) {
      return text;
    }
    return checked(
      applyEdits(text, removeChildren(text, parent, new Set([property]))),
      without(json.get(text, []) ?? null, key.slice(0, top + 1)),
    );
  },

  rest(text, key) {
    return withoutHollow(withoutKey(json.get(text, []) ?? null, key) ?? null) ?? {};
  },
};

/**
 * Appends those of `items` that the list at `key` lacks; a missing list is created. Repeating the call
 * changes nothing.
 */
export function addToList(text: string, key: readonly string[], items: readonly Value[]): string {
  return addItems(json, text, key, items);
}

interface Found {
  readonly parent: Node;
  readonly property: Node;
}

/**
 * Follows a key as far as it leads; `place` is the node there. `lenient`: anything that isn't an object
 * simply lacks the key.
 */
function follow(
  text: string,
  key: readonly string[],
  { lenient = false } = {},
): { found: Found[]; place: Node | undefined } {
  const found: Found[] = [];
  let place = readTree(text);
  for (const name of key) {
    if (place === undefined || place.type === 'null') {
      break;
    }
    if (place.type !== 'object') {
      if (lenient) {
        break;
      }
      const at = found.length === 0 ? 'the text' : key.slice(0, found.length).join('.');
      throw new FormatError(`${at} is of type ${place.type}; expected an object`);
    }
    const [property, second] = (place.children ?? []).filter((one) => one.children?.[0]?.value === name);
    if (second !== undefined) {
      throw new FormatError(`${JSON.stringify(name)} appears twice`);
    }
    if (property === undefined) {
      break;
    }
    found.push({ parent: place, property });
    place = property.children?.[1];
  }
  return { found, place };
}

function setAt(
  text: string,
  key: readonly string[],
  value: Value,
  found: readonly Found[],
  place: Node | undefined,
): string {
  const nested = withValue(null, key.slice(found.length + 1), value);
  const name = key[found.length];
  if (place === undefined) {
    const lineEnd = lineEndOf(text);
    const lead = /(?:^\uFEFF?|[\r\n])$/.test(text) ? '' : lineEnd;
    return text + lead + written(text, { [String(name)]: nested }, '') + lineEnd;
  }
  if (name !== undefined) {
    return applyEdits(
      text,
      place.type === 'object'
        ? addChild(text, place, place.children?.length ?? 0, name, nested)
        : replaceNode(text, place, { [name]: nested }),
    );
  }
  if (place.type === 'object' && isMap(value) && Object.keys(value).length > 0) {
    const edited = Object.entries(value).reduce(
      (now, [one, item]) => json.set(now, [...key, one], item),
      text,
    );
    const object = follow(edited, key).place;
    const gone = object?.children?.filter((one) => !Object.hasOwn(value, String(one.children?.[0]?.value)));
    return object === undefined ? edited : applyEdits(edited, removeChildren(edited, object, new Set(gone)));
  }
  return place.type === 'array' && isList(value) && value.length > 0
    ? setList(text, key, value)
    : applyEdits(text, replaceNode(text, place, value));
}

/** Changes only the part of a list that differs: equal items at its beginning and end stay untouched. */
function setList(text: string, key: readonly string[], value: readonly Value[]): string {
  const before = json.get(text, key);
  const old = isList(before) ? before : [];
  const shorter = Math.min(old.length, value.length);
  let head = 0;
  while (head < shorter && sameValue(old[head], value[head])) {
    head++;
  }
  let tail = 0;
  while (tail < shorter - head && sameValue(old.at(-1 - tail), value.at(-1 - tail))) {
    tail++;
  }
  let edited = text;
  for (let i = head; i < value.length - tail; i++) {
    const list = follow(edited, key).place;
    const [item, child] = [value[i], list?.children?.[i]];
    if (list === undefined || item === undefined) {
      break;
    }
    edited = applyEdits(
      edited,
      i < old.length - tail && child !== undefined
        ? replaceNode(edited, child, item)
        : addChild(edited, list, i, undefined, item),
    );
  }
  const list = follow(edited, key).place;
  const gone = list?.children?.slice(value.length - tail, old.length - tail);
  return list === undefined ? edited : applyEdits(edited, removeChildren(edited, list, new Set(gone)));
}

function without(root: Value, key: readonly string[]): Value {
  const [name, ...rest] = key;
  if (name === undefined || !isMap(root)) {
    return root;
  }
  const entries = Object.entries(root).flatMap(([one, value]): [string, Value][] =>
    one !== name ? [[one, value]] : rest.length === 0 ? [] : [[one, without(value, rest)]],
  );
  return Object.fromEntries(entries);
}

/** The edited text, if it reads as intended. */
function checked(text: string, value: Value): string {
  if (!sameValue(json.get(text, []), value)) {
    throw new FormatError('the edit would also change something else: edit the file by hand');
  }
  return text;
}
