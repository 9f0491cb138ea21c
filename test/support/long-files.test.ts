import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { longFiles, parts, partsOf } from './long-files.ts';

const root = join(import.meta.dirname, '../..');

describe('the long tests of which a sample is run', () => {
  it('are files that exist', () => {
    expect(Object.keys(longFiles).filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });

  it('are each in one part, and the parts take about as long as each other', () => {
    const made = partsOf(longFiles, parts);
    expect(made.flat().toSorted()).toEqual(Object.keys(longFiles).toSorted());
    const seconds = made.map((names) => names.reduce((sum, name) => sum + (longFiles[name] ?? 0), 0));
    expect(Math.max(...seconds)).toBeLessThan(1.3 * Math.min(...seconds));
  });
});
