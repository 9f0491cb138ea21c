import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FormatError } from '../../src/formats/format-error.ts';
import type { Value } from '../../src/formats/keyed-format.ts';
import { addToList, yaml } from '../../src/formats/yaml.ts';
import { anyText, runs } from '../support/random.ts';
import {
  assertInBatches,
  checkLaws,
  expectOtherLinesKept,
  orRefused,
  stockFiles,
  stockMissing,
  textOf,
} from './laws.ts';

const pieces = [
  'a:',
  'a: 1',
  'b: x',
  'a: {b: 1}',
  'a: { }',
  'b: [1, 2]',
  'c: |',
  'c: >-',
  'c: |+',
  '- x',
  '# c',
  ' # c',
  '\n',
  '\n',
  '\n',
  '\n  ',
  '\n  ',
  '\n    ',
  '\r\n',
  '\t',
  "'q'",
  '"d"',
  '&x',
  '*x',
  '<<: *x',
  '---',
  '...',
  '? k',
  ': v',
  ' ',
  '~',
  '!!str 5',
  '{',
  '}',
  ',',
  'yes',
  'é',
  '\uFEFF',
]; // prettier-ignore

const file = `# settings
public:
  app: # the app
    basename: '/html5client'   # was /
    list:
      - one
      # between
      - two
  kurento:
    wsUrl: HOST
# end of public

private:
    key: "v"
`;

describe('writing', () => {
  it.each<[string, string[], Value, string]>([
    ['', ['a'], 1, 'a: 1\n'],
    ['# c', ['a'], 1, '# c\na: 1\n'],
    ['---', ['a', 'b'], 'x', '---\na:\n  b: x\n'],
    ['---\n# c\n...\n', ['a'], 1, '---\n# c\na: 1\n...\n'],
    ['\uFEFF', ['a'], 1, '\uFEFFa: 1\n'],
    ['a: 1', ['b'], 2, 'a: 1\nb: 2'],
    ['a: 1\r\n', ['b', 'c'], 2, 'a: 1\r\nb:\r\n  c: 2\r\n'],
    ['a: 1 # c\n', ['a'], 2, 'a: 2 # c\n'],
    ["a: 'x'\n", ['a'], "it's", "a: 'it''s'\n"],
    ['a: "x"\n', ['a'], 'y', 'a: "y"\n'],
    ['a: x\n', ['a'], 'yes', "a: 'yes'\n"],
    ['a: x\n', ['a'], 'https://a.example.com/b', 'a: https://a.example.com/b\n'],
    ['a:\n    b: 1\n', ['c', 'd'], '0755', "a:\n    b: 1\nc:\n    d: '0755'\n"],
    ['a:\n', ['a'], 'v', 'a: v\n'],
    ['a: # c\nb: 1\n', ['a'], 'v', 'a: v # c\nb: 1\n'],
    ['a: # c\n  # d\nb: 1\n', ['a', 'x'], 'v', 'a: # c\n  x: v\n  # d\nb: 1\n'],
    ['a: ~\n', ['a', 'x'], 'v', 'a:\n  x: v\n'],
    ['a: {}\n', ['a', 'x'], 'v', 'a: {x: v}\n'],
    ['{ a: 1 }', ['b'], [1, 'x'], '{ a: 1, b: [1, x] }'],
    ['{a: {b: 1,}}', ['a', 'c'], 2, '{a: {b: 1, c: 2,}}'],
    ['a:\n  - 1\n  - 2 # c\nb: 1\n', ['a'], [1, 2, 3], 'a:\n  - 1\n  - 2 # c\n  - 3\nb: 1\n'],
    ['a:\n- 1\n- 2\nb: 1\n', ['a'], [2], 'a:\n- 2\nb: 1\n'],
    ['a: [1, 2]\n', ['a'], [2], 'a: [2]\n'],
    ['a: [1, 2]\n', ['a'], [], 'a: []\n'],
    ['a:\n  b: 1\n  c: 2\nd: 1\n', ['a'], 'x', 'a: x\nd: 1\n'],
    ['a:\n  b: 1 # x\n  c: 2\n', ['a'], { b: 1, d: 3 }, 'a:\n  b: 1 # x\n  d: 3\n'],
    ['a: |\n  x\n  y\n\nb: 1\n', ['a'], 'v', 'a: v\n\nb: 1\n'],
    ['a: |\n  x\n\nb: |\n  y\n', ['c'], 'v', 'a: |\n  x\n\nb: |\n  y\nc: v\n'],
    ['a:\n  "x"\n', ['a'], 'y', 'a:\n  "y"\n'],
    ['a: x\n', ['a'], 'l1\nl2', 'a: "l1\\nl2"\n'],
    ['a: 1\n', ['b'], ['x', 'y z'], "a: 1\nb:\n  - x\n  - 'y z'\n"],
    ['a: 1\n', ['b'], [], 'a: 1\nb: []\n'],
    ['a: 1\n', ['b'], 1e21, 'a: 1\nb: 1.0e+21\n'],
    ['a: &x 1\n', ['a'], 2, 'a: &x 2\n'],
    // Readers disagree on whether such a block scalar ends in a line end, so it has to stay the last.
    ['a: |\n  x', ['b'], 1, 'b: 1\na: |\n  x'],
    ['c: 1\n# about a\na: >+\n  x', ['b'], 1, 'c: 1\nb: 1\n# about a\na: >+\n  x'],
    ['# about a\r\na: |\r\n  x', ['b'], 1, 'b: 1\r\n# about a\r\na: |\r\n  x'],
    ['a: |-\n  x', ['b', 'c'], 1, 'b:\n  c: 1\na: |-\n  x'],
  ])('%j with %j = %j becomes %j', (text, key, value, after) => {
    expect(yaml.set(text, key, value)).toBe(after);
    expect(yaml.get(after, key)).toEqual(value);
    expect(yaml.set(after, key, value)).toBe(after);
  });

  it.each([
    ['a: 1\na: 2\n', 'a'],
    ['a: 1\n---\nb: 1\n', 'a'],
    ['a:\n\tb: 1\n', 'a'],
    ['a: [1\n', 'a'],
    ['x: &x\n  b: 1\na: *x\n', 'a.b'],
    ['x: &x\n  b: 1\na:\n  <<: *x\n', 'a.b'],
    ['x: &x 1\na: *x\n', 'x'],
    ['a: !!str 5\n', 'a'],
    ['a: text\n', 'a.b'],
    ['- 1\n', 'a'],
    ['text', 'a'],
    ['a: *nowhere\n', 'a'],
  ])('%j is refused for %s', (text, key) => {
    expect(() => yaml.set(text, key.split('.'), 7)).toThrow(FormatError);
  });

  it('an item behind a block scalar without a line end is refused, since readers disagree on its value', () => {
    expect(() => yaml.set('a:\n  - |\n    x', ['a'], ['x\n', 'y'])).toThrow(/end the file with a line end/);
  });

  it.each([
    ['['.repeat(5000) + ']'.repeat(5000)],
    ['- '.repeat(5000)],
    ['- !a '.repeat(5000)],
    ['{a: '.repeat(5000)],
    [Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
  ])('levels by the hundred are refused before they end the process: %.20s', (text) => {
    expect(() => yaml.get(text, ['a'])).toThrow(FormatError);
  });

  it('says where the YAML is broken', () => {
    expect(() => yaml.get('a: 1\nb: [\n', ['a'])).toThrow(
      expect.objectContaining({ name: 'FormatError', line: 3 }),
    );
  });

  it.each([
    ['x: &x {b: 1}\na: *x\n', 'a.b', /^a is an alias \(\*x\)/, 2],
    ['x: &x {b: 1}\na:\n  c: 1\n  <<: *x\n', 'a.b', /^b in a comes from a merge key/, 4],
    ['a: 1\nb:\n  c: 1\n  c: 2\n', 'a', /^the key c appears twice/, 4],
    ['a: 1\n---\nb: 1\n', 'a', /^the file has several YAML documents/, 2],
    ['c: 1\na: [1]\n', 'a.b', /^a is a list; expected a map/, 2],
    ['c: 1\na: &x {b: 1}\nd: *x\n', 'a.b', /^an edit of a\.b would also change something else/, 2],
    ['c: 1\na: *x\n', 'c', /\*x/, 2],
  ])('says in which line of %j an edit of %s meets it', (text, key, what, line) => {
    expect(() => yaml.set(text, key.split('.'), 5)).toThrow(
      expect.objectContaining({ name: 'FormatError', what: expect.stringMatching(what), line }),
    );
  });

  it('a merge key and an alias elsewhere are no obstacle', () => {
    const text = 'x: &x {b: 1}\na:\n  <<: *x\n  c: 1\n';
    expect(yaml.get(text, ['a', 'b'])).toBe(1);
    expect(yaml.set(text, ['a', 'c'], 2)).toBe(text.replace('c: 1', 'c: 2'));
  });
});

describe('removing', () => {
  it.each([
    ['a: 1\nb: 2\n', 'a', 'b: 2\n'],
    ['a: 1\nb: 2', 'b', 'a: 1'],
    ['a: 1\n', 'a', ''],
    ['# c\na:\n  # d\n  b:\n    c: 1\ne: 1\n', 'a.b.c', '# c\n  # d\ne: 1\n'],
    ['a:\n  b: 1\n  c: 2\n', 'a.b', 'a:\n  c: 2\n'],
    ['{a: 1, b: 2, c: 3}', 'b', '{a: 1, c: 3}'],
    ['{a: 1, b: 2}', 'a', '{b: 2}'],
    ['{a: 1}', 'a', '{}'],
    ['x: 1\na: {b: {c: 1}}\n', 'a.b.c', 'x: 1\n'],
    ['x: {y: 1, b: {c: 1}}\n', 'x.b.c', 'x: {y: 1}\n'],
    ['a: |\n  x\n\nb: 1\n', 'a', '\nb: 1\n'],
    ['a: 1\n', 'b.c', 'a: 1\n'],
    ['a: 1\r\nb:\r\n  - 1\r\n', 'b', 'a: 1\r\n'],
    ['a:\n  b: 2', 'a.b', ''],
    ['# c\na:\r\n  b:\r\n    c: 2', 'a.b.c', '# c'],
    ['x: 1\na:\n  # d\n  b: 2', 'a.b', 'x: 1\n  # d'],
    ['a: |\n  x\nb: 2', 'b', 'a: |\n  x\n'],
    ['public:\n  app:\n    helpLink: x', 'public.app.helpLink', ''],
  ])('from %j %s leaves %j', (text, key, after) => {
    expect(yaml.remove(text, key.split('.'))).toBe(after);
  });

  it('of what others refer to is refused', () => {
    expect(() => yaml.remove('a: &x 1\nb: *x\n', ['a'])).toThrow(FormatError);
  });
});

describe('lists', () => {
  it('take what they lack, once', () => {
    const key = ['public', 'app', 'list'];
    const added = addToList(file, key, ['two', 'three']);
    expect(added).toBe(file.replace('      - two\n', '      - two\n      - three\n'));
    expect(addToList(added, key, ['three', 'one'])).toBe(added);
    expect(addToList('', ['a'], ['x', 'x'])).toBe('a:\n  - x\n');
    expect(() => addToList('a: 1\n', ['a'], ['x'])).toThrow(FormatError);
  });
});

const scalar = fc.oneof(
  anyText(),
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(
    'yes',
    'no',
    '0755',
    '12:30',
    '~',
    '',
    ' x',
    '1e3',
    '.inf',
    '2001-01-01',
    '0x1f',
    '1_000',
    '=',
    '<<',
    '- a',
    'a: b',
    '#',
    '*a',
    '&a',
    '!t',
    '%',
    '@',
    '`',
    '|',
    '>',
    '? a',
    ',',
    '[',
    'null',
    'NaN',
    'y',
    '\n',
    'a\n\nb',
    '\ttab',
    '\u0085',
    '\u2028',
    '\uFEFF',
    '...',
    '---',
  ),
); // prettier-ignore
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('k', 'l', 'yes', '1'), scalar, { maxKeys: 2 }) },
);
const exact = (one: Value): Value => JSON.parse(JSON.stringify(one));

describe('laws', () => {
  const key = fc.constantFrom(['a'], ['b'], ['a', 'b'], ['c'], ['a', 'x', 'y'], ['zz']);

  it('hold for any text and value', () => {
    fc.assert(
      fc.property(textOf(pieces), key, value, (text, path, wanted) => {
        checkLaws(yaml, text, path, exact(wanted));
      }),
      runs(3000),
    );
  });

  it('an edit keeps all other lines and values of a real text, with any line ends', () => {
    fc.assert(
      fc.property(fc.constantFrom('\n', '\r\n'), fc.boolean(), value, (lineEnd, ended, wanted) => {
        const text = (ended ? file : file.trimEnd()).replaceAll('\n', lineEnd);
        const after = orRefused(() => yaml.set(text, ['public', 'kurento', 'wsUrl'], exact(wanted)));
        fc.pre(after !== undefined);
        expectOtherLinesKept(text, after ?? '', [`    wsUrl: HOST${lineEnd}`]);
        expect(parse(after ?? '', { version: '1.1' }).public.app).toEqual(parse(text).public.app);
      }),
      runs(500),
    );
  });

  it('setting and removing an absent key gives the same bytes', () => {
    fc.assert(
      fc.property(textOf(pieces), value, (text, wanted) => {
        const root = orRefused(() => yaml.get(text, []));
        fc.pre(typeof root === 'object' && root !== null && !Array.isArray(root));
        for (const path of [['new'], ['new', 'er']]) {
          const set = orRefused(() => yaml.set(text, path, exact(wanted)));
          const back = set === undefined ? undefined : orRefused(() => yaml.remove(set, path));
          if (back !== undefined) {
            expect([text, back]).toEqual([text, text]);
          }
        }
      }),
      runs(3000),
    );
  });
});

describe.skipIf(stockMissing)('stock files (skipped where ../shared/stock is missing)', () => {
  it.each(stockFiles(/\.ya?ml$/).filter(([, text]) => !/^---/m.test(text)))('%s', (_, text) => {
    const paths = leaves(yaml.get(text, []) ?? null);
    for (const [path, old] of paths.filter((__, i) => i % 5 === 0)) {
      expect(yaml.set(text, path, old)).toBe(text);
    }
    for (const [path] of paths.filter(([, old], i) => i % 25 === 0 && typeof old !== 'object')) {
      const set = yaml.set(text, path, 'https://bbb-01.example.com/x');
      const name = path.at(-1) ?? '';
      expectOtherLinesKept(
        text,
        set,
        text
          .match(new RegExp(`^ *${name}:.*\\n(?: *- .*\\n)*`, 'gm'))
          ?.flatMap((one) => one.match(/.*\n/g) ?? []) ?? [],
      );
    }
    const added = yaml.set(text, ['public', 'somethingNew', 'x'], 'y');
    expect(yaml.remove(added, ['public', 'somethingNew', 'x'])).toBe(text);
    expectOtherLinesKept(text, added);
  });
});

it.each(stockFiles(/\.ya?ml$/).filter(([, text]) => /^---/m.test(text)))(
  '%s has several documents and is refused',
  (_, text) => {
    expect(() => yaml.set(text, ['a'], 1)).toThrow(/several YAML documents/);
  },
);

describe.skipIf(spawnSync('python3', ['-c', 'import yaml']).status !== 0)(
  'PyYAML, another reader of YAML 1.1 (skipped where it is missing)',
  () => {
    it('reads what was written', () => {
      const program =
        'import sys, json, yaml\nfor t in json.load(sys.stdin): print(json.dumps(yaml.safe_load(t)))';
      assertInBatches(fc.oneof(value, scalar), runs(2000), (values) => {
        const written = values.map(exact).flatMap((wanted) => {
          const text = orRefused(() => yaml.set('a: x\n', ['a'], wanted));
          return text === undefined ? [] : [{ text, wanted }];
        });
        const answers = execFileSync('python3', ['-c', program], {
          input: JSON.stringify(written.map(({ text }) => text)),
          encoding: 'utf8',
        }).split('\n');
        expect(answers.length).toBe(written.length + 1);
        for (const [i, { text, wanted }] of written.entries()) {
          expect([text, JSON.parse(answers[i] ?? '')]).toEqual([text, { a: wanted }]);
        }
      });
    });
  },
);

function leaves(root: Value, path: string[] = []): [string[], Value][] {
  return typeof root === 'object' && root !== null && !Array.isArray(root)
    ? Object.entries(root).flatMap(([name, one]) => leaves(one, [...path, name]))
    : [[path, root]];
}
