import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import type { Location, Problem } from '../model/operator-error.ts';
import { keysAbove } from './keys-above.ts';
import type { SourceFile } from './source-file.ts';
import { nodeProblems } from './yaml-problems.ts';
import { syntaxProblems } from './yaml-syntax.ts';

/**
 * How many values aliases of aliases may expand to: far more than a cluster has hosts, far fewer than a
 * "billion laughs".
 */
const maximumAliasUses = 10_000;

/** Where a value is in a document: map keys and list indexes, from the top. */
export type YamlPath = readonly PropertyKey[];

/** Tells where the parts of some data are in the files that they come from. */
export interface Places {
  /**
   * Where the value at `path` is, or its key. For a missing value, it is the place of what should contain it.
   */
  location(path: YamlPath, part?: 'key' | 'value'): Location;
  /** A mistake at a place. */
  problem(path: YamlPath, what: PlacedMistake): Problem;
  /** The path of the value in the file that it comes from. */
  written(path: YamlPath): YamlPath;
  /** A value without quotes as it is written: `3.0`, which is the number 3. Undefined for everything else. */
  plain(path: YamlPath): string | undefined;
}

export interface PlacedMistake {
  readonly code: string;
  readonly message: string;
  readonly next?: string | undefined;
  readonly part?: 'key' | 'value';
}

/** A mistake at the place given by `places`. */
export function placed(places: Pick<Places, 'location'>, path: YamlPath, what: PlacedMistake): Problem {
  const { part, ...rest } = what;
  return { ...rest, location: places.location(path, part) };
}

/**
 * One of the operator's YAML files: its value, its mistakes, and where each part of it is. YAML 1.2 (core
 * schema) with the merge keys of 1.1, one document per file, no custom tags.
 */
export class YamlDocument implements Places {
  readonly file: string;
  readonly text: string;
  /** plain data; undefined if the file is too broken to be read */
  readonly value: unknown;
  /** what is wrong with the file as YAML */
  readonly problems: readonly Problem[];
  readonly #document: Document.Parsed | undefined;
  readonly #lines: LineCounter;
  #texts: readonly string[] | undefined;
  readonly #example: string | undefined;

  /** `example`: what to write into a file that is empty */
  constructor({ file, text }: SourceFile, { example }: { readonly example?: string } = {}) {
    this.#example = example;
    this.file = file;
    this.text = text;
    this.#lines = new LineCounter();
    const parsed = this.#parse();
    this.#document = parsed.document;
    this.value = parsed.value;
    this.problems = parsed.problems;
  }

  location(path: YamlPath, part: 'key' | 'value' = 'value'): Location {
    const found = this.#find(path);
    const pair = part === 'key' ? (found?.key ?? found?.value) : valueOrKey(found);
    if (pair?.range) return this.#at(pair.range[0]);
    return path.length === 0 ? this.#at(0) : this.location(path.slice(0, -1), 'key');
  }

  problem(path: YamlPath, what: PlacedMistake): Problem {
    return placed(this, path, what);
  }

  written(path: YamlPath): YamlPath {
    return path;
  }

  plain(path: YamlPath): string | undefined {
    const node = this.#resolved(this.#find(path)?.value);
    return isScalar(node) && node.type === 'PLAIN' && node.source !== '' ? node.source : undefined;
  }

  #parse(): { document: Document.Parsed | undefined; value: unknown; problems: readonly Problem[] } {
    const locate = (offset: number) => this.#at(offset);
    const broken = (code: string, message: string, next: string, offset = 0) => ({
      document: undefined,
      value: undefined,
      problems: [{ code, message, next, location: locate(offset) }],
    });
    const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.exec(this.text);
    if (control !== null) {
      this.#countLines();
      const character = control[0].charCodeAt(0).toString(16).padStart(4, '0');
      const message = `the file has the control character U+${character}, which YAML doesn't allow`;
      return broken('yaml-control-character', message, 'delete it', control.index);
    }
    const document = this.#compose();
    if (document === undefined) {
      this.#countLines();
      return broken(
        'yaml-too-deep',
        'the file is nested too deeply to be read',
        'nest the values less deeply',
      );
    }
    const syntax = syntaxProblems(document.errors, this.text, locate);
    if (syntax.some(({ code }) => code !== 'yaml-several-documents')) {
      return { document, value: undefined, problems: syntax };
    }
    if (document.contents === null || isEmptyScalar(document.contents)) {
      return broken('file-empty', `${this.file} is empty`, this.#example ?? 'add the keys that it needs');
    }
    const nodes = nodeProblems(document, locate);
    const problems = [...syntax, ...nodes.problems];
    if (!nodes.readable) return { document, value: undefined, problems };
    try {
      return { document, value: document.toJS({ maxAliasCount: maximumAliasUses }), problems };
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      return broken(
        'yaml-alias',
        'aliases of aliases expand to a huge file',
        'write out the values in place of the aliases',
      );
    }
  }

  #compose(): Document.Parsed | undefined {
    try {
      return parseDocument(this.text, {
        version: '1.2',
        merge: true,
        prettyErrors: false,
        // Found in nodeProblems(), which knows where the first one is.
        uniqueKeys: false,
        // Warnings don't go to stderr; 'silent' would hide that there are several documents.
        logLevel: 'error',
        lineCounter: this.#lines,
      });
    } catch (error) {
      // The parser is recursive: thousands of brackets exhaust the stack.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  #countLines(): void {
    this.#lines.lineStarts = [0];
    for (const { index } of this.text.matchAll(/\n/g)) this.#lines.lineStarts.push(index + 1);
  }

  #at(offset: number): Location {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.text.length));
    const start = this.#lines.lineStarts[line - 1] ?? 0;
    const end = this.text.indexOf('\n', start);
    const text = this.text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
    const under = keysAbove(this.#allLines(), line);
    const at = { file: this.file, line: Math.max(line, 1), column: Math.max(col, 1), text };
    return under.length === 0 ? at : { ...at, under };
  }

  #allLines(): readonly string[] {
    this.#texts ??= this.text.split('\n');
    return this.#texts;
  }

  #find(path: YamlPath): Found | undefined {
    let found: Found | undefined = { key: undefined, value: this.#document?.contents ?? undefined };
    for (const segment of path) {
      const holder: Node | undefined = this.#resolved(found?.value);
      if (isMap(holder)) found = this.#entry(holder, String(segment));
      else if (isSeq(holder)) found = { key: undefined, value: nodeOf(holder.items[Number(segment)]) };
      else return undefined;
      if (found === undefined) return undefined;
    }
    return found;
  }

  /** An entry of a map, either its own or one merged in by `<<`. */
  #entry(map: YAMLMap, key: string): Found | undefined {
    const own = map.items.findLast((pair) => keyOf(pair) === key);
    if (own !== undefined) return { key: nodeOf(own.key), value: nodeOf(own.value) };
    for (const pair of map.items.filter((item) => keyOf(item) === '<<')) {
      const source = this.#resolved(nodeOf(pair.value));
      const sources = isSeq(source) ? source.items.map((item) => this.#resolved(nodeOf(item))) : [source];
      for (const merged of sources) {
        const found = isMap(merged) ? this.#entry(merged, key) : undefined;
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  #resolved(node: Node | undefined): Node | undefined {
    return isAlias(node) && this.#document !== undefined ? node.resolve(this.#document) : node;
  }
}

interface Found {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

/** An empty value (`key:`) has no useful place of its own. */
function valueOrKey(found: Found | undefined): Node | undefined {
  const value = found?.value;
  return value === undefined || isEmptyScalar(value) ? (found?.key ?? value) : value;
}

function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && node.value === null && (node.source ?? '') === '';
}

function nodeOf(node: unknown): Node | undefined {
  return isNode(node) ? node : undefined;
}

/** The key of a pair as it appears in plain data. */
function keyOf(pair: unknown): string | undefined {
  if (!isPair(pair)) return undefined;
  const { key } = pair as Pair;
  if (!isScalar(key)) return undefined;
  return typeof key.value === 'symbol' ? '<<' : String(key.value ?? '');
}
