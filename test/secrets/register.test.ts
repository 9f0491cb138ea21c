import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { json } from '../../src/formats/json.ts';
import { properties } from '../../src/formats/properties.ts';
import { shellEnv } from '../../src/formats/shell-env.ts';
import { unit } from '../../src/formats/unit.ts';
import { yaml } from '../../src/formats/yaml.ts';
import { hidden } from '../../src/secrets/hidden.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import { runs } from '../support/random.ts';

const nasty = `p@ss'w"o\\r$d %41&<x>:=#!é€ü`;

function registerOf(...values: readonly string[]): SecretRegister {
  const register = new SecretRegister();
  for (const value of values) register.add(value);
  return register;
}

const xml = (text: string) =>
  text.replace(
    /[&<>"']/g,
    (found) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }[found]};`,
  );

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a secret is hidden in every writing', () => {
  const writings: Readonly<Record<string, (value: string) => string>> = {
    'as it is': (value) => value,
    'a JSON string': (value) => JSON.stringify(value),
    'JSON within JSON': (value) => JSON.stringify(JSON.stringify(value)),
    'JSON in ASCII': (value) =>
      JSON.stringify(value).replace(
        /[\u0080-\uffff]/g,
        (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    'a single-quoted YAML scalar': (value) => `'${value.replaceAll("'", "''")}'`,
    'single quotes of a shell': (value) => `'${value.replaceAll("'", "'\\''")}'`,
    'single and double quotes of a shell': (value) => `'${value.replaceAll("'", `'"'"'`)}'`,
    'double quotes of a shell': (value) => `"${value.replace(/[\\"$`]/g, '\\$&')}"`,
    'a backslash before everything': (value) => value.replace(/[^A-Za-z0-9]/gu, '\\$&'),
    'a properties file in ASCII': (value) =>
      value
        .replace(/[:=#!\\ ]/g, '\\$&')
        .replace(
          /[\u0080-\uffff]/g,
          (one) => `\\u${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
        ),
    'a URL': (value) => encodeURIComponent(value),
    'a URL, in full': (value) =>
      [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    'a form': (value) => new URLSearchParams({ value }).toString(),
    XML: xml,
    'a systemd unit': (value) => value.replace(/[%]/g, '%%').replace(/\\/g, '\\\\').replaceAll('"', '\\"'),
    base64,
    base64url: (value) => Buffer.from(value).toString('base64url'),
    'base64 of user:password': (value) => base64(`ops:${value}`),
    'base64 behind one byte more': (value) => base64(`opsx:${value}`),
    'base64 behind two bytes more': (value) => base64(`opsxy:${value}`),
    'base64 of a whole file': (value) => base64(`a=b\npassword=${value}\nc=d\n`),
    'base64 of a JSON file': (value) => base64(JSON.stringify({ password: value })),
    hex: (value) => Buffer.from(value).toString('hex'),
    'a record in JSON': (value) => JSON.stringify({ line: `key=${value.replace(/[:=]/g, '\\$&')}` }),
    'octal as systemd and Python print it': (value) =>
      [...Buffer.from(value)]
        .map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`))
        .join(''),
  };

  for (const [name, write] of Object.entries(writings)) {
    it(name, () => {
      const register = registerOf(nasty);
      const text = `before ${write(nasty)} after`;
      expect(register.isIn(text)).toBe(true);
      const masked = register.mask(text);
      expect(masked).toContain(hidden);
      // Nothing of it is left but quotes, and in base64 what stood before or after it.
      for (const part of ['p@ss', 'r$d', 'pass', '€', 'x>', base64('r$d'), '%e2%82'])
        expect(masked).not.toContain(part);
      expect(masked.startsWith('before ')).toBe(true);
      expect(masked.endsWith(' after')).toBe(true);
    });
  }

  it('as the formats write it that steps edit', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(...nasty, ...'abcXYZ0189_-/+*~^|()[]{}?.,;', '😀', 'ß'),
          minLength: 8,
          maxLength: 30,
        }),
        (value) => {
          if (value.trim() === '') return;
          const register = registerOf(value);
          for (const format of [properties, shellEnv, json, yaml, unit]) {
            const key = format === unit ? ['Service', 'Key'] : ['key'];
            let text: string;
            try {
              text = format.set('', key, value);
            } catch {
              // Not every format takes every text.
              continue;
            }
            expect(register.isIn(text), text).toBe(true);
            expect(register.isIn(register.mask(text)), text).toBe(false);
          }
        },
      ),
      runs(300),
    );
  });

  it('broken into lines where it has blanks', () => {
    const register = registerOf('correct horse battery staple');
    expect(register.mask('it says correct horse\n    battery staple here')).toBe(`it says ${hidden} here`);
  });
});

it('keeps lines where they are, and what is no secret as it is', () => {
  const register = registerOf('s3cret-value', 'other');
  expect(register.mask('a=1\nb=s3cret-value\n\nc=s3cret-valu\n')).toBe(`a=1\nb=${hidden}\n\nc=s3cret-valu\n`);
  expect(new SecretRegister().mask('anything')).toBe('anything');
  expect(new SecretRegister().isIn('anything')).toBe(false);
});

it('prefers the longer of two secrets, and takes short ones as whole words', () => {
  expect(registerOf('abcd', 'abcdef').mask('abcdef abcd')).toBe(`${hidden} ${hidden}`);
  expect(registerOf('cat').mask('a cat, concatenate')).toBe(`a ${hidden}, concatenate`);
  const empty = registerOf('', '   ');
  expect(empty.size).toBe(0);
});

it('masks plain data of any depth and leaves the rest alone', () => {
  const register = registerOf('hunter2!');
  const content = Buffer.from('hunter2!');
  const masked = register.maskAll({
    text: 'is hunter2!',
    list: ['hunter2!', 1, null],
    map: new Map([['a', 'hunter2!']]),
    content,
    nothing: undefined,
  });
  expect(masked).toEqual({
    text: `is ${hidden}`,
    list: [hidden, 1, null],
    map: new Map([['a', hidden]]),
    content,
    nothing: undefined,
  });
  expect(masked.content).toBe(content);
});

it('tells the writings that stand in a text', () => {
  expect(registerOf(`a'bcd`).writingsIn([`x='a'\\''bcd'`, `y: 'a''bcd'`, `y: 'a''bcd'`])).toEqual([
    `a'\\''bcd`,
    `a''bcd`,
  ]);
});

it('comes to an end with any text', () => {
  // What takes quadratic time would be at it for minutes, and the test's time limit ends it.
  const register = registerOf(nasty, 'correct  horse battery staple', '\\\\\\\\x', '  two blanks  ');
  const parts = ['\\', ' ', 'p', "''", '%', '+', '\\ ', 'AAAA'];
  for (const part of parts) expect(register.isIn(part.repeat(12_000))).toBe(false);
});
