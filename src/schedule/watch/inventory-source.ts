import { stat } from 'node:fs/promises';
import type { Inventory } from '../../inventory/inventory.ts';
import { OperatorError, type Problem, problemsOf } from '../../model/operator-error.ts';

/** An inventory as it is used, and why that isn't how its file is now. */
export interface Current {
  readonly inventory: Inventory;
  /** the file has another content than the time before */
  readonly isNew: boolean;
  readonly problems: readonly Problem[];
}

export interface SourceOptions {
  readonly file: string;
  /** files beside it that count as well */
  readonly beside: readonly string[];
  /** reads it with all that it names; throws OperatorErrors */
  readonly load: () => Promise<Inventory>;
  /** the time as words, for messages */
  readonly nowWords: () => string;
}

/**
 * An inventory that is read again and again, while others change it. What can't be used, because somebody is
 * in the midst of editing it or has made a mistake, is refused; the last one that could be is used instead.
 */
export class InventorySource {
  readonly #options: SourceOptions;
  #good: { readonly inventory: Inventory; readonly identity: string; readonly at: string } | undefined;
  #seen = '';

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /** Reads it. Throws OperatorErrors as long as there is none that could be used. */
  async read(): Promise<Current> {
    const { file, load, nowWords } = this.#options;
    // Before it is read: what comes while it is read is noticed the next time.
    const identity = await this.#identity();
    this.#seen = identity;
    const before = this.#good;
    try {
      const inventory = await load();
      this.#good = { inventory, identity, at: nowWords() };
      return { inventory, isNew: before !== undefined && before.identity !== identity, problems: [] };
    } catch (error) {
      const problems = problemsOf(error);
      if (before === undefined || problems.some(({ code }) => code === 'unexpected')) throw error;
      return { inventory: before.inventory, isNew: false, problems: [refused(file, before.at, problems)] };
    }
  }

  /** Whether it has been changed since it was read. */
  async hasChanged(): Promise<boolean> {
    return (await this.#identity()) !== this.#seen;
  }

  /** A file that another takes the place of (git, an editor, a mounted ConfigMap) is another file. */
  async #identity(): Promise<string> {
    const { file, beside } = this.#options;
    const all = await Promise.all(
      [file, ...beside].map((one) =>
        stat(one).then(
          ({ dev, ino, mtimeMs, size }) => [dev, ino, mtimeMs, size].join(':'),
          () => 'none',
        ),
      ),
    );
    return all.join(' ');
  }
}

/** How many of the mistakes are told; `validate` tells all of them. */
const most = 5;

function refused(file: string, since: string, problems: readonly Problem[]): Problem {
  const notes = problems.slice(0, most).map(({ code, message, location }) => {
    const place = location === undefined ? '' : `${location.file}:${location.line}:${location.column}: `;
    return `${place}${message} (${code})`;
  });
  const more = problems.length - notes.length;
  return new OperatorError({
    code: 'inventory-refused',
    message: `${file} can't be used as it is now; what was read at ${since} is used instead`,
    next: `fix it: clusterproxy validate --inventory ${file}`,
    notes: more > 0 ? [...notes, `and ${more} more`] : notes,
  }).problem;
}
