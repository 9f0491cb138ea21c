import { describe, expect, it } from 'vitest';
import { managedBlocks } from '../../../src/formats/haproxy.ts';
import { mergeReads } from '../../../src/model/merge-reads.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { PlannedHost } from '../../../src/steps/cross-check.ts';
import { haproxyFrontendBlock, haproxyRulesBlock } from '../../../src/steps/haproxy/block-formats.ts';
import { haproxyPaths } from '../../../src/steps/haproxy/haproxy-paths.ts';
import { stepModules } from '../../../src/steps/registry.ts';
import { isReadable } from '../../../src/steps/relay/trusted-certificates.ts';
import { StepHost } from '../../../src/virtual/step-host.ts';
import { VirtualHost } from '../../../src/virtual/virtual-host.ts';
import { selfSigned } from '../../support/certificates.ts';
import { haproxyCheck, withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { runStep, textAt } from '../../support/run-step.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';
import {
  certificate,
  frontend,
  hostname,
  locations,
  nodeNamed,
  packages,
  path,
  stockText,
} from './proxy-parameters.ts';

const pair = selfSigned(hostname);
const pem = pair.certificate + pair.key;
const withNodes = (text: string, parameters: object = locations) =>
  runStep('haproxy-locations', parameters, { packages, files: { [path]: text } }).text(path) ?? '';
const own = (text: string, more: object = {}) =>
  runStep('haproxy-frontend', { ...frontend, ...more }, { files: { [path]: text, [certificate]: pem } });
const rules = (text: string, more: object = {}) =>
  runStep('haproxy-rules', { cluster: 'prod', hostname, ...more }, { files: { [path]: text } });
const withoutCertificate = {
  files: { [path]: stockText },
  answers: [[isReadable(certificate), { status: 1, output: '' }]],
} as const;
const files = { [certificate]: pem, '/etc/ssl/certs/ca-certificates.crt': pair.certificate };

describe('haproxy-frontend', () => {
  it('has a rule for each path of the blocks that are there, the longest first', () => {
    const { text, managed, warnings } = own(withNodes(stockText));
    expect(warnings).toEqual([]);
    expect(managed).toEqual([{ path, format: 'haproxy-frontend', key: ['prod'] }]);
    const block = managedBlocks(text(path) ?? '').get('prod frontend') ?? '';
    expect(block.match(/^ {4}use_backend .*html5client.*$/gm)).toEqual([
      '    use_backend clusterproxy:node:prod:bbb-01 if { path_beg /bbb-01/html5client/ }',
      '    use_backend clusterproxy:node:prod:bbb-02 if { path_beg /bbb-02/html5client/ }',
      '    use_backend clusterproxy:node:prod:bbb-01 if { path /bbb-01/html5client }',
      '    use_backend clusterproxy:node:prod:bbb-02 if { path /bbb-02/html5client }',
    ]);
    // A node of the list that is kept out of reach keeps its rules, since its block is what counts.
    const one = withNodes(text(path) ?? '', { ...locations, nodes: [nodeNamed('bbb-01')] });
    expect(own(one).changed).toEqual([]);
    const retired = [nodeNamed('bbb-01'), nodeNamed('bbb-02', {}, { state: 'retired' })];
    const left = own(withNodes(one, { ...locations, nodes: retired }));
    expect(left.text(path)).not.toContain('bbb-02');
    expect(haproxyFrontendBlock.remove(own(stockText).text(path) ?? '', ['prod'])).toBe(stockText);
  });

  it('sends a path without its slash to whom it belongs', () => {
    const at = (path: string, name: string) => ({ path, target: `https://${name}.example.com${path}` });
    const nodes = [
      nodeNamed('bbb-01', {}, { recipe: { verify: false, locations: [at('/a/b/', 'bbb-01')] } }),
      nodeNamed('bbb-02', {}, { recipe: { verify: false, locations: [at('/a/b', 'bbb-02')] } }),
    ];
    const { text } = own(withNodes(stockText, { ...locations, nodes }));
    expect(text(path)?.match(/use_backend .*\/a.*/g)).toEqual([
      'use_backend clusterproxy:node:prod:bbb-01 if { path_beg /a/b/ }',
      'use_backend clusterproxy:node:prod:bbb-02 if { path_beg /a/b }',
    ]);
  });

  it('listens as it is told', () => {
    const binds = (more: object) =>
      own(stockText, more)
        .text(path)
        ?.match(/(?<= {4})bind .*/g);
    const options = `ssl crt ${certificate} alpn h2,http/1.1 ssl-min-ver TLSv1.2`;
    expect(binds({})).toEqual([
      `bind *:443 ${options}`,
      `bind [::]:443 v6only ${options}`,
      'bind *:80',
      'bind [::]:80 v6only',
    ]);
    expect(binds({ ipv6: false, http2: false, redirect_http: false })).toEqual([
      `bind *:443 ${options.replace('h2,', '')}`,
    ]);
  });

  it.skipIf(withoutHaproxy !== undefined).each<[string, string, object]>([
    ['the package’s file', stockText, {}],
    ['no log', 'global\n    daemon\n', {}],
    ['without redirect', stockText, { redirect_http: false, ipv6: false }],
    [
      'an operator’s own sections',
      `${stockText}frontend a\n    bind 127.0.0.1:443\n    default_backend b\nbackend b\n`,
      {},
    ],
  ])('passes haproxy -c without a warning: %s', (_, text, more) => {
    for (const start of [text, withNodes(text)]) {
      expect(haproxyCheck(own(start, more).text(path) ?? '', files)).toBe('');
    }
  });

  it('needs the certificate, and asks for it without fetching its key', () => {
    const { paths = [] } = stepModules.get('haproxy-frontend')?.reads(frontend as never) ?? {};
    expect(paths).not.toContain(certificate);
    expect(() => runStep('haproxy-frontend', frontend, withoutCertificate)).toThrow(
      expect.objectContaining({ code: 'certificate-missing', message: expect.stringContaining(certificate) }),
    );
    const answers = [[isReadable(certificate), { status: 0, output: '' }]] as const;
    expect(runStep('haproxy-frontend', frontend, { ...withoutCertificate, answers }).changed).toEqual([path]);
  });

  it('takes a certificate that an earlier step of the same run writes', () => {
    const [bundle, site] = ['file', 'haproxy-frontend'].map((name) => stepModules.get(name));
    const made = { path: certificate, content: pem };
    const reads = [bundle?.reads(made as never), site?.reads(frontend as never)];
    const all = mergeReads(reads.map((one) => ({ ...noReads, ...one })));
    const host = new VirtualHost(snapshotOf(withoutCertificate, all));
    bundle?.apply(new StepHost(host, 'bundle'), bundle.parameters.parse(made));
    site?.apply(new StepHost(host, 'site'), site.parameters.parse(frontend));
    expect(textAt(host, path)).toContain(`ssl crt ${certificate}`);
  });

  it.each([
    [
      'bind *:443 ssl crt /x',
      ':13: frontend web listens on port 443 already',
      'into frontend web, or let it listen elsewhere',
    ],
    ['bind 192.0.2.5:8080,192.0.2.5:440-450', 'port 443', 'proxy_server: include'],
    [`bind "$\{ADDRESS}:443"`, 'port 443', 'proxy_server: include'],
    ['bind ipv4@:443 ssl crt /x', 'port 443', 'proxy_server: include'],
    ['bind [2001:db8::5]:443', 'port 443', 'proxy_server: include'],
    ['bind :::80 v6only', 'port 80', '"redirect_http: false"'],
    ['bind ipv6@:443', 'port 443', 'proxy_server: include'],
    ['bind [::]:80', 'port 80', '"redirect_http: false"'],
  ])('refuses a port that is taken: %s', (bind, message, next) => {
    expect(() => own(`${stockText}\nfrontend web\n    ${bind}\n`)).toThrow(
      expect.objectContaining({
        code: 'port-taken',
        message: expect.stringContaining(message),
        problem: expect.objectContaining({ next: expect.stringContaining(next) }),
      }),
    );
  });

  it.each<[string, object]>([
    ['bind 127.0.0.1:443', {}],
    ['bind [::1]:80', {}],
    ['bind quic4@:443 ssl crt /x alpn h3', {}],
    ['bind unix@/run/x:443', {}],
    ['bind :8443', {}],
    ['bind [2001:db8::5]:443', { ipv6: false }],
    ['bind [::]:443 v6only', { ipv6: false }],
    ['bind ipv6@:443 v6only', { ipv6: false }],
    ['bind :80', { redirect_http: false }],
    ['bind :443\n    disabled', {}],
  ])('leaves alone what listens elsewhere: %s', (bind, more) => {
    expect(own(`${stockText}\nfrontend web\n    ${bind}\n`, more).changed).toEqual([path]);
  });

  it('knows that all addresses of IPv6 may be those of IPv4 too', () => {
    for (const bind of ['[::]:443', ':::443', 'ipv6@:443']) {
      expect(() => own(`${stockText}\nfrontend web\n    bind ${bind}\n`, { ipv6: false }), bind).toThrow(
        expect.objectContaining({ code: 'port-taken' }),
      );
    }
  });

  it('knows ports and names of files in conf.d', () => {
    const beside = (text: string) => () =>
      runStep('haproxy-frontend', frontend, {
        files: { [path]: stockText, [certificate]: pem, '/etc/haproxy/conf.d/a.cfg': text },
      });
    expect(beside('frontend site\n    bind :443 ssl crt /x\n')).toThrow(
      expect.objectContaining({
        code: 'port-taken',
        message: expect.stringContaining(
          '/etc/haproxy/conf.d/a.cfg:2: frontend site listens on port 443 already',
        ),
        problem: expect.objectContaining({
          next: expect.stringContaining(`move frontend site to ${path} and set "proxy_server: include"`),
        }),
      }),
    );
    expect(beside('\nbackend clusterproxy:acme:prod\n')).toThrow(
      expect.objectContaining({
        code: 'section-name-taken',
        message: expect.stringContaining('/etc/haproxy/conf.d/a.cfg:2: backend clusterproxy:acme:prod'),
      }),
    );
    expect(beside('frontend "site\n')).toThrow(expect.objectContaining({ code: 'file-not-understood' }));
    expect(beside('frontend site\n    bind :8443 ssl crt /x\n')().changed).toEqual([path]);
  });

  it('names the other cluster that has the port', () => {
    const there = own(stockText, { cluster: 'school' }).text(path) ?? '';
    expect(() => own(there)).toThrow(
      expect.objectContaining({
        code: 'port-taken',
        message: expect.stringContaining(
          'frontend clusterproxy:https:school of the cluster school listens on port 443',
        ),
      }),
    );
  });
});

describe('haproxy-rules', () => {
  const operator = `${stockText}
frontend plain
    bind :80
    http-request redirect scheme https

frontend web
    bind :80
    bind :443 ssl crt ${certificate}
    http-request set-header X-A b
    use_backend static if { path_beg /static/ }
    default_backend site

backend static
    server a 192.0.2.1:80

backend site
    server a 192.0.2.2:80
`;

  it('puts rules for the cluster’s name before others of the frontend on port 443', () => {
    const before = withNodes(operator);
    const { text, managed, warnings } = rules(before);
    expect(warnings).toEqual([]);
    expect(managed).toEqual([{ path, format: 'haproxy-rules', key: ['prod', 'web'] }]);
    const after = text(path) ?? '';
    const block = managedBlocks(after).get('prod rules') ?? '';
    expect(block.split('\n')[2]).toBe(
      '    use_backend clusterproxy:node:prod:bbb-01 if { req.fhdr(host) -m reg -i ^bbb-proxy[.]example[.]com[.]?(:[0-9]+)?$ } { path_beg /bbb-01/html5client/ }',
    );
    expect(after).toContain('# clusterproxy: end prod rules\n    use_backend static if');
    expect(haproxyRulesBlock.remove(after, ['prod', 'web'])).toBe(before);
    expect(haproxyRulesBlock.remove(after, ['prod', 'plain'])).toBe(after);
    expect(haproxyRulesBlock.set(before, ['prod', 'web'], block)).toBe(after);
    expect(haproxyRulesBlock.set(before, ['prod', 'gone'], block)).toBe(before);
    expect(haproxyRulesBlock.get(after, ['prod', 'web'])).toBe(block);
    if (withoutHaproxy === undefined) expect(haproxyCheck(after, files)).toBe('');
  });

  it('makes room for a second cluster with nodes of the same name', () => {
    const one = rules(withNodes(operator)).text(path) ?? '';
    const second = { ...locations, cluster: 'school', hostname: 'school.example.com' };
    const { text } = rules(withNodes(one, second), { cluster: 'school', hostname: second.hostname });
    const after = text(path) ?? '';
    expect(managedBlocks(after).get('prod rules')).toBe(managedBlocks(one).get('prod rules'));
    expect(managedBlocks(after).get('school rules')).toContain('use_backend clusterproxy:node:school:bbb-02');
    if (withoutHaproxy === undefined) expect(haproxyCheck(after, files)).toBe('');
  });

  it('moves with the frontend that is named, and goes with the last node', () => {
    const more = `${withNodes(operator)}\nfrontend late\n    bind :8443 ssl crt ${certificate}\n    default_backend site\n    http-request set-header X-B c\n`;
    const first = rules(more).text(path) ?? '';
    const moved = rules(first, { frontend: 'late' });
    expect(moved.managed.map(({ key }) => key)).toEqual([['prod', 'late']]);
    expect(moved.text(path)).toContain('X-B c\n# clusterproxy: begin prod rules\n');
    if (withoutHaproxy === undefined) expect(haproxyCheck(moved.text(path) ?? '', files)).toBe('');
    const nodes = locations.nodes.map((node) => ({ ...node, state: 'retired' }));
    const gone = rules(withNodes(first, { ...locations, nodes }));
    expect(gone.managed).toEqual([]);
    expect(gone.text(path)).toBe(
      haproxyRulesBlock.remove(withNodes(first, { ...locations, nodes }), ['prod', 'web']),
    );
  });

  it.each<[string, string, object, string, string]>([
    [
      'no frontend with TLS',
      'frontend a\n    bind :443\nlisten b\n    bind 127.0.0.1:443 ssl crt /x\n',
      {},
      'server-not-found',
      'it has frontend a (line 12, bind :443); listen b (line 14, bind 127.0.0.1:443)',
    ],
    ['none at all', '', {}, 'server-not-found', 'it has none'],
    [
      'two of them',
      'frontend a\n    bind 192.0.2.1:443 ssl crt /x\nfrontend b\n    bind 192.0.2.2:443 ssl crt /x\n',
      {},
      'server-ambiguous',
      'frontend a (line 12, bind 192.0.2.1:443); frontend b (line 14, bind 192.0.2.2:443)',
    ],
    [
      'a name that is not there',
      'frontend a\n',
      { frontend: 'b' },
      'server-not-found',
      'no frontend b; it has frontend a',
    ],
    [
      'mode tcp',
      'frontend a\n    mode tcp\n',
      { frontend: 'a' },
      'server-not-reached',
      'frontend a has mode tcp',
    ],
    [
      'mode tcp of defaults that it names',
      'defaults streams\n    mode tcp\ndefaults pages\n    mode http\nfrontend a from streams\n',
      { frontend: 'a' },
      'server-not-reached',
      'frontend a has mode tcp',
    ],
    [
      'a frontend that only redirects',
      'frontend a\n    bind :443 ssl crt /x\n    http-request redirect prefix https://x.example.com\n',
      {},
      'server-not-reached',
      ':14: "http-request redirect prefix https://x.example.com" answers every request of frontend a',
    ],
  ])('refuses %s', (_, added, more, code, message) => {
    expect(() => rules(`${stockText}\n${added}`, more)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it('says so where the frontend stands in a file of conf.d', () => {
    const beside = (text: string, frontend = '', main = stockText) => {
      const files = { [path]: main, '/etc/haproxy/conf.d/site.cfg': text };
      return runStep('haproxy-rules', { cluster: 'prod', hostname, frontend }, { files });
    };
    const site = '# of ours\nfrontend site\n    bind :443 ssl crt /x\n';
    const refused = expect.objectContaining({
      code: 'server-not-found',
      message: expect.stringContaining(
        `/etc/haproxy/conf.d/site.cfg:2: frontend site answers browsers, and clusterproxy writes rules only to ${path}`,
      ),
    });
    expect(() => beside(site)).toThrow(refused);
    expect(() => beside(site, '', operator)).toThrow(refused);
    expect(() => beside(site, 'site')).toThrow(refused);
    expect(beside(site, 'web', operator).warnings).toEqual([]);
    for (const other of ['    bind :8443 ssl crt /x', '    bind :443 ssl crt /x\n    mode tcp']) {
      expect(beside(`frontend site\n${other}\n`, '', operator).warnings).toEqual([]);
    }
  });

  it('names lines of the frontend that may take requests away from ours', () => {
    const lines = [
      '    acl node path_beg /bbb-01/',
      '    http-request replace-path /bbb-01(/.*) \\1 if node',
      '    http-request deny if { path /admin }',
      '    http-request deny if { path_beg /bbb-01/ } { hdr(host) other.example.com }',
    ].map((line) => `${line}\n`);
    const there = operator.replace(
      '    http-request set-header',
      `${lines.join('')}    http-request set-header`,
    );
    expect(rules(withNodes(there)).warnings).toEqual([
      expect.stringMatching(
        /haproxy\.cfg:\d+: "http-request replace-path \/bbb-01\(\/\.\*\) \\1 if node" is about paths of the nodes/,
      ),
    ]);
  });

  it('says that browsers want TLS, unless it ends elsewhere', () => {
    const warned = (bind: string) =>
      rules(`${stockText}\nfrontend a\n    bind ${bind}\n`, { frontend: 'a' }).warnings;
    expect(warned(':80')).toEqual([
      `${path}:12: frontend a has no TLS: browsers allow microphones on https pages only`,
    ]);
    for (const bind of [':443 ssl crt /x', ':81 accept-proxy', '127.0.0.1:81'])
      expect(warned(bind)).toEqual([]);
  });
});

it('tells where HAProxy relays what a node does not serve', () => {
  const source = '/usr/share/bigbluebutton/nginx/bbb-html5.nginx';
  const served = (text: string) => {
    const parameters = {
      ...{ sources: [source], look_in: [], client: '/html5client', prefix: '/bbb-01' },
      ...{ path: '/etc/bigbluebutton/nginx/zz-clusterproxy.nginx', variables: {}, redirects: [] },
    };
    const { host, managed } = runStep('nginx-prefix', parameters, { files: { [source]: text } });
    return { host, steps: [{ module: 'nginx-prefix', parameters, managed }] };
  };
  const client = 'location /html5client/ {\n  root /x;\n}\n';
  const relay = (parameters: typeof locations) => {
    const { host, managed } = runStep('haproxy-locations', parameters, {
      packages,
      files: { [path]: stockText },
    });
    return { host, steps: [{ module: 'haproxy-locations', parameters, managed }] };
  };
  const check = (parameters: typeof locations, text: string) =>
    haproxyPaths.check(
      new Map<string, PlannedHost>([
        ['proxy', relay(parameters)],
        ['bbb-01', served(text)],
      ]),
    );
  expect(check(locations, client).size).toBe(0);
  const others = { ...locations, nodes: [nodeNamed('bbb-02')] };
  expect(check(others, client).get('bbb-01')).toMatchObject({
    code: 'locations-differ',
    message: expect.stringContaining('proxy will have no location that relays to bbb-01'),
  });
  const moved = nodeNamed('bbb-01');
  const target = 'https://bbb-01.example.com/bbb-01/html5client/';
  const recipe = { ...moved.recipe, locations: [{ path: '/else/', target }] };
  expect(check({ ...locations, nodes: [{ ...moved, recipe }] }, client).get('bbb-01')).toMatchObject({
    message: expect.stringContaining('under /else/ what bbb-01 serves under /bbb-01/html5client/'),
  });
});
