import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/formats/format-error.ts';
import { setSectionsBlock, setSectionsBlocks } from '../../src/formats/haproxy.ts';
import {
  managedBlocks,
  removeManagedBlock,
  setManagedBlock,
  setManagedBlocks,
} from '../../src/formats/managed-blocks.ts';
import { runs } from '../support/random.ts';
import { orRefused, textOf } from './laws.ts';

const pieces = [
  '# clusterproxy: begin a',
  '# clusterproxy: end a',
  '# clusterproxy: begin b',
  '# clusterproxy: end b',
  '\n',
  '\n',
  '\r\n',
  'x;',
  ' ',
];

describe('managed blocks', () => {
  it('are added at the end, replaced in place and removed', () => {
    const one = setManagedBlock('x;', 'bbb-01', 'location / { }\n');
    expect(one).toBe('x;\n# clusterproxy: begin bbb-01\nlocation / { }\n# clusterproxy: end bbb-01\n');
    const two = setManagedBlock(one, 'bbb-02', 'y;');
    expect([...managedBlocks(two)]).toEqual([
      ['bbb-01', 'location / { }\n'],
      ['bbb-02', 'y;\n'],
    ]);
    expect(setManagedBlock(two, 'bbb-01', 'z;\n')).toBe(two.replace('location / { }', 'z;'));
    expect(removeManagedBlock(two, 'bbb-02')).toBe(one);
    expect(removeManagedBlock(one, 'bbb-02')).toBe(one);
    expect(setManagedBlock('a\r\n', 'n', 'b')).toBe(
      'a\r\n# clusterproxy: begin n\r\nb\r\n# clusterproxy: end n\r\n',
    );
  });

  it.each([
    ['# clusterproxy: begin a\n'],
    ['# clusterproxy: end a\n'],
    ['# clusterproxy: begin a\n# clusterproxy: begin b\n# clusterproxy: end b\n# clusterproxy: end a\n'],
    ['# clusterproxy: begin a\n# clusterproxy: end b\n'],
    ['# clusterproxy: begin a\n# clusterproxy: end a\n# clusterproxy: begin a\n# clusterproxy: end a\n'],
  ])('%j is refused', (text) => {
    expect(() => managedBlocks(text)).toThrow(FormatError);
    expect(() => setManagedBlock(text, 'c', '')).toThrow(FormatError);
    expect(() => removeManagedBlock(text, 'a')).toThrow(FormatError);
  });

  it('a marker in the body and a name over two lines are refused', () => {
    expect(() => setManagedBlock('', 'a', '# clusterproxy: end a\n')).toThrow(FormatError);
    expect(() => setManagedBlock('', 'a\nb', 'x')).toThrow(FormatError);
    expect(() => setManagedBlock('', ' ', 'x')).toThrow(FormatError);
  });

  it('laws hold for any text', () => {
    fc.assert(
      fc.property(textOf(pieces), fc.string(), (text, body) => {
        const set = orRefused(() => setManagedBlock(text, 'a', body));
        if (set !== undefined) {
          expect(setManagedBlock(set, 'a', body)).toBe(set);
          expect(
            managedBlocks(set)
              .get('a')
              ?.replace(/\r?\n$|\r$/, ''),
          ).toBe(body.replace(/\r?\n$|\r$/, ''));
          if (!managedBlocks(text).has('a') && /(^|[\r\n])$/.test(text)) {
            expect(removeManagedBlock(set, 'a')).toBe(text);
          }
        }
      }),
      runs(1000),
    );
  });

  const bodies = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd'),
    fc.oneof(fc.string(), textOf(['x;', '\n', '\r\n', ' ', 'backend x\n'])),
  );

  it.each([
    ['at the end', setManagedBlocks, setManagedBlock, pieces],
    [
      "as HAProxy's sections",
      setSectionsBlocks,
      setSectionsBlock,
      [...pieces, 'global\n', 'defaults\n', '# x\n'],
    ],
  ] as const)('many at once, %s, are the same as one after the other', (_, all, one, words) => {
    fc.assert(
      fc.property(textOf(words), bodies, (text, wanted) => {
        const entries = Object.entries(wanted);
        const atOnce = orRefused(() => all(text, new Map(entries)));
        const inTurn = orRefused(() => entries.reduce((now, [name, body]) => one(now, name, body), text));
        if (entries.length > 0 && inTurn !== undefined) expect(atOnce).toBe(inTurn);
      }),
      runs(2000),
    );
  });
});
