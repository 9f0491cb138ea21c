import {
  type PlacedMistake,
  type Places,
  placed,
  type YamlDocument,
  type YamlPath,
} from '../../document/yaml-document.ts';
import type { Location, Problem } from '../../model/operator-error.ts';
import { fillNames, fillText, type Names } from './names.ts';

/** A file of a playbook with its names filled in, which still knows the original place of everything. */
export class PlaybookFile implements Places {
  readonly document: YamlDocument;
  readonly value: unknown;
  readonly #names: Names;

  constructor(document: YamlDocument, names: Names) {
    this.document = document;
    this.#names = names;
    this.value = fillNames(document.value, names);
  }

  location(path: YamlPath, part?: 'key' | 'value'): Location {
    return this.document.location(this.written(path), part);
  }

  plain(path: YamlPath): string | undefined {
    return this.document.plain(this.written(path));
  }

  problem(path: YamlPath, what: PlacedMistake): Problem {
    return placed(this, path, what);
  }

  /** The path with its keys as written in the file, `{{ names.short }}WebBase` for `bbbWebBase`. */
  written(path: YamlPath): YamlPath {
    let holder: unknown = this.document.value;
    return path.map((segment) => {
      const key = keyIn(holder, String(segment), this.#names);
      const isList = Array.isArray(holder);
      holder = key === undefined ? undefined : (holder as Readonly<Record<string, unknown>>)[key];
      return isList ? segment : (key ?? segment);
    });
  }
}

function keyIn(holder: unknown, name: string, names: Names): string | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined;
  if (Object.hasOwn(holder, name)) return name;
  return Object.keys(holder).find((key) => fillText(key, names) === name);
}
