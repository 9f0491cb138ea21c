import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { FormatError } from '../../src/formats/format-error.ts';
import type { KeyedFormat, Value } from '../../src/formats/keyed-format.ts';

/** Real configuration files; tests that need them skip where the folder is missing. */
export const stockFolder = join(import.meta.dirname, '../../../shared/stock');
export const stockMissing = !existsSync(stockFolder);

/** The stock files whose path matches, as [path below the folder, text]. */
export function stockFiles(matching: RegExp): [path: string, text: string][] {
  if (stockMissing) {
    return [];
  }
  return readdirSync(stockFolder, { recursive: true, encoding: 'utf8' })
    .filter((path) => matching.test(path) && statSync(join(stockFolder, path)).isFile())
    .map((path) => [path, readFileSync(join(stockFolder, path), 'utf8')]);
}

/** What `edit` gives, or undefined where it refuses with a FormatError; any other error is thrown. */
export function orRefused<T>(edit: () => T): T | undefined {
  try {
    return edit();
  } catch (error) {
    if (error instanceof FormatError) {
      return undefined;
    }
    throw error;
  }
}

/**
 * A property of many drawn values at once, for programs that take long to start: about as many values in all
 * as `runs` says. A failure is shrunk to the value that makes it, and tells its seed and path.
 */
export function assertInBatches<T>(
  arbitrary: fc.Arbitrary<T>,
  { numRuns, seed }: { readonly numRuns: number; readonly seed: number },
  check: (values: readonly T[]) => void,
): void {
  const batch = fc.array(arbitrary, { minLength: 1, maxLength: Math.min(numRuns, 100), size: 'max' });
  fc.assert(fc.property(batch, check), { numRuns: Math.ceil(numRuns / 25), seed });
}

/** Texts made of pieces that mean something to the format, with all kinds of line ends, in any order. */
export function textOf(pieces: readonly string[]): fc.Arbitrary<string> {
  return fc
    .array(
      fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...pieces) }, { weight: 1, arbitrary: fc.string() }),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join(''));
}

/**
 * The laws that hold for every text, however broken, and every value: no crash, no loss, same edit twice as
 * once.
 */
export function checkLaws(format: KeyedFormat, text: string, key: readonly string[], value: Value): void {
  const absent = orRefused(() => format.get(text, key) === undefined) === true;
  const written = orRefused(() => format.set(text, key, value));
  if (written !== undefined) {
    expect(format.set(written, key, value)).toBe(written);
    expect(format.get(written, key)).toEqual(
      format.name === 'yaml' || format.name === 'json' ? value : String(value),
    );
  }
  const removed = orRefused(() => format.remove(text, key));
  if (removed !== undefined) {
    expect(format.get(removed, key)).toBeUndefined();
    expect(format.remove(removed, key)).toBe(removed);
    if (absent && removed !== text) {
      expect.unreachable('removing an absent key changed the text');
    }
  }
}

/** The lines of a text with their line ends. */
export function wholeLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/**
 * Every line of `before`, but for those in `changed`, stands in `after` in the same order. The last one may
 * have got the line end that it lacked.
 */
export function expectOtherLinesKept(before: string, after: string, changed: readonly string[] = []): void {
  const kept = wholeLines(before).filter((line) => !changed.includes(line));
  const found = wholeLines(after);
  let at = 0;
  for (const line of kept) {
    const next = found.findIndex(
      (one, index) =>
        index >= at && (one === line || (!line.endsWith('\n') && one.replace(/\r?\n$/, '') === line)),
    );
    expect(next, `the line ${JSON.stringify(line)} is still there, in order`).toBeGreaterThanOrEqual(0);
    at = next + 1;
  }
}
