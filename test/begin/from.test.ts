import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listKinds } from '../../src/begin/from/list-kinds.ts';
import { inRole, reachedByAlias } from '../../src/begin/from/listed-host.ts';
import { readList } from '../../src/begin/from/read-list.ts';
import { OperatorError } from '../../src/model/operator-error.ts';

const nodes = [{ hostname: 'bbb-01.example.com' }, { hostname: 'bbb-02.example.com' }];
const read = (text: string) => readList('list', text);

describe('lists of other programs', () => {
  it.each([
    [
      'rake servers',
      'id: 2d2d674a\n\turl: https://bbb-01.example.com/bigbluebutton/api\n\tsecret: 639259d4\n\tenabled\n\tload: 1.0\n\tload multiplier: 1.0\n\tbbb version: 3.0.10\n\ttag: \n\tonline\nid: 2d2d674b\n\turl: https://bbb-02.example.com/bigbluebutton/api\n\tsecret: 639259d5\n\tcordoned\n\toffline\n',
    ],
    [
      'b3scalectl show backends --json',
      JSON.stringify([
        { id: 1, bbb: { url: 'https://bbb-01.example.com/bigbluebutton/api/', secret: 's' }, settings: {} },
        { id: 2, bbb: { url: 'https://bbb-02.example.com/bigbluebutton/api/', secret: 's' }, settings: {} },
      ]),
    ],
    [
      'a YAML file of bbblb',
      'servers:\n  - {domain: bbb-01.example.com, secret: a}\n  - {domain: BBB-02.example.com, secret: b}\n',
    ],
    [
      'variables',
      'BBB_1=https://bbb-01.example.com/bigbluebutton/api\nSECRET=1\nBBB_2="https://bbb-02.example.com/bigbluebutton/api"\n',
    ],
  ])('servers: %s', (_name, text) => {
    expect(read(text)).toMatchObject({ kind: 'servers', hosts: nodes, passedOver: 0 });
    expect(JSON.stringify(read(text))).not.toContain('secret');
  });

  it('an Ansible inventory in INI', () => {
    const text = `
[proxy]
proxy-1 ansible_host=192.0.2.5
[nodes]
bbb-[01:02].example.com ansible_user=ops
n3 ansible_host=192.0.2.13 ansible_port=2222 ansible_password="never mind" # new
[nodes:vars]
ansible_become=true
`;
    expect(read(text)).toMatchObject({
      kind: 'ansible',
      hosts: [
        { name: 'proxy-1', address: '192.0.2.5', isDoor: true },
        { hostname: 'bbb-01.example.com', user: 'ops' },
        { hostname: 'bbb-02.example.com', user: 'ops' },
        { name: 'n3', address: '192.0.2.13', port: 2222 },
      ],
    });
  });

  it('an Ansible inventory in YAML', () => {
    const text = `
all:
  children:
    haproxy:
      hosts: {lb: {ansible_host: 192.0.2.5}}
    bbb:
      hosts:
        bbb-01.example.com:
        bbb-02: {ansible_host: bbb-02.example.com, ansible_user: root, ansible_port: 22}
`;
    expect(read(text)).toMatchObject({
      kind: 'ansible',
      hosts: [
        { name: 'lb', address: '192.0.2.5', isDoor: true },
        { hostname: 'bbb-01.example.com' },
        { name: 'bbb-02', hostname: 'bbb-02.example.com', user: 'root', port: 22 },
      ],
    });
  });

  it('an nginx file with locations that were made by hand', () => {
    const location = (name: string) =>
      `  location /${name}/html5client/ { proxy_pass https://${name}.example.com; proxy_http_version 1.1; }\n  location /${name}/bigbluebutton/api { proxy_pass https://${name}.example.com/bigbluebutton/api; }\n`;
    const text = `server {\n  listen 443 ssl;\n  server_name bbb-proxy.example.com;\n  # nodes\n${location('bbb-01')}${location('bbb-02')}  location / { root /var/www; }\n}\n`;
    expect(read(text)).toEqual({
      kind: 'nginx',
      hostname: 'bbb-proxy.example.com',
      hosts: nodes.map((node, index) => ({ name: `bbb-0${index + 1}`, ...node })),
      passedOver: 0,
    });
    // As well where it is but a snippet.
    expect(read(location('bbb-01'))).toMatchObject({ kind: 'nginx', hostname: undefined });
  });

  it('an ssh configuration', () => {
    const text =
      'Host bbb-01 bbb-02\n  HostName %h.example.com\n  User ops\nHost proxy-1\n  HostName 192.0.2.5\n  Port=2222\nMatch all\n  User x\nHost *\n  User me\n';
    expect(read(text)).toMatchObject({
      kind: 'ssh-config',
      hosts: [
        { name: 'bbb-01', hostname: 'bbb-01.example.com', user: 'ops' },
        { name: 'bbb-02', hostname: 'bbb-02.example.com', user: 'ops' },
        { name: 'proxy-1', address: '192.0.2.5', port: 2222, isDoor: true },
      ],
    });
  });
});

it('hosts of the ssh configuration that is used go on to be reached by what it calls them', () => {
  const { hosts } = read(
    'Host bbb-01\n HostName bbb-01.example.com\n ProxyJump gate\nHost proxy-1\n HostName 192.0.2.5\n Port 2222\nHost bbb-02.example.com\n User ops\n',
  );
  expect(hosts.map(({ hasMore }) => hasMore)).toEqual([true, undefined, undefined]);
  expect(hosts.map(reachedByAlias).map((host) => inRole(host, 'node'))).toEqual([
    { role: 'node', name: 'bbb-01', hostname: 'bbb-01.example.com', address: 'bbb-01' },
    { role: 'node', name: 'proxy-1' },
    // It counts again once the inventory names somebody for all hosts.
    { role: 'node', hostname: 'bbb-02.example.com', user: 'ops' },
  ]);
});

describe('files that mean no good', () => {
  const bomb = `a: &a [x,x]\n${'bcdefghijklmnopq'
    .split('')
    .map((key, index) => `${key}: &${key} [*${'abcdefghijklmnop'[index]},*${'abcdefghijklmnop'[index]}]`)
    .join('\n')}\n`;
  it.each([
    ['nothing', '', 'from-unknown'],
    ['bytes', '\x7fELF\x02\x01\x00\x00', 'from-unknown'],
    ['a YAML bomb', bomb, 'from-unknown'],
    ['prose', 'Dear all,\nplease find the list attached.\n', 'from-unknown'],
    ['names with escapes', '[nodes]\n\x1b]0;x\x07\n', 'from-unknown'],
    ['names that are none', '[nodes]\n$(reboot)\n../../etc\n', 'from-empty'],
    [
      'too many',
      `[nodes]\n${Array.from({ length: 501 }, (_, index) => `n${index}`).join('\n')}`,
      'from-too-many',
    ],
    ['a range without end', '[nodes]\na[1:9999]\nb[1:9999]\nc[1:9999]\n', 'from-too-many'],
  ])('%s', (_name, text, code) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ problem: expect.objectContaining({ code }) }));
  });

  it('passes over what is no host, and takes the others', () => {
    expect(read('[nodes]\nbbb-01.example.com\n-oProxyCommand=x\n')).toMatchObject({
      hosts: [nodes[0]],
      passedOver: 1,
    });
  });

  it('whatever the text is, there are sound hosts or an error with a code', () => {
    const word = fc.constantFrom(
      ...[
        '[nodes]',
        'Host ',
        'location /a/html5client/ {',
        '}',
        'proxy_pass https://',
        'hosts:',
        'all:',
        ' ',
        '\n',
        '  ',
      ],
      ...[
        'url: ',
        'bbb-01',
        '.example.com',
        'ansible_host=',
        '{',
        ']',
        '&a',
        '*a',
        '"',
        '\u202e',
        '=',
        ':',
        '22',
      ],
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(texts, fc.option(fc.constantFrom(...listKinds), { nil: undefined }), (text, kind) => {
        try {
          const { hosts } = readList('list', text, kind);
          expect(hosts.length).toBeGreaterThan(0);
          expect(JSON.stringify(hosts)).toMatch(/^[\x20-\x7e]*$/);
        } catch (error) {
          if (!(error instanceof OperatorError)) throw error;
          expect(error.code).toMatch(/^from-/);
        }
      }),
    );
  });
});
