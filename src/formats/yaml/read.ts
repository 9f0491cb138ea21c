import {
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Parser,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { FormatError } from '../format-error.ts';
import type { Value } from '../keyed-format.ts';
import { errorAt } from '../text.ts';

/** A map's pair together with the map. */
export interface Found {
  readonly map: YAMLMap;
  readonly pair: Pair;
}

/** How far a key leads into a document. */
export interface Walk {
  /** the pairs on the way, outermost first */
  readonly found: readonly Found[];
  /** the map that lacks the next name of the key; undefined if its place is empty (null) */
  readonly map: YAMLMap | undefined;
}

/**
 * The most recently read texts, since a step asks for one key after another of the same text. Documents are
 * never modified.
 */
const latest = new Map<string, Document>();
/** The text of each, for the places of mistakes. */
const texts = new WeakMap<Document, string>();
const mostKept = 8;

/**
 * The only document of a text, read as YAML 1.1. FormatError for anything that isn't valid YAML without
 * duplicate keys.
 */
export function readDocument(text: string): Document {
  const known = latest.get(text);
  if (known !== undefined) return known;
  const document = parse(text);
  latest.set(text, document);
  if (latest.size > mostKept) latest.delete(latest.keys().next().value ?? '');
  return document;
}

/** More levels than any settings have; the library's recursion ends the process long before the text ends. */
const deepest = 100;

function refuseDepth(text: string): void {
  const open: [token: CST.Token, depth: number][] = mayBeDeep(text)
    ? [...new Parser().parse(text)].map((token) => [token, 0])
    : [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [token, depth] = next;
    if (depth > deepest) {
      throw errorAt(text, token.offset, `expected at most ${deepest} levels of maps and lists`);
    }
    const items =
      'items' in token ? token.items : 'value' in token ? [{ key: undefined, value: token.value }] : [];
    for (const { key, value } of items) {
      for (const inner of [key, value]) if (inner) open.push([inner, depth + 1]);
    }
  }
}

/** Whether there is anything that could open so many levels, by far: what most files lack. */
function mayBeDeep(text: string): boolean {
  const count = (piece: string, pattern: RegExp) => piece.match(pattern)?.length ?? 0;
  return (
    count(text, /[[{]/g) > deepest / 2 ||
    text.split(/[\r\n]/).some((line) => /^ {50}/.test(line) || count(line, /[-?:](?=\s|$)/g) > deepest / 2)
  );
}

function parse(text: string): Document {
  refuseDepth(text);
  const document = parseDocument(text, {
    version: '1.1',
    keepSourceTokens: true,
    // Compared with each other by the library, which takes minutes for a large map: see refuseDuplicates.
    uniqueKeys: false,
    logLevel: 'error',
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const [from] = error.linePos ?? [];
    throw new FormatError(
      error.code === 'MULTIPLE_DOCS'
        ? 'the file has several YAML documents (`---`); expected one'
        : (error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:$/, '') ?? 'no YAML'),
      from === undefined ? undefined : { line: from.line, column: from.col },
    );
  }
  refuseDuplicates(text, document as unknown as Document);
  texts.set(document as unknown as Document, text);
  return document as unknown as Document;
}

function refuseDuplicates(text: string, document: Document): void {
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          throw errorAt(text, key.range?.[0] ?? 0, `the key ${String(key.value)} appears twice in this map`);
        }
        seen.add(key.value);
      }
    },
  });
}

const values = new WeakMap<Document, Value>();

/** The value of the document, or of a node in it; dates and binaries are strings. */
export function readValue(document: Document, node?: Node): Value {
  if (node !== undefined) return readAnew(document, node);
  const known = values.get(document);
  if (known !== undefined) return known;
  const value = readAnew(document, document.contents as Node | null);
  values.set(document, value);
  return value;
}

function readAnew(document: Document, node: Node | null): Value {
  try {
    return node === null ? null : plain(node.toJS(document, { maxAliasCount: 100 }), 0);
  } catch (error) {
    if (error instanceof FormatError) {
      throw error;
    }
    if (error instanceof ReferenceError) {
      const alias = firstAlias(document);
      const name = isAlias(alias) ? ` (the first is *${alias.source})` : '';
      throw at(document, alias, `aliases refer to nothing, or expand to a huge file${name}`);
    }
    throw new FormatError(
      `the YAML can't be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function plain(value: unknown, depth: number): Value {
  if (depth > 200) {
    throw new FormatError('the YAML is nested too deeply, or contains itself');
  }
  if (value === null || value === undefined) {
    return null;
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (typeof value !== 'object') {
    return String(value);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  }
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString('base64');
  }
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) {
    return [...value].map((item) => plain(item, depth + 1));
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, depth + 1)]));
}

/** An error at the place of a node. */
function at(document: Document, node: Node | undefined, message: string): FormatError {
  const text = texts.get(document);
  const offset = node?.range?.[0];
  return text === undefined || offset === undefined
    ? new FormatError(message)
    : errorAt(text, offset, message);
}

function firstAlias(document: Document): Node | undefined {
  let first: Node | undefined;
  visit(document, {
    Alias: (_, alias) => {
      first = alias;
      return visit.BREAK;
    },
  });
  return first;
}

/**
 * Follows a key from the document's root. FormatError if it leads through an alias, a merge key or something
 * that isn't a map.
 */
export function walk(document: Document, key: readonly string[]): Walk {
  const found: Found[] = [];
  let node = document.contents as Node | null;
  for (const [i, name] of key.entries()) {
    const place = key.slice(0, i).join('.') || 'the document';
    if (node === null || (isScalar(node) && node.value === null)) {
      return { found, map: undefined };
    }
    if (isAlias(node)) {
      throw at(
        document,
        node,
        `${place} is an alias (*${node.source}): an edit would change everything that shares it`,
      );
    }
    if (!isMap(node)) {
      throw at(document, node, `${place} is ${isSeq(node) ? 'a list' : 'a single value'}; expected a map`);
    }
    const map: YAMLMap = node;
    const pair: Pair | undefined = map.items.find((one) => nameOf(one) === name);
    if (pair === undefined) {
      refuseMerged(document, map, name, place);
      return { found, map };
    }
    found.push({ map, pair });
    node = pair.value as Node | null;
  }
  return { found, map: undefined };
}

/** A pair's key as JavaScript text; undefined for keys that are collections. */
export function nameOf(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value ?? '') : undefined;
}

function refuseMerged(document: Document, map: YAMLMap, name: string, place: string): void {
  if (map.items.some((pair) => isScalar(pair.key) && pair.key.source === '<<')) {
    const value = readValue(document, map);
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, name)) {
      throw at(
        document,
        map.items.find((pair) => isScalar(pair.key) && pair.key.source === '<<')?.key as Node | undefined,
        `${name} in ${place} comes from a merge key (<<): an edit there would change everything that shares it`,
      );
    }
  }
}
