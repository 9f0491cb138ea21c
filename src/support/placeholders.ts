/** What a placeholder stands for; it is the first part of its name. */
export type PlaceholderKind =
  | 'address'
  | 'cluster'
  | 'host'
  | 'key'
  | 'machine'
  | 'name'
  | 'recipe'
  | 'run'
  | 'user'
  | 'word';

/**
 * Gives each name the same placeholder wherever it occurs: `host-1`, `address-2`. Names are compared as DNS
 * does (RFC 4343), without a last dot, so that two spellings of one name stay one.
 */
export class Placeholders {
  readonly #known = new Map<string, string>();
  readonly #counts = new Map<PlaceholderKind, number>();

  /** The placeholder of a name, which gets a new one of this kind if it has none yet. */
  of(kind: PlaceholderKind, name: string): string {
    return this.find(name) ?? this.set(name, this.next(kind));
  }

  /** The placeholder of a name; undefined if it has none yet. */
  find(name: string): string | undefined {
    return this.#known.get(normal(name));
  }

  /** Gives a name this placeholder, unless it has another one already, and returns the one that it has. */
  set(name: string, placeholder: string): string {
    const known = this.find(name);
    if (known !== undefined) return known;
    this.#known.set(normal(name), placeholder);
    return placeholder;
  }

  next(kind: PlaceholderKind): string {
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    return `${kind}-${number}`;
  }
}

function normal(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
