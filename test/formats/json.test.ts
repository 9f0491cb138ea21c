import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/formats/format-error.ts';
import { addToList, json } from '../../src/formats/json.ts';
import type { Value } from '../../src/formats/keyed-format.ts';
import { runs } from '../support/random.ts';
import { checkLaws, expectOtherLinesKept, orRefused, stockFiles, stockMissing, textOf } from './laws.ts';

const pieces = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"a"',
  '"b"',
  '"a": 1',
  '"b": {"a": 1}',
  '"c": [1, "x"]',
  '"a": {',
  'null',
  '1',
  '// c\n',
  '/* c */',
  '\n',
  '\r\n',
  '\t',
  '  ',
  ', ',
  '\uFEFF',
]; // prettier-ignore
const jsonValue = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Value>;

describe('writing', () => {
  it.each<[string, string[], Value, string]>([
    ['', ['a'], 1, '{\n  "a": 1\n}\n'],
    ['// c\n', ['a'], 1, '// c\n{\n  "a": 1\n}\n'],
    ['{}', ['a', 'b'], 'x', '{\n  "a": {\n    "b": "x"\n  }\n}'],
    ['{"a":1,"b":2}', ['c'], { d: 1 }, '{"a":1,"b":2,"c":{"d":1}}'],
    ['{"a": 1}', ['c'], [1, { d: 2 }], '{"a": 1, "c": [1, {"d": 2}]}'],
    ['{\n\t"a": 1 // c\n}\n', ['b'], [1], '{\n\t"a": 1, // c\n\t"b": [\n\t\t1\n\t]\n}\n'],
    ['{\r\n    "a": 1\r\n}', ['b'], 2, '{\r\n    "a": 1,\r\n    "b": 2\r\n}'],
    ['{\n  "a": [1, 2]\n}', ['a'], [1, 3, 2], '{\n  "a": [1, 3, 2]\n}'],
    ['{\n  "a": [\n    1, // one\n    2\n  ]\n}', ['a'], [1], '{\n  "a": [\n    1 // one\n  ]\n}'],
    ['{\n  "a": null\n}', ['a', 'b'], 1, '{\n  "a": {\n    "b": 1\n  }\n}'],
    ['\uFEFF{"a": 1}', ['a'], 2, '\uFEFF{"a": 2}'],
    ['{"a": {"b": 1, "c": 2}}', ['a'], { b: 1, d: 3 }, '{"a": {"b": 1, "d": 3}}'],
  ])('%j with %j = %j becomes %j', (text, key, value, after) => {
    expect(json.set(text, key, value)).toBe(after);
    expect(json.get(after, key)).toEqual(value);
  });

  it.each([
    ['{"a": 1,}', 1, 9],
    ['{\n  "a": }', 2, 8],
    ['{"a": 1} x', 1, 10],
    ['{"a": "x\n"}', 1, 7],
  ])('broken JSON %j is refused at line %i, column %i', (text, line, column) => {
    expect(() => json.set(text, ['a'], 1)).toThrow(
      expect.objectContaining({ name: 'FormatError', line, column }),
    );
  });

  it.each<[string, string[], Value]>([
    ['{"a": 1, "a": 2}', ['a'], 3],
    ['{"a": 1}', ['a', 'b'], 3],
    ['[]', ['a'], 3],
    ['{}', ['a'], Number.NaN],
    ['{}', ['a'], [Number.POSITIVE_INFINITY]],
  ])('%j with %j = %j is refused', (text, key, value) => {
    expect(() => json.set(text, key, value)).toThrow(FormatError);
  });
});

it.each([['['], ['{"a":']])('levels of %j by the thousand are refused', (open) => {
  expect(() => json.get(open.repeat(50_000), ['a'])).toThrow(/at most 200 levels/);
  expect(json.get('{"a":'.repeat(150) + 1 + '}'.repeat(150), Array(150).fill('a'))).toBe(1);
});

describe('removing', () => {
  it.each([
    ['{"a":1,"b":2}', 'a', '{"b":2}'],
    ['{"a":1,"b":2}', 'b', '{"a":1}'],
    ['{"a":{"b":{"c":1}},"d":2}', 'a.b.c', '{"d":2}'],
    [
      '{\n  "a": 1, // one\n  // about b\n  "b": 2, // two\n  // about c\n  "c": 3\n}',
      'b',
      '{\n  "a": 1, // one\n  // about b\n  // about c\n  "c": 3\n}',
    ],
    ['{\n  "a": 1, // one\n  // about b\n  "b": 2\n}', 'b', '{\n  "a": 1 // one\n  // about b\n}'],
    ['{\n  "a": {\n    // stays\n    "b": 1\n  }\n}', 'a.b', '{\n  "a": {\n    // stays\n  }\n}'],
    ['{ // why\n  "a": 1\n}', 'a', '{ // why\n}'],
    ['{ /* why */ "a": 1 }', 'a', '{ /* why */ }'],
    ['{"a": 1, /* why */ "b": 2}', 'b', '{"a": 1 /* why */}'],
    ['{"a": 1, // why\n "b": 2}', 'b', '{"a": 1 // why\n}'],
    ['{"a": /* why */ 1, "b": 2}', 'a', '{"b": 2}'],
    ['{"a": 1 /* one */, "b": 2}', 'a', '{/* one */ "b": 2}'],
    ['{ "x": 1, "a": { // that\n  "b": 2 } }', 'a.b', '{ "x": 1, "a": { // that\n } }'],
    ['{"a": 1}', 'b.c', '{"a": 1}'],
    ['{"a": 1}', 'a.c', '{"a": 1}'],
    ['{"a": 1}', 'a', '{}'],
    ['', 'a', ''],
  ])('from %j %s leaves %j', (text, key, after) => {
    expect(json.remove(text, key.split('.'))).toBe(after);
  });
});

it('lists take what they lack, once', () => {
  const text = '{\n  "origins": [\n    "a"\n  ]\n}\n';
  const added = addToList(text, ['origins'], ['a', 'b']);
  expect(added).toBe('{\n  "origins": [\n    "a",\n    "b"\n  ]\n}\n');
  expect(addToList(added, ['origins'], ['b'])).toBe(added);
  expect(addToList('', ['origins'], ['b'])).toBe('{\n  "origins": [\n    "b"\n  ]\n}\n');
});

describe('laws', () => {
  it('hold for any text and value', () => {
    fc.assert(
      fc.property(
        textOf(pieces),
        fc.constantFrom(['a'], ['b', 'a'], ['c'], ['zz', 'y']),
        jsonValue,
        (text, key, value) => {
          checkLaws(json, text, key, JSON.parse(JSON.stringify(value)));
        },
      ),
      runs(3000),
    );
  });

  it('JSON.parse reads what was written, however the text is laid out, and comments stay', () => {
    const layout = fc.constantFrom<string | number>('', 1, 2, 4, '\t');
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), jsonValue, { maxKeys: 4 }),
        layout,
        fc.constantFrom('\n', '\r\n'),
        jsonValue,
        (root, space, lineEnd, value) => {
          const text = JSON.stringify(root, null, space).replaceAll('\n', lineEnd);
          const wanted = JSON.parse(JSON.stringify(value));
          const after = json.set(text, ['some new key'], wanted);
          expect(JSON.parse(after)).toEqual({ ...JSON.parse(text), 'some new key': wanted });
          expect(json.remove(after, ['some new key'])).toBe(text);
          for (const key of Object.keys(root)) {
            expect(json.set(text, [key], JSON.parse(text)[key])).toBe(text);
            expect(JSON.parse(json.set(text, [key], wanted))).toEqual({ ...JSON.parse(text), [key]: wanted });
            expect(Object.keys(JSON.parse(json.remove(text, [key])))).toEqual(
              Object.keys(JSON.parse(text)).filter((one) => one !== key),
            );
          }
        },
      ),
      runs(500),
    );
  });

  it('no comment is lost', () => {
    fc.assert(
      fc.property(textOf(pieces), (text) => {
        const commented = `{"x": 1, // k1\n/* k2 */ "b": {"a": 1 /* k3 */},\n // k4\n "c": [1, // k5\n 2]${text.includes('//') ? ' // k6\n' : ''}\n}`;
        for (const key of [['x'], ['b', 'a'], ['c'], ['n']]) {
          const set = orRefused(() => json.set(commented, key, 7)) ?? commented;
          expect(set.match(/k\d/g)?.length).toBeGreaterThanOrEqual(
            (commented.match(/k\d/g)?.length ?? 0) - (key[0] === 'c' ? 1 : 0),
          );
        }
      }),
    );
  });
});

describe.skipIf(stockMissing)('stock files (skipped where ../shared/stock is missing)', () => {
  it.each(stockFiles(/\.json$/))('%s', (_, text) => {
    const root = json.get(text, []) as { [key: string]: Value };
    for (const [key, value] of Object.entries(root)) {
      expect(json.set(text, [key], value)).toBe(text);
      // Without the last key, the one before it loses its comma.
      if (key !== Object.keys(root).at(-1)) {
        expectOtherLinesKept(json.remove(text, [key]), text);
      }
    }
    const added = json.set(text, ['cluster_proxies'], ['https://bbb-proxy.example.com']);
    expect(json.remove(added, ['cluster_proxies'])).toBe(text);
    const last = text.trimEnd().split('\n').at(-2) ?? '';
    expectOtherLinesKept(text, added, [`${last}\n`]);
    expectOtherLinesKept(text, json.set(text, ['ip'], '0.0.0.1'), text.match(/^\s*"ip".*\n/gm) ?? []);
  });
});
