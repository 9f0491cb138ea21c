import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../src/formats/format-error.ts';
import {
  type Directive,
  editLocationPaths,
  findServers,
  getVariable,
  insertInclude,
  locations,
  prefixLocations,
  quoteArgument,
  removeDirective,
  removeInclude,
  removeVariable,
  scanNginx,
  setVariable,
} from '../../src/formats/nginx.ts';
import { runs } from '../support/random.ts';
import { expectOtherLinesKept, orRefused, stockFiles, stockMissing, textOf } from './laws.ts';

const braced = (name: string) => `$\{${name}}`;
const clientFiles = /html5\.nginx(?:\.static|\.dev)?$/;
const stockClients = stockFiles(clientFiles).filter(([, text]) => text.includes('location'));
const pieces = [
  'location /x {',
  'location =/x {',
  'location ^~ /x {',
  'location ~ ^/x {',
  '}',
  ';',
  '\n',
  '\r\n',
  ' ',
  '# c\n',
  '"a b"',
  "'q'",
  'set $v x;',
  "set $v 'y';",
  `a ${braced('b')}c;`,
  '\\',
  '"',
  'include x;',
  'server {',
  'server_name a b;',
  'listen 80;',
  'content_by_lua_block { local t = {"}"} -- }\n}',
  '{',
  '$',
  '#',
]; // prettier-ignore

const outline = (directives: readonly Directive[]): unknown[] =>
  directives.map(({ name, args, block }) => [
    name,
    ...args.map(({ text }) => text),
    ...(block ? [outline(block.directives)] : []),
  ]);

describe('scanning', () => {
  it.each<[string, unknown[]]>([
    ['', []],
    ['a b;', [['a', 'b']]],
    ["a \"b c\" 'd\\'e' f\\ g;", [['a', 'b c', "d'e", 'f\\ g']]],
    ['a{b;}', [['a', [['b']]]]],
    [`a ${braced('x')}y{z;}`, [['a', `${braced('x')}y`, [['z']]]]],
    ['a x#y; # c }\n', [['a', 'x#y']]],
    ['a b};\n', [['a', 'b}']]],
    ["a it's;", [['a', "it's"]]],
    [
      'map $a $b { default 0; ~*x "y;z"; "" 1; }',
      [
        [
          'map',
          '$a',
          '$b',
          [
            ['default', '0'],
            ['~*x', 'y;z'],
            ['', '1'],
          ],
        ],
      ],
    ],
    ['content_by_lua_block { s = "}" --[[ } ]] t = {[[}]]} } a;', [['content_by_lua_block', []], ['a']]],
    ['\uFEFFa;', [['a']]],
    ['a "\\t\\x";', [['a', '\t\\x']]],
  ])('%j', (text, expected) => {
    expect(outline(scanNginx(text))).toEqual(expected);
  });

  it.each([
    ['a', 1, 1],
    ['a {\n b;\n', 1, 3],
    ['a;\n}', 2, 1],
    ['a {\n  b }', 2, 3],
    ['a "x;', 1, 3],
    ['a "x"y;', 1, 6],
    [';', 1, 1],
    ['{ }', 1, 1],
    ['a_by_lua_block { "}" ', 1, 16],
    ['set $x y\nset $z 1;\nlocation / {', 3, 12],
  ])('%j is refused at line %i, column %i', (text, line, column) => {
    expect(() => scanNginx(text)).toThrow(expect.objectContaining({ name: 'FormatError', line, column }));
  });

  it('is not bounded by depth', () => {
    expect(scanNginx(`${'a{'.repeat(20000)}${'}'.repeat(20000)}`)).toHaveLength(1);
  });

  it('gives the exact place of everything, for any text', () => {
    fc.assert(
      fc.property(textOf(pieces), (text) => {
        const check = (directives: readonly Directive[]): void => {
          for (const { args, start, end, block } of directives) {
            for (const arg of args) {
              expect(text.slice(arg.start, arg.end)).toBe(arg.raw);
            }
            expect(text[end - 1]).toBe(block ? '}' : ';');
            expect(end).toBeGreaterThan(start);
            expect([text[block?.open ?? -1], text[block?.close ?? -1]]).toEqual(
              block ? ['{', '}'] : [undefined, undefined],
            );
            check(block?.directives ?? []);
          }
        };
        check(orRefused(() => scanNginx(text)) ?? []);
      }),
      runs(1000),
    );
  });
});

describe('locations', () => {
  it.each([
    ['location /x {}', '', '/x'],
    ['location =/x {}', '=', '/x'],
    ['location = /x {}', '=', '/x'],
    ['location ~^\\/x {}', '~', '^\\/x'],
    ['location ~*^/x {}', '~*', '^/x'],
    ['location ^~/x {}', '^~', '/x'],
    ['location ^~ "/x y" {}', '^~', '/x y'],
    ['location @name {}', '@', 'name'],
    ['location /a{}', '', '/a'],
  ])('%s', (text, modifier, path) => {
    expect(locations(text)).toMatchObject([{ modifier, path, depth: 0 }]);
  });

  it('refuses what is nested by the thousand, in words', () => {
    const nested = (name: string) => `${`${name} {\n`.repeat(5_000)}${'}'.repeat(5_000)}`;
    const words = /line 501.*more than 500 blocks are nested here/;
    expect(() => locations(nested('location /x'))).toThrow(words);
    expect(() => findServers(nested('http'))).toThrow(words);
    expect(() => prefixLocations(nested('location /x'), '/bbb-01')).toThrow(words);
    expect(() => editLocationPaths(nested('location /x'), () => undefined)).toThrow(words);
  });

  it('finds nested ones and refuses what is none', () => {
    expect(locations('server { location / { location /x {} } }').map(({ depth }) => depth)).toEqual([1, 2]);
    expect(() => locations('location ! /x {}')).toThrow(FormatError);
    expect(() => locations('location /x;')).toThrow(FormatError);
  });

  it('renames paths in place and back', () => {
    const text =
      'location  /a/x {# c\n}\nlocation =/a { }\nlocation ~ ^/a {}\nlocation @a {}\nlocation "/a b" {}\n';
    const edited = editLocationPaths(text, (path) => `/p${path}`);
    expect(edited).toBe(
      "location  /p/a/x {# c\n}\nlocation =/p/a { }\nlocation ~ ^/a {}\nlocation @a {}\nlocation '/p/a b' {}\n".replace(
        /'(.*)'/,
        '"$1"',
      ),
    );
    expect(editLocationPaths(edited, (path) => path.replace(/^\/p/, ''))).toBe(text);
    expect(editLocationPaths(text, () => undefined)).toBe(text);
  });
});

describe('prefixed copies', () => {
  it('keeps bodies and the comments above, leaves named locations and commented ones out', () => {
    const text = `# head

# about x
location /x {
\talias /srv/x;   # here
}
#location /y { }

location @n { proxy_pass http://n; }
  location =/z { return 404; } # z
location ^~ /w{try_files $uri @n;}
`;
    expect(prefixLocations(text, '/p')).toBe(`# about x
location ^~ /p/x {
\talias /srv/x;   # here
}

  location = /p/z { return 404; } # z

location ^~ /p/w{try_files $uri @n;}
`);
    expect(prefixLocations(text, '/p', { modifier: '', skip: ({ path }) => path !== '/x' })).toContain(
      'location /p/x {\n',
    );
  });

  it.each([
    ['location ~* ^/x/.*\\.css$ { }', 1],
    ['location /x {}\nset $a b;', 2],
    ['location /x {}\ninclude more;', 2],
    ['if ($a) { return 404; }', 1],
    ['rewrite ^/x /y;', 1],
    ['server { location /x {} }', 1],
    ['location /x { location /x/y {} }', 1],
    ['location /x {\n rewrite ^/x/(.*)$ /$1 break; }', 2],
    ['location /x {\n return 301 /x/; }', 2],
    ['location /x {\n return 301 $scheme://$host/x/y; }', 2],
    ['location /y {}\nlocation /x {\n if ($uri ~ "^\\/y") { return 404; } }', 3],
    ['location /x {\n if ($uri = /x/a) { return 404; } }', 2],
    ['location /x {\n try_files $uri /x/index.html; }', 2],
    ['location / {\n return 302 /login; }', 2],
    ['location /x {\n content_by_lua_block { } }', 2],
    ['location x {}', 1],
  ])('%j is refused at line %i', (text, line) => {
    expect(() => prefixLocations(text, '/p')).toThrow(expect.objectContaining({ name: 'FormatError', line }));
  });

  it.each([['p'], ['/p/'], ['/'], [''], ['/p q'], ['/p;'], ['/p{'], ['/$p'], ['/p\n']])(
    'refuses the prefix %j',
    (prefix) => {
      expect(() => prefixLocations('location /x {}', prefix)).toThrow(FormatError);
    },
  );
});

describe('variables', () => {
  it.each([
    ['', "set $v 'w';\n"],
    ['set $v x;\n', "set $v 'w';\n"],
    ["set $v 'w';\n", "set $v 'w';\n"],
    ['set $v w;\n', 'set $v w;\n'],
    ["# c\nset  $v  '' ; # d\n", "# c\nset  $v  'w' ; # d\n"],
    ['set $v 1;\na;\nset $v 2;\n', "a;\nset $v 'w';\n"],
    ['a;', "a;\nset $v 'w';\n"],
    ['a;\r\n', "a;\r\nset $v 'w';\r\n"],
    ['location / { set $v 1; }\n', "location / { set $v 1; }\nset $v 'w';\n"],
  ])('%j becomes %j', (text, after) => {
    expect(setVariable(text, 'v', 'w')).toBe(after);
    expect(getVariable(after, 'v')).toBe('w');
  });

  it('quotes values and refuses what nginx has no quotes for', () => {
    expect(quoteArgument('a b')).toBe("'a b'");
    expect(() => quoteArgument('a$b')).toThrow(FormatError);
    expect(() => quoteArgument('a\nb')).toThrow(FormatError);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const text = orRefused(() => setVariable('', 'v', value));
        expect(text === undefined ? value : getVariable(text, 'v')).toBe(value);
      }),
    );
  });

  it('laws hold for any text', () => {
    fc.assert(
      fc.property(textOf(pieces), (text) => {
        const set = orRefused(() => setVariable(text, 'v', 'w'));
        if (set !== undefined) {
          expect(setVariable(set, 'v', 'w')).toBe(set);
          expect(getVariable(set, 'v')).toBe('w');
          const removed = removeVariable(set, 'v');
          expect(getVariable(removed, 'v')).toBeUndefined();
          expect(outline(scanNginx(removed))).toEqual(
            outline(scanNginx(text)).filter((one) => !/^\["set","\$v"/.test(JSON.stringify(one))),
          );
        }
      }),
      runs(1000),
    );
  });
});

describe('servers', () => {
  const text = `http {
  upstream u { server 127.0.0.1:1; }
  server {
    listen 443 ssl http2;
    listen [::]:443 ssl;
    server_name a.example.com b.example.com;
    server_name c.example.com;

    location / { }
  }
  server { listen 80; }
}
`;

  it('are found with names and addresses', () => {
    expect(findServers(text)).toMatchObject([
      {
        serverNames: ['a.example.com', 'b.example.com', 'c.example.com'],
        listen: [
          ['443', 'ssl', 'http2'],
          ['[::]:443', 'ssl'],
        ],
      },
      { serverNames: [], listen: [['80']] },
    ]);
  });

  it('take an include as the last line, once, and give it back', () => {
    for (const [i, added] of [
      '    include /etc/x.conf;\n  }',
      '  server { listen 80; include /etc/x.conf; }',
    ].entries()) {
      const once = insertInclude(text, serverAt(text, i), '/etc/x.conf');
      expect(once).toContain(added);
      expect(insertInclude(once, serverAt(once, i), '/etc/x.conf')).toBe(once);
      expect(removeInclude(once, serverAt(once, i), '/etc/x.conf')).toBe(text);
      expectOtherLinesKept(text, once, i === 1 ? ['  server { listen 80; }\n'] : []);
    }
  });

  it('an empty block and a missing line end are no obstacle', () => {
    expect(insertInclude('server {}', serverAt('server {}', 0), 'x')).toBe('server { include x; }');
    expect(insertInclude('server {\n}', serverAt('server {\n}', 0), 'x')).toBe('server {\n    include x;\n}');
    expect(
      insertInclude('server {\r\n\tlisten 80;\r\n}', serverAt('server {\r\n\tlisten 80;\r\n}', 0), 'x'),
    ).toBe('server {\r\n\tlisten 80;\r\n\tinclude x;\r\n}');
  });

  it.each([
    ['a;\n  b;\nc;\n', 'a;\nc;\n'],
    ['a; b; c;\n', 'a; c;\n'],
    ['a;\nb; # d\nc;', 'a;\n# d\nc;'],
    ['a;\nb {\n  d;\n}\nc;', 'a;\nc;'],
  ])('removing the second directive of %j', (before, after) => {
    const second = scanNginx(before)[1];
    expect(second && removeDirective(before, second)).toBe(after);
  });
});

describe.skipIf(stockMissing)('stock files (skipped where ../shared/stock is missing)', () => {
  it.each(
    stockFiles(/nginx\/|sites-available|conf\.d\/.*\.conf$|\.nginx$/).filter(
      ([path]) => !/service\.d|3\.0\.x\/.*html5\.nginx$/.test(path),
    ),
  )('%s', (_, text) => {
    const directives = scanNginx(text);
    expect(directives.length).toBeGreaterThan(0);
    expect(editLocationPaths(text, (path) => path)).toBe(text);
    const renamed = editLocationPaths(text, (path) => `/bbb-01${path}`);
    expect(editLocationPaths(renamed, (path) => path.replace('/bbb-01', ''))).toBe(text);
    expectOtherLinesKept(text, renamed, text.match(/[^\n]*location[^\n]*\n/g) ?? []);
    expect(removeVariable(setVariable(text, 'somethingNew', 'x'), 'somethingNew').trimEnd()).toBe(
      text.trimEnd(),
    );
  });

  it('have client locations', () => {
    expect(
      stockClients.map(([, text]) => locations(text).filter(({ modifier }) => modifier !== '@').length),
    ).toEqual(stockClients.map(([, text]) => text.match(/^location \//gm)?.length));
    expect(stockClients.length).toBeGreaterThanOrEqual(5);
  });
});

const nginxMissing = spawnSync('nginx', ['-v']).status !== 0;

describe.skipIf(nginxMissing)('nginx itself (skipped where it is not installed)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const accepts = (...fragments: readonly string[]) => {
    const includes = fragments.map((fragment, i) => {
      writeFileSync(join(folder, `${i}.nginx`), fragment);
      return `include ${folder}/${i}.nginx;`;
    });
    writeFileSync(
      join(folder, 'nginx.conf'),
      `pid ${folder}/pid; error_log stderr; events {} http { access_log off;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${folder}/temp;`).join(' ')}
        limit_conn_zone $uri zone=ws_zone:5m; upstream poolhtml5servers { server 127.0.0.1:4100; }
        server { listen 127.0.0.1:1; ${includes.join(' ')} } }`,
    );
    const run = spawnSync('nginx', ['-t', '-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')], {
      encoding: 'utf8',
    });
    return run.status === 0 ? 'accepted' : run.stderr;
  };

  it.each(stockClients)('accepts prefixed copies beside %s', (_, text) => {
    const copies = ['/bbb-01', '/bbb-02'].map((prefix) => prefixLocations(text, prefix));
    expect(accepts(text, ...copies, 'location ~* \\.(js|css)$ { expires 1d; }\n')).toBe('accepted');
    expect(accepts(editLocationPaths(text, (path) => `/bbb-01${path}`))).toBe('accepted');
    expect(accepts(text, text)).toContain('duplicate location');
  });

  it('reads a variable as it was written', () => {
    for (const value of ['https://a.example.com', 'it\'s; {#} \\t \\\\ " ü', '', ' ']) {
      expect(accepts(setVariable('', 'v', value))).toBe('accepted');
    }
  });

  it('finds the same tokens sound as the scanner', () => {
    const words = [
      'a',
      'b "c d"',
      "'e'",
      '"x\\"y"',
      braced('v'),
      '$',
      'f#g',
      '}',

      ';',
      ';',
      '\n',
      ' ',
      '# c\n',
      '"',
      '\\',
      'h}',
      '\\;',
      "it's",
      '")',
    ];
    const texts = fc.array(fc.constantFrom(...words), { maxLength: 7 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        // In a types block every directive with an argument and no block of its own is fine; nginx stops at
        // the first error.
        const answer = accepts(`types {\n${text}\n}\n`);
        const scanned = orRefused(() => scanNginx(`types {\n${text}\n}\n`)) !== undefined;
        const refused = /unexpected|unterminated|not terminated|too long/.test(answer);
        expect([text, scanned]).toEqual([text, answer === 'accepted' || (scanned && !refused)]);
      }),
      runs(1000, 50),
    );
  });
});

function serverAt(text: string, i: number): Directive {
  const server = findServers(text)[i];
  if (server === undefined) {
    throw new Error(`there is no server ${i}`);
  }
  return server.directive;
}
