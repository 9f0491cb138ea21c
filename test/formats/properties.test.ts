import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { getProperties } from 'properties-file';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/formats/format-error.ts';
import { properties } from '../../src/formats/properties.ts';
import { runs } from '../support/random.ts';
import {
  assertInBatches,
  checkLaws,
  expectOtherLinesKept,
  orRefused,
  stockFiles,
  stockMissing,
  textOf,
  wholeLines,
} from './laws.ts';

const key = ['presentationBaseURL'];
const url = 'https://bbb-01.example.com/bigbluebutton/presentation';

const pieces = [
  'a=1',
  'a = 1',
  'a:2',
  'a 3',
  ' a=4',
  'a',
  'b=1',
  'ab=1',
  '#a=5',
  '! a=6',
  '\\',
  '\n',
  '\n',
  '\r\n',
  '\r',
  ' ',
  '\t',
  '\f',
  '=',
  ':',
  '\\u0061=7',
  'a=\\u00fc',
  'a=\\u00',
  '\\t',
  '#',
  'a=\\\n  x',
  '\uFEFF',
  'é',
]; // prettier-ignore

describe('reading', () => {
  it.each([
    ['a=1', '1'],
    ['a = 1 ', '1 '],
    ['a:1', '1'],
    ['a 1', '1'],
    ['a', ''],
    ['\t a\t=\t1', '1'],
    ['a=1\na=2', '2'],
    ['a=x\\\n   y\\\n#z', 'xy#z'],
    ['a=x\\\\\nb=2', 'x\\'],
    ['\\u0061=\\u00fc\\n\\q', 'ü\nq'],
    ['a==1', '=1'],
    ['#a=1\n!a=2\n', undefined],
    ['#c\\\na=1', '1'],
    ['a=1\rb=2', '1'],
  ])('%j gives %j', (text, value) => {
    expect(properties.get(text, ['a'])).toBe(value);
  });

  it('agrees with properties-file on any text (but a CR alone, an empty name and a backslash at the end, which it reads otherwise than Java)', () => {
    fc.assert(
      fc.property(textOf(pieces.filter((piece) => !/\uFEFF|^\r$/.test(piece))), (text) => {
        fc.pre(!/\r(?!\n)|\\\s*$/.test(text));
        const oracle = attempt(() => getProperties(text));
        fc.pre(oracle !== undefined);
        for (const [name, value] of Object.entries(oracle ?? {})) {
          expect(name === '' || properties.get(text, [name]) === value).toBe(true);
        }
      }),
      runs(1000),
    );
  });
});

describe('writing', () => {
  it.each([
    ['', 'a=v\n'],
    ['b=1', 'b=1\na=v\n'],
    ['b=1\r\n', 'b=1\r\na=v\r\n'],
    ['b=1\n\n', 'b=1\n\na=v\n'],
    ['#a=1\n', '#a=1\na=v\n'],
    ['a=1\nb=2\na=3\nc=4\n', 'b=2\na=v\nc=4\n'],
    ['a=v\na=v\n', 'a=v\n'],
    ['a = v\n', 'a=v\n'],
    ['  a=v', 'a=v'],
    ['a=x\\\n  y\nb=1\n', 'a=v\nb=1\n'],
    ['b=x\\', 'b=x\\\n\na=v\n'],
    ['b=x\\\n', 'b=x\\\n\na=v\n'],
    ['\\', '\\\n\na=v\n'],
    ['b=1\n\\\r', 'b=1\n\\\r\ra=v\n'],
    ['\uFEFFb=1\n', '\uFEFFb=1\na=v\n'],
  ])('%j becomes %j', (text, after) => {
    expect(properties.set(text, ['a'], 'v')).toBe(after);
  });

  it.each([
    ['x\ny'],
    ['x\r'],
    ['\0'],
    [' x'],
    ['\tx'],
    ['C:\\temp'],
    ['\u2028'],
    ['\ud800'],
    [null],
    [['x']],
    [{}],
  ])('refuses the value %j', (value) => {
    expect(() => properties.set('a=1\n', ['a'], value)).toThrow(FormatError);
  });

  it.each([['a b'], ['a=b'], ['a:b'], ['#a'], ['!a'], [''], ['a\nb'], ['a\\b']])(
    'refuses the name %j',
    (name) => {
      expect(() => properties.set('', [name], 'v')).toThrow(FormatError);
    },
  );

  it('writes numbers and booleans as text', () => {
    expect(properties.set('a=1\n', ['a'], 1)).toBe('a=1\n');
    expect(properties.set('a=1\n', ['a'], false)).toBe('a=false\n');
  });

  it('removes every definition, with its continuations, and nothing else', () => {
    expect(properties.remove('# a\na=1\\\n 2\nb=1\na=3', ['a'])).toBe('# a\nb=1\n');
  });
});

describe('laws', () => {
  it('hold for any text', () => {
    fc.assert(
      fc.property(
        textOf(pieces),
        fc.constantFrom('a', 'b', 'ab', 'zz'),
        fc.constantFrom('1', 'v w', '', 7, true),
        (text, name, value) => {
          checkLaws(properties, text, [name], value);
        },
      ),
      runs(2000),
    );
  });

  it('an edit changes no other definition, and grep reads the value too', () => {
    fc.assert(
      fc.property(textOf(pieces), fc.string(), (text, value) => {
        const after = orRefused(() => properties.set(text, ['a'], value));
        fc.pre(after !== undefined);
        for (const other of ['b', 'ab', '#a', 'é']) {
          expect(orRefused(() => properties.get(after ?? '', [other]))).toBe(
            orRefused(() => properties.get(text, [other])),
          );
        }
        expect(
          (after ?? '')
            .split(/\r\n|\n|\r/)
            .filter((line) => line.startsWith('a='))
            .at(-1),
        ).toBe(`a=${value}`);
      }),
      runs(1000),
    );
  });

  it('setting and removing an absent name gives the same bytes where the text ends in a line end', () => {
    fc.assert(
      fc.property(textOf(pieces), (text) => {
        const whole = `${text}\nx=1\n`;
        fc.pre(properties.get(whole, ['x']) === '1');
        expect(properties.remove(properties.set(whole, ['new'], 'v'), ['new'])).toBe(whole);
      }),
    );
  });
});

describe.skipIf(stockMissing)('stock files (skipped where ../shared/stock is missing)', () => {
  it.each(stockFiles(/\.properties$/))('%s', (_, text) => {
    const found = properties.get(text, key);
    expect(typeof found).toBe('string');
    expect(properties.set(text, key, found ?? '')).toBe(text);
    expect(properties.set(text, key, url)).toBe(
      text.replace(`presentationBaseURL=${found}`, `presentationBaseURL=${url}`),
    );
    const added = properties.set(text, ['somethingNew'], 'x');
    expect(added.startsWith(text)).toBe(true);
    expect(properties.remove(added, ['somethingNew']).trimEnd()).toBe(text.trimEnd());
    expectOtherLinesKept(
      text,
      properties.remove(text, key),
      wholeLines(text).filter((line) => line.startsWith('presentationBaseURL')),
    );
  });
});

const java = spawnSync('javac', ['-version']).status === 0;

describe.skipIf(!java)('Java itself (skipped where there is no JDK)', () => {
  it('reads every text as we do, before and after an edit', () => {
    const folder = mkdtempSync(join(tmpdir(), 'properties-'));
    try {
      writeFileSync(join(folder, 'Read.java'), readerInJava);
      // Once: `java Read.java` would compile it anew for every batch, which takes much longer than reading.
      execFileSync('javac', ['-d', folder, join(folder, 'Read.java')]);
      assertInBatches(textOf(pieces), runs(1500), (texts) => {
        const cases = texts.flatMap((text) => [
          text,
          orRefused(() => properties.set(text, ['a'], 'new value')) ?? '',
        ]);
        const encoded = cases.map((text) => Buffer.from(text).toString('base64')).join('\n');
        writeFileSync(join(folder, 'in'), encoded);
        const answers = execFileSync(
          'java',
          ['-XX:TieredStopAtLevel=1', '-cp', folder, 'Read', join(folder, 'in')],
          {
            encoding: 'utf8',
          },
        ).split('\n');
        for (const [i, text] of cases.entries()) {
          const answer = answers[i] ?? '';
          if (answer !== 'malformed') {
            const expected =
              answer === 'absent' ? undefined : Buffer.from(answer.slice(1), 'base64').toString();
            expect([text, properties.get(text, ['a'])]).toEqual([text, expected]);
          }
        }
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const readerInJava = `
import java.io.*; import java.nio.file.*; import java.util.*;
public class Read {
  public static void main(String[] a) throws Exception {
    StringBuilder out = new StringBuilder();
    for (String line : new String(Files.readAllBytes(Paths.get(a[0]))).split("\\n", -1)) {
      Properties p = new Properties();
      try {
        p.load(new StringReader(new String(Base64.getDecoder().decode(line), "UTF-8")));
        String v = p.getProperty("a");
        out.append(v == null ? "absent" : "=" + Base64.getEncoder().encodeToString(v.getBytes("UTF-8"))).append('\\n');
      } catch (IllegalArgumentException e) { out.append("malformed\\n"); }
    }
    System.out.print(out);
  }
}`;

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
