import { type PlacedMistake, type Places, placed, type YamlPath } from '../../document/yaml-document.ts';
import type { Location, Problem } from '../../model/operator-error.ts';

interface Origin {
  readonly path: YamlPath;
  readonly isOwn: boolean;
}

/**
 * Where the parts of an extended playbook are: those marked with `own` in the extension, everything else in
 * the base.
 */
export class LayeredPlaces implements Places {
  readonly #base: Places;
  readonly #own: Places;
  readonly #origins = new Map<string, Origin>();

  constructor(base: Places, own: Places) {
    this.#base = base;
    this.#own = own;
  }

  /** Marks the part at `path` as the extension's. */
  own(path: YamlPath): void {
    this.moved(path, { path, isOwn: true });
  }

  moved(path: YamlPath, origin: Origin): void {
    this.#origins.set(path.join('\0'), origin);
  }

  location(path: YamlPath, part?: 'key' | 'value'): Location {
    const { source, path: there } = this.#origin(path);
    return source.location(there, part);
  }

  written(path: YamlPath): YamlPath {
    const { source, path: there } = this.#origin(path);
    return source.written(there);
  }

  plain(path: YamlPath): string | undefined {
    const { source, path: there } = this.#origin(path);
    return source.plain(there);
  }

  problem(path: YamlPath, what: PlacedMistake): Problem {
    return placed(this, path, what);
  }

  #origin(path: YamlPath): { source: Places; path: YamlPath } {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(path.slice(0, length).join('\0'));
      if (origin === undefined) continue;
      const source = origin.isOwn ? this.#own : this.#base;
      return { source, path: [...origin.path, ...path.slice(length)] };
    }
    return { source: path.length === 0 ? this.#own : this.#base, path };
  }
}
