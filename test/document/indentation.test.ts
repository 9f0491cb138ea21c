import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { indentationSlip } from '../../src/document/indentation.ts';
import { uncommented } from '../support/commented-out.ts';

const root = new URL('../../', import.meta.url).pathname;
const example = uncommented(readFileSync(`${root}inventory.example.yaml`, 'utf8'));
const playbooks = readdirSync(`${root}playbooks`).filter((name) => name.endsWith('.yaml'));

describe('indentationSlip', () => {
  it.each([['inventory.example.yaml'], ...playbooks.map((name) => [`playbooks/${name}`])])(
    'finds nothing in %s',
    (name) => {
      const text = readFileSync(root + name, 'utf8');
      expect(indentationSlip(text)).toBeUndefined();
      expect(indentationSlip(uncommented(text))).toBeUndefined();
    },
  );

  it('names the line that a space too many or too few has made invalid, or its neighbour', () => {
    const lines = example.split('\n');
    const shifted = [...lines.keys()]
      .filter((index) => !/^\s*(?:#|$)/.test(lines[index] ?? ''))
      .flatMap((index) => [[index, 1] as const, [index, -1] as const])
      .map(([index, by]) => {
        const line = lines[index] ?? '';
        const moved = by > 0 ? ` ${line}` : line.replace(/^ /, '');
        return { index, text: lines.with(index, moved).join('\n') };
      })
      .filter(({ text }) => parseDocument(text, { prettyErrors: false }).errors.length > 0);
    expect(shifted.length).toBeGreaterThan(50);
    const missed = shifted.filter(({ index, text }) => {
      const slip = indentationSlip(text);
      return slip?.line !== index + 1 && slip?.other.line !== index + 1;
    });
    expect(missed.map(({ index }) => lines[index])).toEqual([]);
  });

  it.each([
    ['a quote that is left open', "a: 'b\nc: d\n  e: f\n"],
    ['a bracket that is left open', 'a: [b,\n  c: d\n e: f\n'],
  ])('has no opinion on what follows %s', (_, text) => {
    expect(indentationSlip(text)).toBeUndefined();
  });

  it('takes the lines of a text for what they are', () => {
    expect(indentationSlip('a: |\n   b: c\n  d: e\nf: g\n')).toBeUndefined();
  });
});
