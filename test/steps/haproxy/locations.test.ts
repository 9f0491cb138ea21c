import { describe, expect, it } from 'vitest';
import { managedBlocks } from '../../../src/formats/haproxy.ts';
import type { Value } from '../../../src/formats/keyed-format.ts';
import { forHost } from '../../../src/steps/haproxy/answers.ts';
import { haproxyNode } from '../../../src/steps/haproxy/block-formats.ts';
import { routesOf } from '../../../src/steps/haproxy/read-backends.ts';
import { askVersion } from '../../../src/steps/haproxy/version.ts';
import { relaysByHand } from '../../../src/steps/relay/by-hand/by-hand.ts';
import { selfSigned } from '../../support/certificates.ts';
import { haproxyCheck, withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { runStep } from '../../support/run-step.ts';
import { hostname, locations, nodeNamed, packages, path, stockText } from './proxy-parameters.ts';

const stock = { packages, files: { [path]: stockText } };
const authorities = { '/etc/ssl/certs/ca-certificates.crt': selfSigned('authority.example.com').certificate };
const server = (text: string | undefined) =>
  [...(text ?? '').matchAll(/^ {4}(server .*)$/gm)].map((one) => one[1]);

describe('haproxy-locations', () => {
  it('writes one block for each node, between global and the rest, which stays as it is', () => {
    const { text, managed, warnings, changed } = runStep('haproxy-locations', locations, stock);
    expect([warnings, changed]).toEqual([[], [path]]);
    expect(managed).toEqual(
      ['bbb-01', 'bbb-02'].map((name) => ({ path, format: 'haproxy-node', key: ['prod', name] })),
    );
    const after = text(path) ?? '';
    const [before, behind] = stockText.split(/(?=^defaults)/m);
    expect(after.startsWith(`${before}# clusterproxy: begin prod/bbb-01\n`)).toBe(true);
    expect(after.endsWith(`# clusterproxy: end prod/bbb-02\n${behind}`)).toBe(true);
    expect(routesOf(managedBlocks(after).get('prod/bbb-01') ?? '')).toEqual([
      {
        backend: 'clusterproxy:node:prod:bbb-01',
        path: '/bbb-01/html5client/',
        target: '/bbb-01/html5client/',
      },
      {
        backend: 'clusterproxy:node:prod:bbb-01',
        path: '/bbb-01/bigbluebutton/api',
        target: '/bigbluebutton/api',
      },
    ]);
    expect(server(after)[0]).toBe(
      'server node 192.0.2.11:443 ssl sni str(bbb-01.example.com) alpn http/1.1 verify required ca-file /etc/ssl/certs/ca-certificates.crt verifyhost bbb-01.example.com',
    );
    // Given back as it was.
    const rest = ['bbb-01', 'bbb-02'].reduce((sum, name) => haproxyNode.remove(sum, ['prod', name]), after);
    expect(rest).toBe(stockText);
  });

  it('says how each server is reached', () => {
    const locations = [
      { path: '/a/', target: 'http://bbb-01.example.com/a/' },
      { path: '/b/', target: 'https://bbb-01.example.com:8443/b/' },
      { path: '/c', target: 'https://Files.example.com' },
    ];
    const nodes = [
      nodeNamed('bbb-01', { address: '2001:db8::11' }, { recipe: { verify: false, locations } }),
      nodeNamed('bbb-02', {}, { given_address: undefined }),
    ];
    const { text } = runStep(
      'haproxy-locations',
      { cluster: 'prod', hostname, nodes, trusted_certificate: '/etc/ssl/our "own" $authorities.pem' },
      stock,
    );
    expect(server(text(path))).toEqual([
      'server node [2001:db8::11]:80',
      'server node [2001:db8::11]:8443 ssl sni str(bbb-01.example.com) alpn http/1.1 verify none',
      'server node Files.example.com:443 ssl sni str(files.example.com) alpn http/1.1 verify none init-addr last,libc,none',
      String.raw`server node bbb-02.example.com:443 ssl sni str(bbb-02.example.com) alpn http/1.1 verify required ca-file "/etc/ssl/our \"own\" \$authorities.pem" verifyhost bbb-02.example.com init-addr last,libc,none`,
    ]);
    expect(routesOf(managedBlocks(text(path) ?? '').get('prod/bbb-01') ?? '')).toEqual([
      { backend: 'clusterproxy:node:prod:bbb-01', path: '/a/', target: '/a/' },
      { backend: 'clusterproxy:node:prod:bbb-01:2', path: '/b/', target: '/b/' },
      { backend: 'clusterproxy:node:prod:bbb-01:3', path: '/c', target: '/c' },
    ]);
  });

  it('keeps two clusters with nodes of the same name apart in one file', () => {
    const first = runStep('haproxy-locations', locations, stock).text(path) ?? '';
    const both = { packages, files: { [path]: first } };
    const other = { ...locations, cluster: 'prod-2', hostname: 'two.example.com' };
    const second = runStep('haproxy-locations', { ...other, prune: true }, both);
    expect([second.warnings, second.drops]).toEqual([[], []]);
    expect(second.managed.map(({ key }) => key)).toEqual([
      ['prod-2', 'bbb-01'],
      ['prod-2', 'bbb-02'],
    ]);
    const text = second.text(path) ?? '';
    expect([...managedBlocks(text).keys()]).toEqual([
      'prod/bbb-01',
      'prod/bbb-02',
      'prod-2/bbb-01',
      'prod-2/bbb-02',
    ]);
    const left = { ...other, nodes: other.nodes.map((node) => ({ ...node, state: 'retired' })) };
    expect(runStep('haproxy-locations', left, { packages, files: { [path]: text } }).text(path)).toBe(first);
  });

  describe('keeps the block', () => {
    const before = runStep('haproxy-locations', locations, stock).text(path) ?? '';
    const there = { packages, files: { [path]: before } };

    it('of a node that could not be looked at, is off, or is about to leave', () => {
      for (const more of [{ known: false, recipe: undefined }, { state: 'off' }, { state: 'leaving' }]) {
        const nodes = [nodeNamed('bbb-01'), nodeNamed('bbb-02', {}, more)];
        expect(runStep('haproxy-locations', { ...locations, nodes }, there).changed).toEqual([]);
      }
    });

    it('of a node whose name does not resolve', () => {
      const nodes = [nodeNamed('bbb-01'), nodeNamed('bbb-02', {}, { given_address: undefined })];
      const { changed, warnings } = runStep(
        'haproxy-locations',
        { ...locations, nodes },
        { ...there, names: [] },
      );
      expect(changed).toEqual([]);
      expect(warnings).toEqual([
        'bbb-02.example.com does not resolve on this host: its locations stay as they are for bbb-02, and HAProxy answers 503 for them until it is reloaded with a name that resolves',
      ]);
    });

    it('of a node that is not in the inventory, unless it is pruned, and names who it may be now', () => {
      const { recipe, ...was } = nodeNamed('bbb-02', { address: '192.0.2.12' });
      const moved = recipe.locations.map((one) => ({ ...one, path: one.path.replace('bbb-02', 'bbb-09') }));
      const renamed = { ...was, name: 'bbb-09', recipe: { ...recipe, locations: moved } };
      const first = [nodeNamed('bbb-01'), nodeNamed('bbb-02', { address: '192.0.2.12' })];
      const text = runStep('haproxy-locations', { ...locations, nodes: first }, stock).text(path) ?? '';
      const nodes = [nodeNamed('bbb-01'), renamed];
      const kept = runStep(
        'haproxy-locations',
        { ...locations, nodes },
        { packages, files: { [path]: text } },
      );
      expect(kept.warnings).toEqual([
        expect.stringContaining("they lead where those of bbb-09 do, so it may be bbb-09's former name"),
      ]);
      const pruned = runStep(
        'haproxy-locations',
        { ...locations, nodes: [nodeNamed('bbb-01')], prune: true },
        there,
      );
      expect(pruned.drops).toEqual(['the locations of bbb-02']);
      expect(pruned.text(path)).not.toContain('bbb-02');
    });

    it('but not of a node that is retired', () => {
      const nodes = [nodeNamed('bbb-01'), nodeNamed('bbb-02', {}, { state: 'retired' })];
      const { text, managed } = runStep('haproxy-locations', { ...locations, nodes }, there);
      expect(text(path)).not.toContain('bbb-02');
      expect(managed).toHaveLength(1);
    });
  });

  it.each([
    ['a line behind a block', '    maxconn 10\n', 'line-in-our-section', 'haproxy.cfg:62: "maxconn"'],
    [
      'a section of our name',
      'backend clusterproxy:node:prod:bbb-03\n',
      'section-name-taken',
      ':62: backend clusterproxy:node:prod:bbb-03',
    ],
    ['a quote that is not closed', 'frontend a\n    bind "x\n', 'file-not-understood', 'never closed'],
  ])('refuses %s', (_, added, code, message) => {
    const text = runStep('haproxy-locations', locations, { packages, files: { [path]: 'global\n' } }).text(
      path,
    );
    const files = { [path]: (text ?? '') + added };
    expect(() => runStep('haproxy-locations', locations, { packages, files })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it('refuses a HAProxy that is too old', () => {
    const answers = [[askVersion, { status: 0, output: 'HA-Proxy version 2.0.33 2023/08/16\n' }] as const];
    for (const [module, parameters] of [
      ['haproxy-locations', locations],
      ['haproxy-rules', { cluster: 'prod', hostname }],
      ['haproxy-frontend', { cluster: 'prod', hostname, certificate: '/x.pem' }],
    ] as const) {
      expect(() => runStep(module, parameters, { ...stock, answers })).toThrow(
        expect.objectContaining({ code: 'haproxy-too-old' }),
      );
    }
  });

  it('has words for a HAProxy that somebody else maintains', () => {
    const words =
      relaysByHand.byHand?.({ ...locations, software: 'haproxy' } as unknown as Value, { hostname }) ?? [];
    expect(words.map(({ title }) => title)).toEqual([
      "backends for bbb-proxy.example.com, whose server is maintained elsewhere (in HAProxy's syntax)",
      'rules for the frontend of bbb-proxy.example.com, before its other "use_backend" lines (in HAProxy\'s syntax)',
    ]);
    const [backends = '', rules = ''] = words.map(({ text }) => text);
    expect(rules).toContain(
      'use_backend clusterproxy:node:prod:bbb-01 if { req.fhdr(host) -m reg -i ^bbb-proxy[.]example[.]com[.]?(:[0-9]+)?$ } { path_beg /bbb-01/html5client/ }\n',
    );
    if (withoutHaproxy === undefined) {
      const text = `${backends}\nfrontend f\n    bind :8443\n    mode http\n    timeout client 5s\n${rules}`;
      expect(haproxyCheck(text.replaceAll(/(?<=server node )[^:]+/g, '192.0.2.1'), authorities)).toBe('');
    }
  });

  it.skipIf(withoutHaproxy !== undefined)('passes haproxy -c without a warning, wherever it stands', () => {
    for (const text of ['', stockText, 'defaults\n    mode tcp\n    retries 9\n', 'global\n\tdaemon']) {
      const after = runStep('haproxy-locations', locations, { packages, files: { [path]: text } }).text(path);
      // It wants something to listen on.
      const some = `${after}\nfrontend f\n    mode http\n    bind :8443\n    timeout client 5s\n`;
      expect(haproxyCheck(some, authorities)).toBe('');
    }
  });
});

describe('rules that were set up by hand', () => {
  const byHand = `${stockText}
frontend web
    bind :443 ssl crt /x
    acl first path_beg /bbb-01/
    acl ours hdr(host) -i ${hostname}
    acl also path_dir bbb-02
    acl other path /bbb-02/html5client
    http-request set-header X-A b if also
    use_backend one if first ours
    use_backend one if { path_beg /bbb-01/html5client } or { path -m beg -i /bbb-01/bigbluebutton/api/x }
    use_backend two if other
    use_backend two if { req.hdr(host) elsewhere.example.com } { path_beg /bbb-01/ }
    use_backend two if { path_beg /bbb-01/ /learn/ }
    use_backend two if !{ path_beg /bbb-01/ }
    use_backend two unless first
    use_backend two if { path_beg / }
    default_backend two

backend one
    server a 192.0.2.1:80

backend two
    server a 192.0.2.2:80
`;
  const host = { packages, files: { [path]: byHand } };

  it('are refused, with their lines and what they go by', () => {
    expect(() => runStep('haproxy-locations', locations, host)).toThrow(
      expect.objectContaining({
        code: 'set-up-by-hand',
        found: [
          `${path}:19: use_backend one if first ours (acl first path_beg /bbb-01/; acl ours hdr(host) -i ${hostname})`,
          `${path}:20: use_backend one if { path_beg /bbb-01/html5client } or { path -m beg -i /bbb-01/bigbluebutton/api/x }`,
          `${path}:21: use_backend two if other (acl other path /bbb-02/html5client)`,
        ],
      }),
    );
  });

  it('are taken out with adopt, and nothing else is', () => {
    const { text, warnings } = runStep('haproxy-locations', { ...locations, adopt: true }, host);
    const rest = ['bbb-01', 'bbb-02'].reduce(
      (sum, name) => haproxyNode.remove(sum, ['prod', name]),
      text(path) ?? '',
    );
    expect(rest).toBe(byHand.replace(/^ *use_backend (?:one|two if other).*\n/gm, ''));
    expect(warnings).toEqual(
      ['the acl ours of frontend web', 'the acl other of frontend web', 'the backend one'].map(
        (one) => `${path}: nothing uses ${one} any more; remove it if you don't need it`,
      ),
    );
  });

  it.each([
    ['an alternative that is about something else', '{ path_beg /bbb-01/html5client/ } or is_vip'],
    ['the same with ||', 'is_vip || { path_beg /bbb-01/html5client/ }'],
    ['an alternative with other paths', '{ path_beg /bbb-01/ } or { path_beg /learn/ }'],
    ['a method', '{ path_beg /bbb-01/ } METH_POST'],
    ['addresses', '{ path_beg /bbb-01/ } is_vip'],
    ['all but some addresses', '{ path_beg /bbb-01/ } !is_vip'],
    ['all but a path', '{ path_beg /bbb-01/ } !{ path_beg /bbb-01/bigbluebutton/ }'],
    ['all but a path, with the sign apart', '{ path_beg /bbb-01/ } ! { path_beg /bbb-01/learn }'],
    ['other names as well', `{ path_beg /bbb-01/ } { hdr(host) -i ${hostname} other.example.com }`],
  ])('are for a person to decide if they have %s, also with adopt', (_, condition) => {
    const text = `${stockText}frontend web
    bind :443 ssl crt /x
    acl is_vip src 198.51.100.0/24
    use_backend vip if ${condition}
`;
    for (const adopt of [false, true]) {
      const run = () =>
        runStep('haproxy-locations', { ...locations, adopt }, { packages, files: { [path]: text } });
      expect(run, condition).toThrow(
        expect.objectContaining({
          code: 'rule-to-decide',
          message: expect.stringContaining(`${path}:14: use_backend vip if ${condition}`),
        }),
      );
    }
  });

  it.each([
    ['clients arrive elsewhere', 'bind :8443 ssl crt /x\n    use_backend a if { path_beg /bbb-01/ }'],
    ['it is off', 'bind :443\n    disabled\n    use_backend a if { path_beg /bbb-01/ } METH_POST'],
    ['the alternatives are for others', 'bind :443\n    use_backend a if { path_beg /a/ } or { path /b }'],
    [
      'other names are meant',
      'bind :443\n    use_backend a if { path_beg /bbb-01/ } METH_POST { hdr(host) other.example.com }',
    ],
  ])('are left alone where %s', (_, lines) => {
    const text = `${stockText}frontend web\n    ${lines}\n`;
    const run = runStep(
      'haproxy-locations',
      { ...locations, adopt: true },
      { packages, files: { [path]: text } },
    );
    expect(run.text(path)).toContain(lines);
  });

  it.each([
    ['several lines of an ACL', 'acl ours path_beg /bbb-01/\n    acl ours path_beg /bbb-02/', 'ours'],
    ['our own expression for the name', '', `{ ${forHost(hostname)} } { path_beg /bbb-01/ }`],
    ['alternatives', '', '{ path_beg /bbb-01/ } || { path_beg /bbb-02/ }'],
  ])('are found with %s', (_, acls, condition) => {
    const text = `${stockText}frontend web\n    bind 127.0.0.1:8443\n    ${acls}\n    use_backend a if ${condition}\n`;
    const run = () => runStep('haproxy-locations', locations, { packages, files: { [path]: text } });
    expect(run).toThrow(expect.objectContaining({ code: 'set-up-by-hand' }));
  });

  it('are not looked for in blocks of ours', () => {
    const one = runStep('haproxy-locations', locations, {
      packages,
      files: { [path]: `${stockText}frontend f\n    bind :443 ssl crt /x\n` },
    });
    const two = runStep(
      'haproxy-rules',
      { cluster: 'prod', hostname },
      { packages, files: { [path]: one.text(path) ?? '' } },
    );
    const again = runStep('haproxy-locations', locations, {
      packages,
      files: { [path]: two.text(path) ?? '' },
    });
    expect(again.changed).toEqual([]);
  });
});
