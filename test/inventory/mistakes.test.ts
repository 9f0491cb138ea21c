import { describe, expect, it } from 'vitest';
import { mistakes } from './load-text.ts';

/** A correct inventory with one line of each part replaced. */
function inventory(parts: {
  playbook?: string;
  cluster?: string;
  ssh?: string;
  vars?: string;
  proxy?: string;
  node?: string;
}): string {
  return `playbook: ${parts.playbook ?? './cluster.yaml'}
cluster: ${parts.cluster ?? '{name: prod, hostname: bbb.example.com}'}
ssh: ${parts.ssh ?? '{user: ops}'}
vars: ${parts.vars ?? '{}'}
hosts:
  proxy: ${parts.proxy ?? '[{name: proxy-1}]'}
  node: ${parts.node ?? '[{name: node-1, hostname: n1.example.com}]'}
`;
}

interface Expected {
  readonly code: string;
  /** line:column */
  readonly at: string;
  readonly message: RegExp;
  readonly next: RegExp;
}

type Case = readonly [title: string, text: string | Uint8Array, expected: Expected];

function each(cases: readonly Case[]): void {
  it.each(cases)('%s', async (_, text, expected) => {
    const problems = await mistakes(text);
    expect(problems.map(({ code }) => code)).toEqual([expected.code]);
    const [problem] = problems;
    expect(`${problem?.location?.line}:${problem?.location?.column}`).toBe(expected.at);
    expect(problem?.message).toMatch(expected.message);
    expect(problem?.next).toMatch(expected.next);
    const lines = typeof text === 'string' ? text.split(/\r?\n/) : undefined;
    if (lines !== undefined) expect(problem?.location?.text).toBe(lines[(problem?.location?.line ?? 0) - 1]);
  });
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function host(keys: string): string {
  return inventory({ node: `[{name: node-1, hostname: n1.example.com, ${keys}}]` });
}

describe('the file as YAML', () => {
  each([
    [
      'a tab',
      'playbook: x\ncluster:\n\tname: prod\n',
      { code: 'yaml-tab', at: '3:1', message: /tab/, next: /spaces/ },
    ],
    [
      'an unclosed bracket',
      'playbook: [x\ncluster: {}\n',
      { code: 'yaml-syntax', at: '2:1', message: /not valid YAML/, next: /indentation/ },
    ],
    [
      'a colon in plain text',
      'playbook: a: b\n',
      { code: 'yaml-syntax', at: '1:11', message: /not valid YAML/, next: /quotes/ },
    ],
    [
      'an unclosed quote',
      `playbook: 'x\n`,
      { code: 'yaml-syntax', at: '2:1', message: /quote/, next: /close/ },
    ],
    [
      'an unknown escape',
      String.raw`playbook: "a\qb"`,
      { code: 'yaml-syntax', at: '1:13', message: /escape/, next: /single quotes/ },
    ],
    [
      'an empty file',
      '',
      {
        code: 'file-empty',
        at: '1:1',
        message: /is empty/,
        next: /^ {2}hosts:\n {4}proxy:\n {6}- \{name: /m,
      },
    ],
    [
      'comments only',
      '# nothing\n\n',
      { code: 'file-empty', at: '1:1', message: /is empty/, next: /example\.yaml/ },
    ],
    [
      'a key with a space too many',
      'playbook: x\ncluster:\n  name: prod\n   hostname: bbb.example.com\nhosts:\n  proxy: external\n',
      {
        code: 'yaml-syntax',
        at: '4:4',
        message: /this line or line 3 is indented wrong: hostname begins in column 4, name in column 3/,
        next: /same column/,
      },
    ],
    [
      'a key with a space too few, in a list',
      'playbook: x\nhosts:\n  node:\n    - name: node-1\n     hostname: n1.example.com\n    - name: node-2\n',
      {
        code: 'yaml-syntax',
        at: '5:6',
        message: /this line or line 4 is indented wrong: hostname begins in column 6, name in column 7/,
        next: /same column/,
      },
    ],
    [
      'a list entry with a space too few, after comments',
      'playbook: x\nhosts:\n  node:\n    - name: node-1\n# the second\n   - name: node-2\n',
      {
        code: 'yaml-syntax',
        at: '6:4',
        message: /this line or line 4 is indented wrong: - begins in column 4, - in column 5/,
        next: /same column/,
      },
    ],
    [
      'a key with a space too few below a key with text',
      'playbook: x\ncluster:\n   name: prod\n  hostname: bbb.example.com\n',
      {
        code: 'yaml-syntax',
        at: '4:3',
        message: /line 3 is indented wrong: hostname begins in column 3, name in column 4/,
        next: /same column/,
      },
    ],
    [
      'a playbook in place of an inventory',
      'description: a product\nroles: {}\n',
      {
        code: 'not-an-inventory',
        at: '1:1',
        message: /is a playbook, not an inventory/,
        next: /clusterproxy playbook check/,
      },
    ],
    [
      'a key that is a number',
      inventory({ vars: '{labels: {3.0: old}}' }),
      { code: 'yaml-ambiguous', at: '4:17', message: /the key 3\.0 is 3 for YAML/, next: /'3\.0'/ },
    ],
    [
      'a control character',
      'playbook: x\u0007\n',
      { code: 'yaml-control-character', at: '1:12', message: /U\+0007/, next: /delete/ },
    ],
    [
      'an unknown anchor',
      inventory({ ssh: '*common' }),
      { code: 'yaml-alias', at: '3:6', message: /\*common refers to nothing/, next: /quotes/ },
    ],
    [
      'an anchor that comes later',
      inventory({ ssh: '*late', node: '[{name: &late node-1, hostname: n1.example.com}]' }),
      { code: 'yaml-alias', at: '3:6', message: /\*late/, next: /above/ },
    ],
    [
      'an alias within its anchor',
      inventory({ vars: '&v {extras: [*v]}' }),
      { code: 'yaml-alias', at: '4:20', message: /contains it/, next: /remove/ },
    ],
    [
      'a merge of something else',
      inventory({ ssh: '{<<: 1}' }),
      { code: 'yaml-merge', at: '3:7', message: /not a map/, next: /alias/ },
    ],
    [
      'a template without quotes',
      inventory({ vars: '{title: {{ cluster.name }}}' }),
      { code: 'yaml-key', at: '4:16', message: /brace/, next: /in quotes/ },
    ],
    [
      'a key that is missing',
      inventory({ vars: '{: 1}' }),
      { code: 'yaml-key', at: '4:8', message: /key is missing/, next: /colon/ },
    ],
    [
      'a tag',
      inventory({ vars: '{title: !!binary aGk=}' }),
      { code: 'yaml-tag', at: '4:24', message: /!!binary/, next: /remove/ },
    ],
    [
      'YAML 1.1',
      `%YAML 1.1\n---\n${inventory({})}`,
      { code: 'yaml-version', at: '1:1', message: /1\.1/, next: /%YAML/ },
    ],
    [
      'an octal number of YAML 1.1',
      inventory({ vars: '{workers: 010}' }),
      { code: 'yaml-ambiguous', at: '4:17', message: /010 is the number 10/, next: /'010'/ },
    ],
    [
      'a key twice',
      inventory({ ssh: '{user: a, port: 22, user: b}' }),
      { code: 'yaml-duplicate-key', at: '3:26', message: /user appears twice.*line 3/, next: /keep one/ },
    ],
    [
      'several documents',
      `${inventory({})}---\na: 1\n`,
      { code: 'yaml-several-documents', at: '8:1', message: /several/, next: /---/ },
    ],
    [
      'bytes that are not UTF-8',
      Buffer.from('playbook: x\n# caf\xe9 au lait\n', 'latin1'),
      { code: 'file-not-utf8', at: '2:6', message: /0xe9/, next: /iconv -f ISO-8859-1/ },
    ],
    [
      'UTF-16',
      Buffer.from('\ufeffplaybook: x\n', 'utf16le'),
      { code: 'file-not-utf8', at: '1:1', message: /UTF-16/, next: /iconv -f UTF-16/ },
    ],
    [
      'a file that ends within a character',
      Buffer.from('playbook: x\n# caf\xc3', 'latin1'),
      { code: 'file-not-utf8', at: '2:6', message: /0xc3/, next: /iconv/ },
    ],
    [
      'a list in place of the whole',
      '- a\n',
      { code: 'wrong-type', at: '1:1', message: /expected a map, found a list/, next: /map/ },
    ],
    [
      'lines that end in CRLF',
      inventory({ ssh: '{usr: ops}' }).replaceAll('\n', '\r\n'),
      { code: 'unknown-key', at: '3:7', message: /usr in ssh/, next: /did you mean user\?/ },
    ],
    [
      'a byte order mark',
      `\ufeff${inventory({ playbook: '7' })}`.slice(1),
      { code: 'wrong-type', at: '1:11', message: /found the number 7/, next: /'7'/ },
    ],
  ]);

  it('nested too deeply is refused', async () => {
    const [problem] = await mistakes('['.repeat(100_000));
    expect(problem?.code).toMatch(/^yaml-(too-deep|syntax)$/);
  });

  it('with aliases of aliases without end is refused', async () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
        : `a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]`,
    );
    const [problem] = await mistakes(levels.join('\n'));
    expect(problem).toMatchObject({ code: 'yaml-alias' });
  });
});

describe('keys and types', () => {
  each([
    [
      'an unknown key on a host',
      host('vers: {}'),
      { code: 'unknown-key', at: '7:51', message: /vers in hosts\.node\[1\]/, next: /did you mean vars\?/ },
    ],
    [
      'a key that resembles none',
      host('colour: red'),
      { code: 'unknown-key', at: '7:51', message: /colour/, next: /one of: address, recipe/ },
    ],
    [
      'a host without name',
      inventory({ node: '[{hostname: n1.example.com}]' }),
      { code: 'missing-key', at: '7:10', message: /name is missing in hosts\.node\[1\]/, next: /add name/ },
    ],
    [
      'a cluster that is a name alone',
      inventory({ cluster: 'west' }),
      {
        code: 'wrong-type',
        at: '2:10',
        message: /expected a map, found text 'west'/,
        next: /cluster: {name: west, hostname: bbb\.example\.com}/,
      },
    ],
    [
      'text for a map',
      inventory({ vars: 'many' }),
      { code: 'wrong-type', at: '4:7', message: /expected a map/, next: /as a map: {KEY: VALUE/ },
    ],
    [
      'a key that is needed and misspelt, which is one mistake',
      inventory({ cluster: '{nmae: prod, hostname: bbb.example.com}' }),
      { code: 'unknown-key', at: '2:11', message: /nmae in cluster/, next: /did you mean name/ },
    ],
    [
      'a cluster without hostname',
      inventory({ cluster: '{name: prod}' }),
      { code: 'missing-key', at: '2:1', message: /hostname is missing in cluster/, next: /add hostname/ },
    ],
    [
      'text for a number',
      inventory({ ssh: '{port: 22a}' }),
      { code: 'wrong-type', at: '3:13', message: /a number, found text '22a'/, next: /number/ },
    ],
    [
      'a number in quotes',
      inventory({ ssh: "{port: '22'}" }),
      { code: 'wrong-type', at: '3:13', message: /found text '22'/, next: /remove the quotes/ },
    ],
    [
      'a fraction',
      inventory({ ssh: '{port: 22.5}' }),
      { code: 'wrong-type', at: '3:13', message: /whole number, found the number 22.5/, next: /whole/ },
    ],
    [
      'a port out of range',
      inventory({ ssh: '{port: 65536}' }),
      { code: 'wrong-value', at: '3:13', message: /at most 65535, found the number 65536/, next: /65535/ },
    ],
    [
      'a number for a time',
      inventory({ vars: '{patience: 30}' }),
      { code: 'wrong-type', at: '4:18', message: /expected a time/, next: /30m/ },
    ],
    [
      'text for a time',
      inventory({ vars: '{patience: 30 minutes}' }),
      { code: 'wrong-value', at: '4:18', message: /expected a time, found text '30 minutes'/, next: /30m/ },
    ],
    [
      'a number for text',
      host('recipe: 2.4'),
      { code: 'wrong-type', at: '7:59', message: /expected text, found the number 2\.4/, next: /'2\.4'/ },
    ],
    ...(
      [
        ['3.0', 'the number 3.0'],
        ['2.40', 'the number 2.40'],
        ['01', 'the number 01'],
        ['0x10', 'the number 0x10'],
        ['0o17', 'the number 0o17'],
        ['1e3', 'the number 1e3'],
        ['12345678901234567890', 'the number 12345678901234567890'],
        ['.inf', 'the number .inf'],
        ['True', 'True'],
        ['~', '~, which is an empty value'],
        ['Null', 'Null, which is an empty value'],
      ] as const
    ).map(([source, words]): Case => {
      const next = new RegExp(`quotes.*: '${literally(source)}'$`);
      const message = new RegExp(`^expected text, found ${literally(words)}$`);
      return [
        `${source} for text`,
        host(`recipe: ${source}`),
        { code: 'wrong-type', at: '7:59', message, next },
      ];
    }),
    [
      'a number where a secret belongs',
      inventory({ ssh: '{password: 0123456}' }),
      { code: 'wrong-type', at: '3:17', message: /expected text or a map/, next: /in quotes: '0123456'/ },
    ],
    [
      'a map without its keys',
      'playbook: ./cluster.yaml\ncluster:\nhosts: {proxy: external, node: [{name: n, hostname: n.example.com}]}\n',
      { code: 'wrong-type', at: '2:1', message: /a map, found an empty value/, next: /below it, indented/ },
    ],
    [
      'a host as a bare name',
      inventory({ node: '[n1.example.com]' }),
      {
        code: 'wrong-type',
        at: '7:10',
        message: /a map, found text 'n1\.example\.com'/,
        next: /like this:\n {2}- \{name: n1, hostname: n1\.example\.com\}$/,
      },
    ],
    [
      'hosts in one line of text',
      inventory({ node: 'n1 n2' }),
      {
        code: 'wrong-type',
        at: '7:9',
        message: /a list, found text 'n1 n2'/,
        next: /\n {2}node:\n {4}- \{name: n1, hostname: n1\.example\.com\}\n {4}- \{name: n2, /,
      },
    ],
    [
      'hosts without roles',
      'playbook: ./cluster.yaml\ncluster: {name: prod, hostname: bbb.example.com}\nhosts: [n1, n2]\n',
      {
        code: 'wrong-type',
        at: '3:8',
        message: /a map, found a list/,
        next: /by role.*\n {2}hosts:\n {4}node:/,
      },
    ],
    [
      'an empty value',
      inventory({ ssh: '{user: }' }),
      { code: 'wrong-type', at: '3:7', message: /expected text, found an empty value/, next: /text/ },
    ],
    [
      'an unknown word',
      host('state: retierd'),
      {
        code: 'wrong-value',
        at: '7:58',
        message: /one of active, off, retired, found text 'retierd'/,
        next: /did you mean retired\?/,
      },
    ],
    [
      'a host in place of a list',
      inventory({ node: '{name: node-1, hostname: n1.example.com}' }),
      { code: 'wrong-type', at: '7:9', message: /a list, found a map|external/, next: /list/ },
    ],
    [
      'a word in place of a list',
      inventory({ proxy: 'extern' }),
      {
        code: 'wrong-type',
        at: '6:10',
        message: /external or a list, found text 'extern'/,
        next: /did you mean external\?/,
      },
    ],
    [
      'an unknown word where roles may have one each',
      `${inventory({})}when_busy: latr\n`,
      {
        code: 'wrong-type',
        at: '8:12',
        message: /one of .*later.* or a map, found text 'latr'/,
        next: /did you mean later\?/,
      },
    ],
    [
      'an unknown word in place of windows',
      `${inventory({})}windows: anytme\n`,
      {
        code: 'wrong-type',
        at: '8:10',
        message: /anytime or a list, found text 'anytme'/,
        next: /did you mean anytime\?/,
      },
    ],
    [
      'a fingerprint of another kind',
      host('ssh: {host_keys: [MD5:aa]}'),
      { code: 'invalid-host-key', at: '7:69', message: /SHA-256/, next: /ssh-keygen -lf/ },
    ],
    [
      'a strange user',
      inventory({ ssh: '{user: -oProxyCommand=x}' }),
      { code: 'invalid-user', at: '3:13', message: /not a user name/, next: /ssh -l/ },
    ],
  ]);
});

describe('names and addresses', () => {
  const node = (name: string, hostname: string) =>
    inventory({ node: `[{name: ${name}, hostname: ${hostname}}]` });
  each([
    [
      'a name with a slash',
      node('a/b', 'n1.example.com'),
      { code: 'invalid-name', at: '7:17', message: /'a\/b' can't be part of a path/, next: /a-b/ },
    ],
    [
      'a name of dots',
      node("'..'", 'n1.example.com'),
      { code: 'invalid-name', at: '7:17', message: /part of a path/, next: /node-1/ },
    ],
    [
      'a name with a blank',
      node('my node', 'n1.example.com'),
      { code: 'invalid-name', at: '7:17', message: /my node/, next: /my-node/ },
    ],
    [
      'a name that is too long',
      node('n'.repeat(64), 'n1.example.com'),
      { code: 'invalid-name', at: '7:17', message: /at most 63/, next: /write/ },
    ],
    [
      'a cluster that is a path',
      inventory({ cluster: '{name: ../prod, hostname: bbb.example.com}' }),
      { code: 'invalid-name', at: '2:17', message: /safe as a file name/, next: /prod/ },
    ],
    [
      'a hostname with scheme',
      node('n', 'https://n1.example.com/'),
      { code: 'invalid-hostname', at: '7:30', message: /with a scheme/, next: /write n1\.example\.com$/ },
    ],
    [
      'a hostname with port',
      node('n', 'n1.example.com:443'),
      { code: 'invalid-hostname', at: '7:30', message: /with a port/, next: /write n1\.example\.com$/ },
    ],
    [
      'a hostname with path',
      node('n', 'n1.example.com/bbb'),
      { code: 'invalid-hostname', at: '7:30', message: /with a path/, next: /write n1\.example\.com$/ },
    ],
    [
      'a hostname with capitals',
      node('n', 'N1.Example.com'),
      { code: 'invalid-hostname', at: '7:30', message: /capital letters/, next: /write n1\.example\.com$/ },
    ],
    [
      'a hostname with an underscore',
      node('n', 'n_1.example.com'),
      { code: 'invalid-hostname', at: '7:30', message: /underscore/, next: /'-'/ },
    ],
    [
      'a hostname with a dot at its end',
      node('n', 'n1.example.com.'),
      { code: 'invalid-hostname', at: '7:30', message: /trailing dot/, next: /write n1\.example\.com$/ },
    ],
    [
      'a hostname of Unicode',
      node('n', 'schüle.example.com'),
      { code: 'invalid-hostname', at: '7:30', message: /outside ASCII/, next: /xn--schle-mva\.example\.com/ },
    ],
    [
      'a hostname that is an address',
      node('n', '192.0.2.1'),
      { code: 'invalid-hostname', at: '7:30', message: /the address 192\.0\.2\.1/, next: /`address`/ },
    ],
    [
      'a hostname that is an IPv6 address',
      node('n', "'2001:db8::1'"),
      { code: 'invalid-hostname', at: '7:30', message: /the address/, next: /`address`/ },
    ],
    [
      'a hostname with a wildcard',
      node('n', "'*.example.com'"),
      { code: 'invalid-hostname', at: '7:30', message: /expected a DNS name/, next: /letters/ },
    ],
    [
      'a label of 64 characters',
      node('n', `${'a'.repeat(64)}.com`),
      { code: 'invalid-hostname', at: '7:30', message: /expected a DNS name/, next: /at most 63/ },
    ],
    [
      'a hostname of 254 characters',
      node('n', `${'a.'.repeat(126)}aa`),
      { code: 'invalid-hostname', at: '7:30', message: /at most 253/, next: /shorten/ },
    ],
    [
      'a hostname that ends in a number',
      node('n', 'n1.example.1'),
      { code: 'invalid-hostname', at: '7:30', message: /a number/, next: /whole name/ },
    ],
    [
      'a hostname with a line break',
      node('n', '"n1\\n.example.com"'),
      { code: 'invalid-hostname', at: '7:30', message: /n1\?\.example/, next: /letters/ },
    ],
    [
      'an address with user',
      host('address: ops@192.0.2.1'),
      { code: 'invalid-address', at: '7:60', message: /with a user/, next: /ssh: \{user: …\}/ },
    ],
    [
      'an address with port',
      host("address: '192.0.2.1:22'"),
      { code: 'invalid-address', at: '7:60', message: /with a port/, next: /ssh: \{port: 22\}/ },
    ],
    [
      'an address in brackets',
      host("address: '[2001:db8::1]:22'"),
      { code: 'invalid-address', at: '7:60', message: /brackets/, next: /2001:db8::1, and the port/ },
    ],
    [
      'an address with scheme',
      host('address: ssh://n1'),
      { code: 'invalid-address', at: '7:60', message: /scheme/, next: /write n1/ },
    ],
    [
      'an address of 256',
      host('address: 192.0.2.256'),
      { code: 'invalid-address', at: '7:60', message: /not an IPv4/, next: /255/ },
    ],
    [
      'an address that would be an option',
      host('address: -oProxyCommand=x'),
      { code: 'invalid-address', at: '7:60', message: /expected a DNS name or an address/, next: /letters/ },
    ],
    [
      'a name twice over roles',
      inventory({ node: '[{name: proxy-1, hostname: n1.example.com}]' }),
      { code: 'duplicate-name', at: '7:17', message: /proxy-1 is used twice.*line 6/, next: /own/ },
    ],
    [
      'names that differ in capitals',
      inventory({ node: '[{name: n1, hostname: n1.example.com}, {name: N1, hostname: n2.example.com}]' }),
      { code: 'duplicate-name', at: '7:55', message: /only in case/, next: /own/ },
    ],
    [
      'one address for two hosts',
      inventory({
        proxy: '[{name: p, address: 192.0.2.1}]',
        node: '[{name: n, hostname: n1.example.com, ssh: {address: 192.0.2.1}}]',
      }),
      {
        code: 'duplicate-address',
        at: '7:61',
        message: /192\.0\.2\.1, port 22 is also the ssh address of p \(line 6\)/,
        next: /one role/,
      },
    ],
    [
      'one hostname for two hosts',
      inventory({
        node: '[{name: n1, hostname: n.example.com, address: 192.0.2.1}, {name: n2, hostname: n.example.com, address: 192.0.2.2}]',
      }),
      { code: 'duplicate-hostname', at: '7:88', message: /the hostname of n1/, next: /own DNS name/ },
    ],
    [
      "the cluster's hostname for a node",
      node('n', 'bbb.example.com'),
      { code: 'duplicate-hostname', at: '7:30', message: /whole cluster/, next: /of its own/ },
    ],
    [
      'a node without hostname',
      inventory({ node: '[{name: n, address: 192.0.2.1}]' }),
      { code: 'missing-key', at: '7:10', message: /role node needs a hostname/, next: /add hostname/ },
    ],
    [
      'a host called like another role',
      inventory({ node: '[{name: proxy, hostname: n1.example.com}]' }),
      { code: 'duplicate-name', at: '7:17', message: /--limit proxy/, next: /proxy-1/ },
    ],
  ]);

  it('one address on two ports is two hosts', async () => {
    const two =
      '[{name: n1, hostname: n1.example.com, address: 192.0.2.1}, {name: n2, hostname: n2.example.com, address: 192.0.2.1, ssh: {port: 23}}]';
    const problems = await mistakes(inventory({ node: two, vars: '{unknown: 1}' }));
    expect(problems.map(({ code }) => code)).toEqual(['unknown-variable']);
  });
});

describe('against the playbook', () => {
  each([
    [
      'an unknown role',
      `${inventory({})}  prxy: []\n`,
      { code: 'unknown-role', at: '8:3', message: /fixture has no role prxy/, next: /did you mean proxy\?/ },
    ],
    [
      'a role called __proto__',
      `${inventory({})}  __proto__: []\n`,
      { code: 'unknown-role', at: '8:3', message: /__proto__/, next: /one of: proxy, node/ },
    ],
    [
      'a role without hosts',
      inventory({ proxy: '[]' }),
      { code: 'too-few-hosts', at: '6:3', message: /at least 1 host, found 0/, next: /external/ },
    ],
    [
      'too many hosts',
      inventory({ proxy: '[{name: p1}, {name: p2}, {name: p3}]' }),
      { code: 'too-many-hosts', at: '6:35', message: /at most 2 hosts, found 3/, next: /remove/ },
    ],
    [
      'a missing role',
      inventory({}).replace(/ {2}node:.*\n/, ''),
      {
        code: 'missing-role',
        at: '5:1',
        message: /role node is missing; expected at least 1 host/,
        next: /add node: with a list/,
      },
    ],
    [
      'external where it is not allowed',
      inventory({ node: 'external' }),
      { code: 'external-not-allowed', at: '7:9', message: /node can't be external/, next: /list the hosts/ },
    ],
    [
      'an unknown recipe',
      host("recipe: '2.5'"),
      { code: 'unknown-recipe', at: '7:59', message: /no recipe 2\.5/, next: /did you mean 2\.4\?/ },
    ],
    [
      'a recipe where there are none',
      inventory({ proxy: '[{name: p, recipe: x}]' }),
      { code: 'unknown-recipe', at: '6:29', message: /proxy has no recipe x/, next: /alike/ },
    ],
    [
      'an unknown variable',
      inventory({ vars: '{restrat: full}' }),
      { code: 'unknown-variable', at: '4:8', message: /no variable restrat/, next: /did you mean restart\?/ },
    ],
    [
      'an unknown variable on a host',
      host('vars: {workrs: 1}'),
      { code: 'unknown-variable', at: '7:58', message: /workrs/, next: /workers/ },
    ],
    [
      'a variable for all on a host',
      host('vars: {global: x}'),
      { code: 'variable-not-per-host', at: '7:58', message: /whole cluster/, next: /at the top/ },
    ],
    [
      'an enum of another value',
      inventory({ vars: '{restart: ful}' }),
      {
        code: 'wrong-value',
        at: '4:17',
        message: /restart: expected one of minimal, full, found text 'ful'/,
        next: /did you mean full\?/,
      },
    ],
    [
      'a list with an item that it can not have',
      inventory({ vars: '{wanted: [tls, hstss]}' }),
      {
        code: 'wrong-value',
        at: '4:16',
        message: /wanted: expected items out of tls, hsts, found text 'hstss'/,
        next: /did you mean hsts\?/,
      },
    ],
    [
      'a list with an item twice',
      inventory({ vars: '{wanted: [tls, tls]}' }),
      { code: 'wrong-value', at: '4:16', message: /text 'tls' is there more than once/, next: /once/ },
    ],
    [
      'text for an integer',
      inventory({ vars: '{workers: many}' }),
      {
        code: 'wrong-type',
        at: '4:17',
        message: /workers: expected a whole number, found text 'many'/,
        next: /quotes/,
      },
    ],
    [
      'a fraction for an integer',
      inventory({ vars: '{workers: 1.5}' }),
      { code: 'wrong-type', at: '4:17', message: /whole number/, next: /./ },
    ],
    [
      'text for a number',
      inventory({ vars: '{ratio: half}' }),
      { code: 'wrong-type', at: '4:15', message: /a number/, next: /./ },
    ],
    [
      'yes for a boolean',
      inventory({ vars: '{adopt: yes}' }),
      { code: 'wrong-type', at: '4:15', message: /true or false, found text 'yes'/, next: /write true/ },
    ],
    [
      'a port out of range',
      inventory({ vars: '{port: 0}' }),
      { code: 'wrong-value', at: '4:14', message: /a port number, found 0/, next: /65535/ },
    ],
    [
      'a number for text',
      inventory({ vars: '{title: 5}' }),
      { code: 'wrong-type', at: '4:15', message: /expected text/, next: /'5'/ },
    ],
    [
      'a version for text',
      inventory({ vars: '{title: 2.40}' }),
      { code: 'wrong-type', at: '4:15', message: /text, found the number 2\.40/, next: /quotes: '2\.40'/ },
    ],
    [
      'text of two lines',
      inventory({ vars: '{title: "a\\nb"}' }),
      { code: 'wrong-value', at: '4:15', message: /line break/, next: /one line/ },
    ],
    [
      'a hostname with scheme',
      inventory({ vars: '{stun: stun://a.example.com}' }),
      { code: 'wrong-value', at: '4:14', message: /scheme/, next: /write a\.example\.com/ },
    ],
    [
      'a relative path',
      inventory({ vars: '{folder: srv}' }),
      { code: 'wrong-value', at: '4:16', message: /absolute/, next: /start it with/ },
    ],
    [
      'a path that climbs',
      inventory({ vars: '{folder: /srv/../etc}' }),
      { code: 'wrong-value', at: '4:16', message: /'\.\.'/, next: /leads to/ },
    ],
    [
      'a path that ends a directive',
      inventory({ vars: "{folder: '/srv; }'}" }),
      { code: 'wrong-value', at: '4:16', message: /nginx, systemd or a shell/, next: /letters/ },
    ],
    [
      'a path with a variable of nginx',
      inventory({ vars: '{folder: /srv/$x}' }),
      { code: 'wrong-value', at: '4:16', message: /nginx/, next: /letters/ },
    ],
    [
      'a URL without scheme',
      inventory({ vars: '{callback: a.example.com}' }),
      { code: 'wrong-value', at: '4:18', message: /URL/, next: /https:/ },
    ],
    [
      'a URL that ends a directive',
      inventory({ vars: "{callback: 'https://a/;x'}" }),
      { code: 'wrong-value', at: '4:18', message: /URL/, next: /%XX/ },
    ],
    [
      'a URL with a password',
      inventory({ vars: "{callback: 'https://a:b@c/'}" }),
      { code: 'wrong-value', at: '4:18', message: /password/, next: /plans show/ },
    ],
    [
      'a map for a list',
      inventory({ vars: '{extras: {a: 1}}' }),
      { code: 'wrong-type', at: '4:16', message: /a list, found a map/, next: /list/ },
    ],
    [
      'a list with a line break in it',
      inventory({ vars: '{extras: ["a\\nb"]}' }),
      { code: 'wrong-value', at: '4:16', message: /line break/, next: /one line/ },
    ],
    [
      'a list for a map',
      inventory({ vars: '{labels: [a]}' }),
      { code: 'wrong-type', at: '4:16', message: /a map, found a list/, next: /key: value/ },
    ],
  ]);

  it('points into what an alias stands for, and at the alias where it is itself what is wrong', async () => {
    const problems = await mistakes(`playbook: ./cluster.yaml
cluster: {name: prod, hostname: bbb.example.com}
ssh: {user: &name ops}
vars: {workers: *name, labels: &vars {restat: full}}
hosts:
  proxy: external
  node: [{name: n, hostname: n1.example.com, vars: *vars}]
`);
    expect(problems.map(({ code, location }) => [code, location?.line, location?.column])).toEqual([
      ['wrong-type', 4, 17],
      ['unknown-variable', 4, 39],
    ]);
  });
});
