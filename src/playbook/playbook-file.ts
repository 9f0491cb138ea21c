import {
  type PlacedMistake,
  type Places,
  placed,
  type YamlDocument,
  type YamlPath,
} from '../inventory/yaml-document.ts';
import type { Location, Problem } from '../model/operator-error.ts';
import { fillNames, fillText, type Names } from './names.ts';

/** A file of a playbook with its names filled in, which still knows where everything stands as it was written. */
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
    return this.document.location(this.#written(path), part);
  }

  problem(path: YamlPath, what: PlacedMistake): Problem {
    return placed(this, path, what);
  }

  /** The path with its keys as they stand in the file, `{{ names.short }}WebBase` for `bbbWebBase`. */
  #written(path: YamlPath): YamlPath {
    let holder: unknown = this.document.value;
    return path.map((segment) => {
      const keys = typeof holder === 'object' && holder !== null ? Object.keys(holder) : [];
      const name = String(segment);
      const key = keys.includes(name) ? name : keys.find((one) => fillText(one, this.#names) === name);
      holder = key === undefined ? undefined : (holder as Readonly<Record<string, unknown>>)[key];
      return key ?? segment;
    });
  }
}
