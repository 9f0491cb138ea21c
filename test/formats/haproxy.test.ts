import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/formats/format-error.ts';
import {
  managedBlocks,
  quoteWord,
  readSections,
  removeHaproxyLines,
  removeManagedBlock,
  setRulesBlock,
  setSectionsBlock,
  strayLines,
  wordsOf,
} from '../../src/formats/haproxy.ts';
import { withoutHaproxy } from '../support/haproxy-oracle.ts';
import { runs } from '../support/random.ts';
import { orRefused, textOf } from './laws.ts';

const words = (line: string) => wordsOf(line, 0, line.length).map(({ text }) => text);
const body = 'backend ours\n    mode http\n';
const block = (name: string, text = body) =>
  `# clusterproxy: begin ${name}\n${text}# clusterproxy: end ${name}\n`;

const pieces = [
  'global\n',
  'defaults\n',
  '    mode http\n',
  'frontend a\n',
  'frontend b # x\r\n',
  '  bind :443 ssl crt "/a b"\n',
  '\tuse_backend x if { path_beg /y }\r\n',
  'use_backend z\n',
  'default_backend x',
  'backend x\n',
  '\n',
  '\r\n',
  '# heading\n',
  '.if defined(X)\n',
  '.endif\n',
  '# clusterproxy: begin other\n',
  '# clusterproxy: end other\n',
  block('done'),
  "'",
  '"',
  '\\',
];

describe('the words of a line', () => {
  it.each([
    ['  acl x  path_beg\t/a /b', ['acl', 'x', 'path_beg', '/a', '/b']],
    ['# a comment', []],
    ['a#b', ['a']],
    [String.raw`a\#b \  c\ d`, ['a#b', ' ', 'c d']],
    [`zz"a b"'c'`, ['zza bc']],
    [`'a # b' "c 'd'" 'e "f"'`, ['a # b', "c 'd'", 'e "f"']],
    [String.raw`'g\h' "e\qf" "c\"d" a\x41`, [String.raw`g\h`, String.raw`e\qf`, 'c"d', 'aA']],
    [String.raw`^/a(.*)$ /b\1`, ['^/a(.*)$', String.raw`/b\1`]],
    ['mode http\r', ['mode', 'http']],
    ['""', ['']],
  ])('%s', (line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  it('tell whether only the HAProxy that loads them knows their value', () => {
    const line = `bind "\${HOST}:443" '$HOST' $HOST "\\$HOST"`;
    expect(wordsOf(line, 0, line.length).map(({ isLiteral }) => isLiteral)).toEqual([
      true,
      false,
      true,
      true,
      true,
    ]);
  });

  it.each(["bind 'a", 'bind "a', String.raw`a\x4`, String.raw`a\xzz`])('%s is refused', (line) => {
    expect(() => words(line)).toThrow(FormatError);
  });

  it('are read back as they were quoted', () => {
    const sign = fc.constantFrom('a', '/', ' ', '"', "'", '\\', '#', '$', '{', 'x41', '\u00e4');
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 8 }), (signs) => {
        const line = quoteWord(signs.join(''));
        expect(wordsOf(line, 0, line.length)).toMatchObject([{ text: signs.join(''), isLiteral: true }]);
      }),
      runs(2000),
    );
  });

  // HAProxy names a word that it doesn't know, as it has read it.
  it.skipIf(withoutHaproxy !== undefined)('are those of HAProxy itself', () => {
    const parts = ['a', 'b', ' ', '"', "'", '\\', '#', String.raw`\ `, String.raw`\"`, String.raw`\x41`, '$'];
    const line = fc
      .array(fc.constantFrom(...parts), { maxLength: 8 })
      .map((some) => `q${some.join('')}`)
      .filter(
        (text) => orRefused(() => wordsOf(text, 0, text.length).every((one) => one.isLiteral)) === true,
      );
    fc.assert(
      fc.property(fc.array(line, { minLength: 40, maxLength: 40 }), (lines) => {
        const folder = mkdtempSync(join(tmpdir(), 'haproxy-'));
        try {
          writeFileSync(join(folder, 'cfg'), `global\n${lines.map((one) => ` ${one}\n`).join('')}`);
          const { stderr } = spawnSync('haproxy', ['-c', '-f', join(folder, 'cfg')], { encoding: 'utf8' });
          const told = [...stderr.matchAll(/cfg:(\d+)\] : unknown keyword '(.*)' in 'global'/g)];
          expect(told.map(([, at, word]) => [Number(at), word])).toEqual(
            lines.slice(0, told.length).map((one, index) => [index + 2, words(one)[0]]),
          );
          // It stops after a number of mistakes.
          expect(told.length).toBeGreaterThan(5);
        } finally {
          rmSync(folder, { recursive: true });
        }
      }),
      runs(250),
    );
  });
});

describe('sections', () => {
  it('begin with their keyword, however it is indented', () => {
    const text =
      'global\n daemon\n\n  frontend web from d # x\n bind :443\n.if defined(A)\n acl a path /\n.endif\nbackend b\n';
    expect(
      readSections(text).map(({ keyword, name, head, lines }) => [
        `${keyword} ${name}:${head.line}`,
        ...lines.map((line) => `${line.line} ${line.name}${line.condition === undefined ? '' : ' if'}`),
      ]),
    ).toEqual([['global :1', '2 daemon'], ['frontend web:4', '5 bind', '7 acl if'], ['backend b:9']]);
  });
});

describe('a block of sections', () => {
  it.each([
    ['an empty file', '', block('a')],
    ['only a global section', 'global\n    daemon', `global\n    daemon\n${block('a')}`],
    [
      'defaults with a heading',
      'global\n    daemon\n    # quiet\n\n# ----\n# usual\n# ----\ndefaults\n    mode tcp\n',
      `global\n    daemon\n    # quiet\n\n${block('a')}# ----\n# usual\n# ----\ndefaults\n    mode tcp\n`,
    ],
    [
      'a block that is there',
      `global\n${block('b')}defaults\n`,
      `global\n${block('b')}${block('a')}defaults\n`,
    ],
    [
      'a section under a condition',
      'global\n.if defined(X)\n  .if defined(Y)\nfrontend f\n  .endif\n.endif\n',
      `global\n${block('a')}.if defined(X)\n  .if defined(Y)\nfrontend f\n  .endif\n.endif\n`,
    ],
    ['no global section', 'defaults\n  mode http\n', `${block('a')}defaults\n  mode http\n`],
  ])('goes before the operator’s sections: %s', (_, before, after) => {
    expect(setSectionsBlock(before, 'a', body)).toBe(after);
    expect(setSectionsBlock(after, 'a', body)).toBe(after);
  });

  it('stays where it is when it is set again', () => {
    const text = `global\ndefaults\n${block('a')}frontend f\n`;
    expect(setSectionsBlock(text, 'a', 'backend other\n')).toBe(text.replace(body, 'backend other\n'));
  });

  it('shows what somebody has put behind it', () => {
    const text = `global\n${block('a')}    maxconn 3\n\n# fine\ndefaults\n    mode http\n`;
    expect(strayLines(text).map(({ line, block: name }) => [line.line, line.name, name])).toEqual([
      [6, 'maxconn', 'a'],
    ]);
  });
});

describe('a block of rules', () => {
  const rule = 'use_backend n if { path_beg /n/ }\n';
  const set = (text: string) => {
    const section = readSections(text).find(({ keyword }) => keyword === 'frontend');
    if (section === undefined) throw new Error('no frontend');
    return setRulesBlock(text, section, 'a', rule);
  };

  it.each([
    [
      'before the first use_backend',
      'frontend f\n  http-request set-header A b\n',
      '  use_backend x if y\n  default_backend z\nbackend z\n',
    ],
    [
      'before a block of rules that comes first',
      'frontend f\n',
      `${block('other', rule)}  use_backend x\nbackend z\n`,
    ],
    [
      'before the condition around it',
      'frontend f\n  mode http\n',
      '.if defined(X)\n  use_backend x\n.endif\nbackend z\n',
    ],
    [
      'behind rules for requests',
      'frontend f\n  default_backend z\n  http-request deny if x\n',
      '\n# the other\nbackend z\n',
    ],
    ['at the end of the file', 'frontend f\n  bind :443\n', ''],
  ])('%s', (_, head, tail) => {
    expect(set(head + tail)).toBe(head + block('a', rule) + tail);
    expect(set(head + block('a', rule) + tail)).toBe(head + block('a', rule) + tail);
  });
});

it('edits keep every other byte, whatever the text', () => {
  fc.assert(
    fc.property(textOf(pieces), fc.nat(5), (text, choice) => {
      const sections = orRefused(() => readSections(text)) ?? [];
      const chosen = sections[choice % Math.max(sections.length, 1)];
      const edited = [
        orRefused(() => setSectionsBlock(text, 'new', body)),
        chosen === undefined ? undefined : orRefused(() => setRulesBlock(text, chosen, 'new', body)),
      ];
      for (const after of edited.filter((one) => one !== undefined)) {
        expect(managedBlocks(after).get('new')).toBe(body);
        // Only the end of a last line that had none is new.
        expect([text, `${text}\n`, `${text}\r\n`]).toContain(removeManagedBlock(after, 'new'));
        expect(readSections(after).length).toBe(sections.length + 1);
      }
      for (const { lines } of sections) {
        const rest = removeHaproxyLines(text, lines);
        const gone = lines.map(({ start, next }) => text.slice(start, next));
        expect(rest.length).toBe(text.length - gone.join('').length);
        expect(orRefused(() => readSections(rest))?.length).toBe(sections.length);
      }
    }),
    runs(5000, 300),
  );
});
