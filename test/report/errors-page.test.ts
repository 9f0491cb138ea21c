import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** How codes are written: as a property, as an argument, and in the programs that run on hosts. */
const writings = [
  /\bcode: (?:[^,'"{}\n]*\? )?'([a-z][a-z0-9-]*)'(?:\s*:\s*'([a-z][a-z0-9-]*)')?/g,
  /\b(?:problem|broken|report)\(\s*(?:\w+,\s*)?'([a-z0-9]+(?:-[a-z0-9]+)+)',/g,
  /^[^#\n]*\b(?:refused?|fail|log problem) ([a-z][a-z-]+) ["']/gm,
  /\bcode='?([a-z][a-z-]*)'?$/gm,
];
/** zod's own word for a mistake that a refinement finds. */
const notOurs = new Set(['custom']);

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(?:ts|sh)$/.test(name))
  .map((name) => readFileSync(join(root, 'src', name), 'utf8'));
const documented = readdirSync(join(root, 'docs'))
  .filter((name) => /^errors(?:-\w+)?\.md$/.test(name))
  .flatMap((name) => readFileSync(join(root, 'docs', name), 'utf8').split('\n'))
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) =>
    [...(line.split('|')[1] ?? '').matchAll(/`([a-z0-9-]+)`/g)].map((found) => found[1] ?? ''),
  );

it('the pages of errors have every code that the program can print', () => {
  const codes = sources.flatMap((text) =>
    writings.flatMap((writing) => [...text.matchAll(writing)].flatMap((found) => found.slice(1))),
  );
  const ours = [...new Set(codes.filter((code) => code !== undefined && !notOurs.has(code)))].sort();
  expect(ours.length).toBeGreaterThan(80);
  expect(ours.filter((code) => !documented.includes(code))).toEqual([]);
});

it('the pages of errors have no code that nothing prints, and none twice', () => {
  const all = sources.join('\n');
  const made = ['unknown-handler', 'unknown-guard'];
  const known = (code: string) => made.includes(code) || new RegExp(`(?<![\\w-])${code}(?![\\w-])`).test(all);
  expect(documented.filter((code) => !known(code))).toEqual([]);
  expect(documented.filter((code, index) => documented.indexOf(code) !== index)).toEqual([]);
});
