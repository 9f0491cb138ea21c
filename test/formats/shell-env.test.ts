import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../src/formats/format-error.ts';
import { shellEnv } from '../../src/formats/shell-env.ts';
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

const pieces = [
  'A=1',
  'A=1',
  "A='x y'",
  'A="x\\"y"',
  'A=x y',
  'A=$B',
  'A=`id`',
  'A=a"b"',
  "A=it's",
  'A=\\ x',
  'A=x\\\ny',
  'A=1 # note',
  'A="x" # note',
  'export A=2',
  'export A',
  'export ',
  'B=1',
  'AB=1',
  '# A=1',
  '; x',
  '\n',
  '\n',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '\\',
  '"',
  "'",
  '#',
  'A="a\nb"',
  'if true; then',
  'fi',
  'unset A',
  'é',
  '~',
  '# c \\',
]; // prettier-ignore

describe('reading', () => {
  it.each([
    ['A=1\n', '1'],
    ['A=', ''],
    ["A='x y'\n", 'x y'],
    ['A="x\\"\\\\y"\n', 'x"\\y'],
    ['A=x y  \n', 'x y'],
    ['A=$B\n', '$B'],
    ['A=a"b"\n', 'a"b"'],
    ['A=x\\\ny\n', 'xy'],
    ['A=x\\\\\n', 'x\\'],
    ['export A=1\n', '1'],
    ['A=1\nA=2\n', '2'],
    ['#A=1\nB=2\n', undefined],
    ['A="a\nb"\n', 'a\nb'],
    ['A=1\r\n', '1'],
    ['echo "x\ny"\nA=1\n', '1'],
  ])('%j gives %j', (text, value) => {
    expect(shellEnv.get(text, ['A'])).toBe(value);
  });

  it.each([
    ['export A=$(id)\n'],
    ["A=it's\n"],
    ["A='x\n"],
    ['# c \\\nA=1\n'],
    ['{A="x" # note\\\nA=1\n'],
    ['echo "x\nA=1"\n'],
  ])('refuses %j', (text) => {
    expect(() => shellEnv.get(text, ['A'])).toThrow(FormatError);
  });
});

describe('writing', () => {
  it.each([
    ['', 'v', 'A=v\n'],
    ['B=1', 'v', 'B=1\nA=v\n'],
    ['B=1\r\n', 'v', 'B=1\r\nA=v\r\n'],
    ['#A=1\n', 'v', '#A=1\nA=v\n'],
    ['A=1\n', 'x y', 'A="x y"\n'],
    ["A='1'\n", 'x $y', "A='x $y'\n"],
    ["A='1'\n", "it's", 'A="it\'s"\n'],
    ["A='1'\n", 'a\\b', 'A="a\\\\b"\n'],
    ['A="1"\n', 'v', 'A="v"\n'],
    ['A=1\n', 'a`b"c$d', 'A="a\\`b\\"c\\$d"\n'],
    ['A=1\nB=2\nA=3\n', 'v', 'B=2\nA=v\n'],
    ['A=v w\n', 'v w', 'A="v w"\n'],
    ['A=1 # note\n', 'v', '# note\nA=v\n'],
    ['export A=1\n', 'v', 'A=v\nexport A\n'],
    ['  A=1\n', 'v', '  A=v\n'],
    ['B=x\\', 'v', 'B=x\\\n\nA=v\n'],
    ['# c \\\n', 'v', '# c \\\n\nA=v\n'],
    ['ulimit -n 4096\nA=1\n', 'v', 'ulimit -n 4096\nA=v\n'],
    ['A="a\nb"\nB=1\n', 'v', 'A="v"\nB=1\n'],
  ])('%j with %j becomes %j', (text, value, after) => {
    expect(shellEnv.set(text, ['A'], value)).toBe(after);
  });

  it.each([['x\ny'], ['\r'], ['\0'], ['\x7f'], ['\udc00'], [null], [[]]])('refuses the value %j', (value) => {
    expect(() => shellEnv.set('A=1\n', ['A'], value)).toThrow(FormatError);
  });

  it.each([
    ['if true; then\n  A=1\nfi\n'],
    ['A=1\nunset A\n'],
    ['f() {\n:\n}\n'],
    ['cat <<X\nA=1\nX\n'],
    ['A+=x\n'],
    ['readonly A=1\n'],
    ['exit 0\n'],
    ['[ -d /x ] &&\nA=1\n'],
    ['[ -d /x ] && # c\n\n# c\nA=1\n'],
    ['[ -d /x ] || \\\n  true |\nA=1\n'],
    ['true |\nA=1\n'],
    ['B=$C &&\nA=1\n'],
    ['B="$C" ||\n\nA=1\n'],
    ['A=1 &&\nB=2\n'],
    ['if false; then\nA=1\nelse\n:\nfi\n'],
    ['true; if false\nthen\nA=1\nfi\n'],
    [': <<EOF\nA=1\nEOF\n'],
    ['B=`id\nA=1\n`\n'],
    ['B=$(id\nA=1\n)\n'],
    ['(\nA=1\n)\n'],
    ['true; (\nA=1\n)\n'],
    ['{\nA=1\n}\n'],
    ['case x in\ny)\nA=1\nesac\n'],
    ['f()\n{\nA=1\n}\n'],
    ['true && exit\nA=1\n'],
    ['true; return\nA=1\n'],
    ['exec true\nA=1\n'],
    ['set -e\nfalse\nA=1\n'],
    ['set -eu\nA=1\n'],
    ['A=1\n. /etc/other\n'],
    ['A=1\n[ -r /x ] && . /x\n'],
    ['A=1\nsource /x\n'],
    ['A=1\neval "$X"\n'],
    ['A=1\n"unset" "A"\n'],
    ['A=1\nread -r A </x\n'],
    ['A=1\nexport "$X"\n'],
    [`A=1\n: \${A:=2}\n`],
    ['A=1\n: $((A = 2))\n'],
    [`A=1\nB=\${C:?none}\n`],
    ['A=1\n: >/nowhere/x\n'],
    ['A=1\n$X\n'],
  ])('refuses shell code in which a definition may not be the one that counts: %j', (text) => {
    expect(() => shellEnv.set(text, ['A'], 'v')).toThrow(FormatError);
  });

  it.each([
    ['ulimit -n 4096 2>/dev/null || true\nA=1\n'],
    ['[ -d /x ] && mkdir -p /x; umask 022\nA=1\n'],
    [`B="$(id -u)" # c\nC=\`id\`\nD=\${B:-x}\nA=1\n`],
    [`: \${B:=2}\nset -a\nA=1\n`],
    ['export B C=2\nA=1\n'],
    ["echo '&&' \\|\nA=1\n"],
  ])('takes an assignment for certain beside code that can leave it alone: %j', (text) => {
    expect(shellEnv.set(text, ['A'], '1')).toBe(text);
    expect(shellEnv.set(text, ['A'], 'v')).toBe(text.replace('A=1', 'A=v'));
  });

  it('what an exported variable is cannot be told behind such code', () => {
    expect(() => shellEnv.get('[ -d /x ] &&\nexport A=1\n', ['A'])).toThrow(FormatError);
  });

  it('removes definitions and the export that belongs to them', () => {
    expect(shellEnv.remove('# c\nA=1\nexport A\nB=1\nA="x\ny"\n', ['A'])).toBe('# c\nB=1\n');
    expect(shellEnv.remove('export A\n', ['A'])).toBe('export A\n');
  });
});

describe('laws', () => {
  const value = fc.oneof(fc.constantFrom('1', 'x y', '', "it's", 7), fc.string());

  it('hold for any text', () => {
    fc.assert(
      fc.property(textOf(pieces), fc.constantFrom('A', 'B', 'ZZ'), value, (text, name, wanted) => {
        checkLaws(shellEnv, text, [name], wanted);
      }),
      runs(2000),
    );
  });

  it('an edit leaves the other definitions alone', () => {
    fc.assert(
      fc.property(textOf(pieces), value, (text, wanted) => {
        const after = orRefused(() => shellEnv.set(text, ['A'], wanted));
        fc.pre(after !== undefined);
        for (const other of ['B', 'AB']) {
          expect(orRefused(() => shellEnv.get(after ?? '', [other]))).toBe(
            orRefused(() => shellEnv.get(text, [other])),
          );
        }
      }),
      runs(1000),
    );
  });
});

describe('real readers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shell-env-'));
  const printable = fc
    .string({ unit: 'grapheme', maxLength: 20 })
    .filter((text) => !/[^\P{Cc}\t]|\p{Surrogate}/u.test(text));
  const tricky = fc.string({ unit: fc.constantFrom(...'ab "\'\\$`#;&|<>(){}[]*?~!=:%\t'), maxLength: 12 });
  const before = fc.constantFrom(
    '',
    'A=old\n',
    "A='old'\n",
    'A="old" # note\n',
    'export A=old\nB=1',
    'A=1\nA=2\n',
  );
  afterAll(() => rmSync(folder, { recursive: true }));

  const shells = ['dash', 'bash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);
  const pathOf = (shell: string) =>
    execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', shell], { encoding: 'utf8' }).trim();
  // The shell runs random text: no program is found there, and a redirection hits this folder only.
  // With SHLVL, bash doesn't take its pipe for a network connection and read the user's ~/.bashrc.
  const confined = { encoding: 'utf8', cwd: folder, env: { PATH: '/nonexistent', SHLVL: '2' } } as const;
  /**
   * What A is once a shell has read each text, in one process; undefined where it doesn't understand the
   * text.
   */
  const readBy = (shell: string, texts: readonly string[]): (string | undefined)[] => {
    for (const [index, text] of texts.entries()) writeFileSync(join(folder, `text-${index}`), text);
    const script = `shell=$1 count=$2 at=0
while [ "$at" -lt "$count" ]; do
  if "$shell" -n "./text-$at" 2>/dev/null; then (. "./text-$at" >/dev/null 2>&1; printf '=%s' "$A"); fi
  printf '\\0'
  at=$((at + 1))
done`;
    const output = execFileSync(
      pathOf(shell),
      ['-c', script, 'sh', pathOf(shell), `${texts.length}`],
      confined,
    );
    return output
      .split('\0')
      .slice(0, -1)
      .map((one) => (one.startsWith('=') ? one.slice(1) : undefined));
  };

  it.each(shells)('%s reads what was written', (shell) => {
    assertInBatches(fc.tuple(before, fc.oneof(printable, tricky)), runs(400, 100), (drawn) => {
      const written = drawn.map(([text, value]) => ({ text: shellEnv.set(text, ['A'], value), value }));
      const read = readBy(
        shell,
        written.map(({ text }) => text),
      );
      expect(written.map(({ text }, index) => ({ text, value: read[index] }))).toEqual(written);
    });
  });

  it.each(shells)('where a text is taken to read the same already, %s agrees', (shell) => {
    const plain = [
      ...pieces.filter((piece) => !/\r|if|`|; x|export/.test(piece)),
      ...['[ -d /x ] &&', 'false ||', 'true |', 'true;', 'set -e', 'exit', `: \${A:=7}`, '(', ')', '{', '}'],
      ...['. ./none', 'f()', 'case x in', 'esac', ': <<A', 'unset B', 'if false', 'then', 'else', 'fi'],
    ];
    let understood = 0;
    assertInBatches(textOf(plain), runs(20_000), (texts) => {
      const same = texts.flatMap((text) => {
        const value = orRefused(() => shellEnv.get(text, ['A']));
        return typeof value === 'string' && orRefused(() => shellEnv.set(text, ['A'], value)) === text
          ? [{ text, value }]
          : [];
      });
      const read = readBy(
        shell,
        same.map(({ text }) => text),
      );
      const expected = same.filter((_, index) => read[index] !== undefined);
      understood += expected.length;
      const found = same.map(({ text }, index) => ({ text, value: read[index] }));
      expect(found.filter(({ value }) => value !== undefined)).toEqual(expected);
    });
    expect(understood).toBeGreaterThan(10);
  });

  // The generator reads environment.d(5) with the parser of EnvironmentFile=, and expands `$` besides.
  const generator = '/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator';
  describe.skipIf(!existsSync(generator))('systemd (skipped where it is not installed)', () => {
    /** What it makes of A in each text. */
    const readAll = (texts: readonly string[]): string[] => {
      for (const [index, text] of texts.entries()) {
        mkdirSync(join(folder, `${index}/environment.d`), { recursive: true });
        writeFileSync(join(folder, `${index}/environment.d/a.conf`), text);
      }
      const script = `for at in $(seq 0 "$2"); do
  XDG_CONFIG_HOME=$PWD/$at HOME=$PWD "$1"
  printf '\\0'
done`;
      const output = execFileSync('/bin/sh', ['-c', script, 'sh', generator, `${texts.length - 1}`], {
        encoding: 'utf8',
        cwd: folder,
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { PATH: '/usr/bin:/bin' },
      });
      return output.split('\0').slice(0, -1).map(valueOfA);
    };
    const valueOfA = (output: string) => {
      const [, quoted, bare = '(absent)'] = /^A=(?:"(.*)"|(.*))$/m.exec(output) ?? [];
      return quoted?.replace(/\\(.)/g, (_, c: string) => ({ n: '\n', t: '\t', r: '\r' })[c] ?? c) ?? bare;
    };
    /** Each text is read as it stands beside it; empty values are left out by the generator. */
    const expectRead = (all: readonly { readonly text: string; readonly value: string }[]) => {
      const read = readAll(all.map(({ text }) => text));
      expect(all.map(({ text }, index) => ({ text, value: read[index] }))).toEqual(
        all.map(({ text, value }) => ({ text, value: value === '' ? '(absent)' : value })),
      );
    };

    it('reads what was written', () => {
      assertInBatches(fc.tuple(before, fc.oneof(printable, tricky)), runs(300, 60), (drawn) => {
        expectRead(
          drawn
            .filter(([, value]) => !value.includes('$'))
            .map(([text, value]) => ({ text: shellEnv.set(text, ['A'], value), value })),
        );
      });
    });

    it('reads any text as we do', () => {
      let read = 0;
      const usual = pieces.filter((piece) => !/\$|export|é|# c/.test(piece));
      assertInBatches(textOf(usual), runs(4000, 400), (texts) => {
        const understood = texts.flatMap((text) => {
          const value = orRefused(() => shellEnv.get(text, ['A']));
          return typeof value === 'string' && !/[$\0\uFEFF\x7f-\x9f]|[^\P{Cc}\s]/u.test(text)
            ? [{ text, value }]
            : [];
        });
        read += understood.length;
        expectRead(understood);
      });
      expect(read).toBeGreaterThan(5);
    });
  });
});

describe.skipIf(stockMissing)('stock files (skipped where ../shared/stock is missing)', () => {
  it.each(stockFiles(/etc\/default\/[^/]+$|-release$|with-roles\.conf$/))('%s', (_, text) => {
    for (const [, name = '', value = ''] of text.matchAll(/^([A-Z_0-9]+)=(.*)$/gm)) {
      expect(shellEnv.set(text, [name], shellEnv.get(text, [name]) ?? '')).toBe(text);
      const line = wholeLines(text).filter((one) => one.startsWith(`${name}=`));
      expectOtherLinesKept(text, shellEnv.set(text, [name], `${value}x`), line);
      expectOtherLinesKept(text, shellEnv.remove(text, [name]), line);
    }
    const added = shellEnv.set(text, ['NEW_NAME'], 'a b');
    expect(added.startsWith(text)).toBe(true);
    expect(shellEnv.remove(added, ['NEW_NAME']).trimEnd()).toBe(text.trimEnd());
  });
});
