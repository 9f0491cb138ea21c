import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../src/formats/format-error.ts';
import type { Value } from '../../src/formats/keyed-format.ts';
import { unit } from '../../src/formats/unit.ts';
import { runs } from '../support/random.ts';
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
  '[Service]\n',
  '[Unit]\n',
  '[Service]',
  'Environment=A=1',
  'Environment="A=x y" B=2',
  "Environment='B=1' A=3",
  'Environment=',
  'Environment="A=a\\"b\\x41" C=%%n',
  'Environment=A=\\\n  B=1',
  'Environment=A=%n',
  'Restart=no',
  'Restart = always',
  '# c\n',
  '; c',
  '\\',
  '\n',
  '\n',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '=',
  'A=1',
  '"',
  '\uFEFF',
  'é',
]; // prettier-ignore
const variable = ['Service', 'Environment', 'A'];

describe('keys', () => {
  it.each<[string, Value, string]>([
    ['', 'no', '[Service]\nRestart=no\n'],
    ['[Unit]\nA=1\n', 'no', '[Unit]\nA=1\n\n[Service]\nRestart=no\n'],
    ['[Unit]', 'no', '[Unit]\n\n[Service]\nRestart=no\n'],
    ['[Service]\r\nA=1\r\n\r\n[Install]\r\n', 'no', '[Service]\r\nA=1\r\nRestart=no\r\n\r\n[Install]\r\n'],
    ['[Service]\nRestart = no # x\n', 'no', '[Service]\nRestart=no\n'],
    ['[Service]\nRestart = no\n', 'no', '[Service]\nRestart = no\n'],
    [
      '[Service]\nRestart=a\nB=1\nRestart=b\n',
      ['', 'x', 'y'],
      '[Service]\nRestart=\nB=1\nRestart=x\nRestart=y\n',
    ],
    ['[Service]\nRestart=a\nRestart=b\n', 'b', '[Service]\nRestart=b\n'],
    ['[Service]\nRestart=a \\\n  b\nX=1\n', 'b', '[Service]\nRestart=b\nX=1\n'],
  ])('%j with %j becomes %j', (text, value, after) => {
    expect(unit.set(text, ['Service', 'Restart'], value)).toBe(after);
    expect(unit.get(after, ['Service', 'Restart'])).toEqual(value);
  });

  it.each<[string[], Value]>([
    [['Service', 'X'], 'a\nb'],
    [['Service', 'X'], 'a\\'],
    [['Service', 'X'], ' a'],
    [['Service', 'X'], []],
    [['Service', 'X'], null],
    [['Ser]vice', 'X'], 'a'],
    [['Service', 'X=Y'], 'a'],
    [['Service'], 'a'],
    [['Service', 'X', 'Y'], 'a'],
    [['Service', 'Environment', 'A B'], 'a'],
    [['Service', 'Environment', 'A'], '\0'],
  ])('%j = %j is refused', (key, value) => {
    expect(() => unit.set('[Service]\n', key, value)).toThrow(FormatError);
  });
});

describe('variables', () => {
  it.each([
    ['', '[Service]\nEnvironment="A=v"\n'],
    ['[Service]\nEnvironment=B=1\nX=1\n', '[Service]\nEnvironment=B=1\nEnvironment="A=v"\nX=1\n'],
    ['[Service]\nEnvironment=B=1 A=2 C=3\n', '[Service]\nEnvironment=B=1 "A=v" C=3\n'],
    ['[Service]\nEnvironment=A=1\nEnvironment=A=2 B=1\n', '[Service]\nEnvironment="A=v" B=1\n'],
    [
      '[Service]\nEnvironment=A=1\nEnvironment=\nEnvironment=A=2\n',
      '[Service]\nEnvironment=A=1\nEnvironment=\nEnvironment="A=v"\n',
    ],
    ['[Service]\nEnvironment=B=1 \\\n  A=2\n', '[Service]\nEnvironment=B=1 \\\n  "A=v"\n'],
    ['[Service]\nEnvironment=A=v\n', '[Service]\nEnvironment=A=v\n'],
    ['[Service]\nEnvironment=A=%n\n', '[Service]\nEnvironment="A=v"\n'],
    ['[Service]\nEnvironment=A=1 A=2\n', '[Service]\nEnvironment="A=v"\n'],
  ])('%j becomes %j', (text, after) => {
    expect(unit.set(text, variable, 'v')).toBe(after);
    expect(unit.get(after, variable)).toBe('v');
  });

  it.each([
    ['[Service]\nEnvironment=A=1\n', ''],
    ['[Unit]\nX=1\n\n[Service]\nEnvironment=A=1\n', '[Unit]\nX=1\n'],
    ['[Unit]\r\nX=1\r\n[Service]\r\nEnvironment=A=1\r\n', '[Unit]\r\nX=1\r\n'],
    ['[Unit]\r\nX=1\r\n\r\n[Service]\r\nEnvironment=A=1\r\n', '[Unit]\r\nX=1\r\n'],
    ['[Service]\nEnvironment=A=1 B=2\n', '[Service]\nEnvironment=B=2\n'],
    ['[Service]\nEnvironment=B=2 A=1\n', '[Service]\nEnvironment=B=2\n'],
    ['[Service]\nEnvironment=B=2 A=1 C=3 "A=4"\n', '[Service]\nEnvironment=B=2 C=3\n'],
    ['[Service]\nEnvironment=B=2 \\\n  A=1 \\\n  C=3\n', '[Service]\nEnvironment=B=2 \\\n  C=3\n'],
    ['[Service]\n# why\nEnvironment=A=1\n', '[Service]\n# why\n'],
  ])('taken out of %j leaves %j', (text, after) => {
    expect(unit.remove(text, variable)).toBe(after);
  });

  it('refuses lines that systemd refuses, specifiers on reading, and comments between lines', () => {
    expect(() => unit.set('[Service]\nEnvironment="A=1\n', variable, 'v')).toThrow(FormatError);
    expect(() => unit.set('[Service]\nEnvironment=B=\\e\n', variable, 'v')).toThrow(FormatError);
    expect(() => unit.get('[Service]\nEnvironment=A=%n\n', variable)).toThrow(FormatError);
    expect(() => unit.set('[Service]\nEnvironment=B=1 \\\n# c\n A=2\n', variable, 'v')).toThrow(FormatError);
  });
});

describe('laws', () => {
  it('hold for any text', () => {
    const key = fc.constantFrom(
      variable,
      ['Service', 'Restart'],
      ['Unit', 'X'],
      ['Service', 'Environment', 'B'],
      ['New', 'Key'],
    );
    fc.assert(
      fc.property(
        textOf(pieces),
        key,
        fc.constantFrom('v', 'x y', '', 7, '"\\%', 'a%n'),
        (text, path, value) => {
          fc.pre(path.length === 3 || value !== '"\\%');
          checkLaws(unit, text, path, value);
        },
      ),
      runs(3000),
    );
  });

  it('an edit leaves other keys and variables alone', () => {
    fc.assert(
      fc.property(textOf(pieces), (text) => {
        for (const edit of [
          (now: string) => unit.set(now, variable, 'v'),
          (now: string) => unit.remove(now, variable),
        ]) {
          const after = orRefused(() => edit(text));
          for (const other of [
            ['Service', 'Restart'],
            ['Service', 'Environment', 'B'],
            ['Service', 'Environment', 'C'],
            ['Unit', 'A'],
          ]) {
            const read = (now: string) => orRefused(() => JSON.stringify(unit.get(now, other) ?? null));
            expect(after === undefined ? read(text) : read(after)).toBe(read(text));
          }
        }
      }),
      runs(1500),
    );
  });

  it('setting and removing an absent key gives the same bytes where the text ends in a line end', () => {
    fc.assert(
      fc.property(textOf(pieces), (text) => {
        const whole = `${text}\n[Last]\nX=1\n`;
        for (const key of [
          ['New', 'Key'],
          ['Last', 'Environment', 'ZZ'],
          ['Last', 'Y'],
        ]) {
          const set = orRefused(() => unit.set(whole, key, 'v'));
          expect(set === undefined ? whole : unit.remove(set, key)).toBe(whole);
        }
      }),
      runs(1000),
    );
  });
});

describe.skipIf(stockMissing)('stock files (skipped where ../shared/stock is missing)', () => {
  it.each(stockFiles(/\.(service|target)$|service\.d\/.*\.conf$/))('%s', (_, text) => {
    for (const [, section = '', body = ''] of text.matchAll(/^\[(\w+)\]\n((?:(?!\[).*\n?)*)/gm)) {
      for (const [line, name = ''] of body.matchAll(/^(\w+)=.*\n?/gm)) {
        expect(unit.set(text, [section, name], unit.get(text, [section, name]) ?? '')).toBe(text);
        expectOtherLinesKept(
          text,
          unit.set(text, [section, name], 'x'),
          body.match(new RegExp(`^${name}=.*\\n?`, 'gm')) ?? [line],
        );
      }
    }
    const added = unit.set(text, variable, 'x');
    expectOtherLinesKept(text, added, [text.match(/[^\n]+$/)?.[0] ?? '']);
    expect(unit.remove(added, variable).trimEnd()).toBe(text.trimEnd());
  });
});

const missing = spawnSync('systemd-analyze', ['--version']).status !== 0;

describe.skipIf(missing)('systemd (skipped where systemd-analyze is not installed)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unit-'));
  mkdirSync(join(folder, 'run'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /**
   * The environment that systemd makes of each unit, by its own debug dump; undefined where it isn't in the
   * dump.
   */
  const environments = (texts: readonly string[]): string[][] => {
    const files = texts.map((_, index) => join(folder, `x${index}.service`));
    for (const [index, file] of files.entries()) writeFileSync(file, texts[index] ?? '');
    const { stdout, stderr } = spawnSync('systemd-analyze', ['--user', 'verify', ...files], {
      env: {
        ...process.env,
        SYSTEMD_UNIT_PATH: folder,
        XDG_RUNTIME_DIR: join(folder, 'run'),
        SYSTEMD_LOG_LEVEL: 'debug',
      },
      encoding: 'utf8',
      maxBuffer: 100_000_000,
    });
    const units = new Map(
      `${stdout}${stderr}`.split(/^\t?-> Unit (?=\S+:$)/m).map((dump) => [/^\S+(?=:)/.exec(dump)?.[0], dump]),
    );
    return files.map((file) =>
      [...(units.get(basename(file)) ?? '').matchAll(/^\t\tEnvironment: (.*)$/gm)].map(
        ([, line = '']) => line,
      ),
    );
  };
  writeFileSync(join(folder, 'basic.target'), '[Unit]\nDescription=x\n');
  writeFileSync(join(folder, 'shutdown.target'), '[Unit]\nDescription=x\n');
  const service = '[Service]\nExecStart=/bin/true\n';

  it('reads variables as they were written', () => {
    const tricky = fc.string({ unit: fc.constantFrom(...'ab "\'\\$%`#;&|=ü'), maxLength: 10 });
    const plain = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .filter((one) => !/[\p{Cc}\p{Surrogate}\u2028\u2029]/u.test(one));
    const before = [
      '',
      'Environment=B=1\n',
      'Environment=A=old B="x y"\n',
      'Environment=A=1\nEnvironment=\nEnvironment=A=\\\n 2\n',
    ];
    assertInBatches(fc.tuple(fc.constantFrom(...before), fc.oneof(tricky, plain)), runs(400), (drawn) => {
      const texts = drawn.map(([text, value]) => unit.set(service + text, variable, value));
      for (const [i, lines] of environments(texts).entries()) {
        expect([texts[i], lines]).toEqual([texts[i], expect.arrayContaining([`A=${drawn[i]?.[1]}`])]);
      }
    });
  });

  it('reads any text as we do', () => {
    let lines = 0;
    assertInBatches(
      textOf(pieces.filter((piece) => !/é|\uFEFF|%n|^.Unit/.test(piece))),
      runs(4000),
      (drawn) => {
        const texts = drawn
          .map((text) => `${service}${text}`)
          .filter((text) => /Environment=.*A=/.test(text) && !/[^\P{Cc}\s]|%[^%]/u.test(text));
        const read = environments(texts);
        lines += read.flat().length;
        for (const [i, text] of texts.entries()) {
          const value = orRefused(() => unit.get(text, variable) ?? '(absent)');
          // The dump has one line for each variable.
          if (value !== undefined && !/\p{Cc}/u.test(String(value))) {
            expect([text, read[i]?.find((line) => line.startsWith('A=')) ?? 'A=(absent)']).toEqual([
              text,
              `A=${value}`,
            ]);
          }
        }
      },
    );
    expect(lines).toBeGreaterThan(10);
  });
});
