import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressOf,
  caddyfileOf,
  importsOf,
  insertImport,
  namedBy,
  removeImport,
  type Statement,
  scanCaddyfile,
  tokensOf,
} from '../../src/formats/caddyfile.ts';
import { FormatError } from '../../src/formats/format-error.ts';
import { caddyImportLine, siteNamed } from '../../src/steps/caddy/import-format.ts';
import { caddyMetricsOption } from '../../src/steps/caddy/metrics-format.ts';
import { adaptedHosts, withoutCaddy } from '../support/caddy-oracle.ts';
import { runs } from '../support/random.ts';
import { checkLaws, orRefused, textOf } from './laws.ts';

const words = (text: string) => tokensOf(text).map((token) => token.text);

const pieces = [
  ...['{', '}', ' ', '\t', '\n', '\n', '\r\n', ',', '#', '"', '`', '\\', '\\\n', '<<E\nE', '{$X}'],
  ...[
    'a.com',
    'b.com {\n',
    '}\n',
    'import ours.caddy',
    'import ours.caddy\n',
    '(s) {\n',
    'handle {\n',
    'x y\n',
  ],
  ...['b.com {\n\tx\n}\n', '# note\n', 'b.com, ', ':443 {\n'],
];

const anyCaddyfile = fc
  .tuple(fc.boolean(), textOf(pieces))
  .map(([hasMark, text]) => (hasMark ? `\uFEFF${text}` : text));

describe('tokens of a Caddyfile', () => {
  it.each([
    ['a b\tc\n', ['a', 'b', 'c']],
    ['a#b #c d\ne', ['a#b', 'e']],
    ['a "b # c" `d "e" f`', ['a', 'b # c', 'd "e" f']],
    ['"say \\"x\\" \\n"', ['say "x" \\n']],
    ['a\\b c\\ d \\ e', ['a\\b', 'c', 'd', '\\e']],
    ['redir \\\n  /x \\\n  301\nnext', ['redir', '/x', '301', 'next']],
    ['a{b} {c}', ['a{b}', '{c}']],
    ['{$SITE:learn me} {', ['{$SITE:learn me}', '{']],
    ['a ""', ['a', '']],
    ['respond <<END\n  one " {\n  END 200', ['respond', '  one " {\n  ', '200']],
    ['a << b', ['a', '<<', 'b']],
    ['\uFEFFa\r\nb\r\n', ['a', 'b']],
    ['a "two\nlines" b', ['a', 'two\nlines', 'b']],
  ])('%j', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it.each([['a "b'], ['`'], ['respond <<END\nx']])('%j is refused', (text) => {
    expect(() => tokensOf(text)).toThrow(FormatError);
  });

  it('are where they say', () => {
    fc.assert(
      fc.property(anyCaddyfile, (text) => {
        let end = 0;
        for (const token of orRefused(() => tokensOf(text)) ?? []) {
          expect(token.start).toBeGreaterThanOrEqual(end);
          end = token.end;
          const written = text.slice(token.start, token.end);
          const isPlain = !token.isQuoted && !/[\\\r]/.test(written);
          if (isPlain && !/\\\s*$/.test(text.slice(0, token.start))) expect(written).toBe(token.text);
        }
      }),
      runs(2000, 200),
    );
  });
});

describe('what a Caddyfile consists of', () => {
  const text = `# Comment.
{
	admin off
}
(common) {
	encode gzip
}
import sites/*
learn.example.com, HTTPS://Cluster.Example.Com:443,
http://x.example.com {
	handle /a/* {
		respond "{"
	}
	import common
}
:80 {
}
`;

  it('is found', () => {
    const file = caddyfileOf(text);
    expect(file.options?.block?.statements).toHaveLength(1);
    expect(file.snippets.map(({ words: [name] }) => name?.text)).toEqual(['(common)']);
    expect(file.imports.map(({ words: [, path] }) => path?.text)).toEqual(['sites/*']);
    const addresses = file.sites.map((site) => site.addresses.map(({ host, port }) => [host, port]));
    expect(addresses).toEqual([
      [
        ['learn.example.com', 443],
        ['cluster.example.com', 443],
        ['x.example.com', 80],
      ],
      [['', 80]],
    ]);
    expect(file.sites[0]?.statements).toHaveLength(2);
    expect(siteNamed(file, 'CLUSTER.example.com')?.statement.start).toBe(text.indexOf('learn'));
  });

  it('an import with a block is no site', () => {
    const file = caddyfileOf('import own {\n\tgzip\n}\na.com {\n}\n');
    expect([file.imports.length, file.sites.length]).toEqual([1, 1]);
  });

  it('a site without braces goes on to the end', () => {
    const [site] = caddyfileOf('{\n\tdebug\n}\nexample.com\n\nroot * /srv\nimport x\n').sites;
    expect(site).toMatchObject({ isBare: true, addresses: [{ host: 'example.com' }] });
    expect(site?.statements).toHaveLength(2);
  });

  it.each([['a {\n'], ['}\n'], ['a {\n b } \n}'], ['a {\n x { y\n}\n}'], ['a { b\n}']])(
    '%j is refused',
    (broken) => {
      expect(() => scanCaddyfile(broken)).toThrow(FormatError);
    },
  );

  it.each([
    ['cluster.example.com', 'name'],
    ['https://CLUSTER.example.com:443/', 'name'],
    ['*.example.com', 'wildcard'],
    ['*.*.com', 'wildcard'],
    ['*.com', undefined],
    [':443', 'any'],
    ['https://', 'any'],
    ['example.com', undefined],
    ['{$SITE}', undefined],
  ])('%s is meant for the cluster: %s', (address, how) => {
    expect(namedBy(addressOf(address), 'cluster.example.com')).toBe(how);
  });

  it.each([
    ['x.com', 443],
    ['http://x.com', 80],
    ['https://x.com:8443', 8443],
    ['x.com:http', 80],
    [':80', 80],
    ['[::1]:8080', 8080],
    ['https://', 443],
  ])('%s has port %s', (address, port) => {
    expect(addressOf(address).port).toBe(port);
  });
});

/** All that a text says, without the lines that import a path at that place. */
function meaning(text: string, without: readonly Statement[] = []): unknown {
  const told = (one: Statement): unknown => [
    one.words.map((word) => word.text),
    one.block?.statements.filter(isOther).map(told),
  ];
  const isOther = (one: Statement) => !without.some(({ start }) => start === one.start);
  return scanCaddyfile(text).filter(isOther).map(told);
}

describe('an import line', () => {
  const path = 'ours.caddy';
  const site = 'learn.example.com';

  it.each([
    ['a.com {\n\troot * /srv\n}\n', 'a.com {\n\timport ours.caddy\n\troot * /srv\n}\n'],
    ['a.com { # why\r\n}', 'a.com { # why\r\n\timport ours.caddy\r\n}'],
    ['  a.com {\n    x\n  }\n', '  a.com {\n    import ours.caddy\n    x\n  }\n'],
    ['b.com {\n}\n\na.com\nroot * /srv', 'b.com {\n}\n\na.com\nimport ours.caddy\nroot * /srv'],
    ['a.com', 'a.com\nimport ours.caddy\n'],
  ])('goes to the top of a site: %j', (text, expected) => {
    expect(caddyImportLine.set(text, ['a.com', path], path)).toBe(expected);
    expect(caddyImportLine.get(expected, ['a.com', path])).toBe(path);
    expect(caddyImportLine.set(expected, ['a.com', path], path)).toBe(expected);
    const back = caddyImportLine.remove(expected, ['a.com', path]);
    expect(back.trimEnd()).toBe(text.trimEnd());
  });

  it.each([
    ['', 'import ours.caddy\n'],
    ['a.com {\n}\n', 'a.com {\n}\nimport ours.caddy\n'],
    ['a.com {\r\n}', 'a.com {\r\n}\r\nimport ours.caddy\r\n'],
  ])('goes to the end of the file: %j', (text, expected) => {
    expect(insertImport(text, path)).toBe(expected);
    expect(insertImport(expected, path)).toBe(expected);
    expect(removeImport(expected, path).trimEnd()).toBe(text.trimEnd());
  });

  it.each([['a.com\n'], ['a.com {\n} # goes on \\\n'], ['a.com {\n} # goes on \\']])(
    'is refused where it would become part of something else: %j',
    (text) => {
      expect(() => insertImport(text, path)).toThrow(FormatError);
    },
  );

  it('is refused for a path that would need escapes, and for a site that is not there', () => {
    expect(() => insertImport('', 'a"b')).toThrow(FormatError);
    expect(insertImport('', '/a b')).toBe('import "/a b"\n');
    expect(() => caddyImportLine.set('', [site, path], path)).toThrow(FormatError);
  });

  it('and its removal change nothing else, at the end of a file or in a site', () => {
    fc.assert(
      fc.property(anyCaddyfile, fc.constantFrom('', 'b.com', ':443'), (text, name) => {
        const key = [name, path];
        const there = orRefused(() => caddyImportLine.get(text, key));
        const set = orRefused(() => caddyImportLine.set(text, key, path));
        if (set === undefined) return;
        expect(caddyImportLine.get(set, key)).toBe(path);
        expect(caddyImportLine.set(set, key, path)).toBe(set);
        if (there !== undefined) {
          expect(set).toBe(text);
          return;
        }
        const find =
          name === '' ? undefined : (file: ReturnType<typeof caddyfileOf>) => siteNamed(file, name);
        expect(meaning(set, importsOf(set, path, find))).toEqual(meaning(text));
        const back = caddyImportLine.remove(set, key);
        expect(back === text || back === `${text}\n` || back === `${text}\r\n`).toBe(true);
      }),
      runs(10_000, 1000),
    );
  });

  it('and the byte order mark, CRLF and everything around it stay when it is taken out', () => {
    fc.assert(
      fc.property(anyCaddyfile, (text) => {
        const without = orRefused(() => removeImport(text, path));
        if (without === undefined) return;
        const found = importsOf(text, path);
        expect(meaning(without)).toEqual(meaning(text, found));
        if (found.length === 0) expect(without).toBe(text);
      }),
      runs(5000, 500),
    );
  });
});

describe('global options of ours', () => {
  const key = ['prod'];
  const lines = 'servers {\n\tmetrics\n}';
  const marked = (body: string, end = '\n') =>
    `# clusterproxy: begin prod metrics${end}${body}# clusterproxy: end prod metrics${end}`;
  const inner = '\tservers {\n\t\tmetrics\n\t}\n';

  it.each([
    ['', marked(`{\n${inner}}\n`)],
    ['a.com {\n}\n', `${marked(`{\n${inner}}\n`)}a.com {\n}\n`],
    ['\uFEFF# why\na.com {\n}\n', `\uFEFF${marked(`{\n${inner}}\n`)}# why\na.com {\n}\n`],
    ['# why\n{ # options\n\tdebug\n}\n', `# why\n{ # options\n${marked(inner)}\tdebug\n}\n`],
    ['{\r\n}\r\n', `{\r\n${marked(inner, '\r\n').replace(/\r?\n/g, '\r\n')}}\r\n`],
  ])('stand at the top of the block, or make one: %j', (text, expected) => {
    const set = caddyMetricsOption.set(text, key, lines);
    expect(set).toBe(expected);
    expect(caddyMetricsOption.get(set, key)).toBe(lines);
    expect(caddyMetricsOption.remove(set, key)).toBe(text);
    const other = caddyMetricsOption.set(set, key, 'metrics');
    expect(caddyMetricsOption.get(other, key)).toBe('metrics');
    expect(caddyMetricsOption.remove(other, key)).toBe(text);
  });

  it('and their removal change nothing else', () => {
    fc.assert(
      fc.property(anyCaddyfile, fc.constantFrom(lines, 'metrics'), (text, value) => {
        checkLaws(caddyMetricsOption, text, key, value);
        const set = orRefused(() => caddyMetricsOption.set(text, key, value));
        if (set === undefined) return;
        expect(caddyMetricsOption.remove(set, key)).toBe(text);
        expect(caddyfileOf(set).options?.block).toBeDefined();
        expect(caddyfileOf(set).sites.map(({ addresses }) => addresses)).toEqual(
          caddyfileOf(text).sites.map(({ addresses }) => addresses),
        );
      }),
      runs(10_000, 1000),
    );
  });
});

describe.skipIf(withoutCaddy)(`compared with Caddy itself${withoutCaddy ? `: ${withoutCaddy}` : ''}`, () => {
  it.each([
    ['a.com {\n\trespond hi\n}\nb.com, *.c.com {\n}\n'],
    ['a.com\nrespond "b.com {"\n'],
    ['{\n\tdebug\n}\n(snip) {\n\trespond hi\n}\na.com,\nb.com {\n\timport snip # x {\n}\n'],
    ['a.com { # {\n\trespond \\\n\t\thi\n}\r\nb.com {\r\n}\r\n'],
    ['a.com {\n\trespond `{\n}\nb.com {`\n}\n'],
    ['# a.com {\nb.com {\n\thandle /x/* {\n\t\trespond hi\n\t}\n}'],
    ['# goes on \\\na.com {\n}\n'],
    ['\\\na.com {\n}\nhttp://A.Com:80 {\n}\n'],
  ])('the hosts of %j', (text) => {
    const hosts = caddyfileOf(text).sites.flatMap(({ addresses }) => addresses.map(({ host }) => host));
    expect([...new Set(hosts)].sort()).toEqual(adaptedHosts(text));
  });
});
