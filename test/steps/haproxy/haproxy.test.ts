import { describe, expect, it } from 'vitest';
import type { Query } from '../../../src/model/reads.ts';
import { maskFile } from '../../../src/secrets/mask-file.ts';
import { haproxy } from '../../../src/steps/haproxy/haproxy.ts';
import { haproxyParameters } from '../../../src/steps/haproxy/model.ts';
import { askMetricsPort } from '../../../src/steps/relay/metrics-port.ts';
import { selfSigned } from '../../support/certificates.ts';
import { haproxyCheck, withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { mistakes, runStep } from '../../support/run-step.ts';
import type { FakeHost } from '../../support/snapshot-from-folder.ts';

const path = '/etc/haproxy/haproxy.cfg';
const pem = '/etc/haproxy/certs/lb.pem';
const pair = selfSigned('lb.example.com');
const errors = Object.fromEntries(
  ['400', '503'].map((code) => [
    `/etc/haproxy/errors/${code}.http`,
    `HTTP/1.0 ${code} x\r\nContent-Length: 0\r\n\r\n`,
  ]),
);
const files = { [pem]: pair.certificate + pair.key, ...errors };
const stock: FakeHost = { files: { ...files, [path]: 'global\n\tdaemon\n' } };

const nodes = [
  { name: 'wcs-01', address: '192.0.2.11', state: 'active' },
  { name: 'wcs-02', address: '2001:db8::12', state: 'active' },
  { name: 'wcs-03', address: '192.0.2.13', state: 'retired' },
  { name: 'wcs-04', address: 'wcs-04.example.com', state: 'active' },
];
const wcsBackend = {
  name: 'wcs',
  balance: 'leastconn',
  set_client_address: 'X-Client-IP',
  check: { http: '/?action=stat', port: 8081, interval: '3s' },
  agent: { port: 9707 },
  weight: 100,
  maxconn: 2000,
  slowstart: '30s',
  hosts: nodes,
  port: 8080,
};
const wcs = {
  frontends: [
    { name: 'plain', bind: [{ port: 80 }], redirect_to_port: 443, acme_port: 8888 },
    {
      name: 'clients',
      bind: [{ port: 443, certificate: pem }],
      routes: [{ match: { websocket: true }, backend: 'wcs' }],
      default_backend: 'web',
    },
  ],
  backends: [wcsBackend, { name: 'web', servers: [{ name: 'nginx', address: '127.0.0.1', port: 8180 }] }],
};
const two = [
  { name: 'ams1', address: '192.0.2.21', port: 5080 },
  { name: 'ams2', address: '192.0.2.22', port: 5080 },
];
const antmedia = {
  ipv6: true,
  global: {
    maxconn: 2000,
    log: ['127.0.0.1 local0 notice'],
    server_state_file: '/run/haproxy-state/servers',
  },
  statistics: { user: 'admin', password: 'secr"et#1' },
  frontends: [
    { name: 'plain', bind: [{ port: 80 }], redirect_to_port: 443, acme_port: 8888 },
    { name: 'plain_5080', bind: [{ port: 5080 }], redirect_to_port: 5443, redirect_code: 308 },
    {
      name: 'https',
      bind: [
        { port: 443, certificate: pem },
        { port: 5443, certificate: pem, http2: false },
      ],
      routes: [
        { match: { path_end: ['.m3u8', '.ts', '.m4s', '.mpd'] }, backend: 'hls' },
        {
          match: { query: { name: 'target', value: 'edge' }, path_prefix: ['/WebRTCAppEE'] },
          backend: 'http',
        },
        { match: { host: ['panel.example.com'] }, backend: 'http' },
      ],
      default_backend: 'http',
    },
    { name: 'rtmp_in', mode: 'tcp', bind: [{ port: 1935 }], default_backend: 'rtmp' },
    { name: 'rtmps', mode: 'tcp', bind: [{ port: 8443, certificate: pem }], default_backend: 'rtmp' },
  ],
  backends: [
    { name: 'http', balance: 'leastconn', check: { http: '/rest/v2/liveness' }, servers: two },
    { name: 'hls', cookie: { name: 'JSESSIONID', mode: 'prefix' }, servers: two },
    {
      name: 'rtmp',
      mode: 'tcp',
      balance: 'leastconn',
      check: { http: '/rest/v2/liveness', port: 5080 },
      servers: two.map((server) => ({ ...server, port: 1935 })),
    },
  ],
};

describe('haproxy', () => {
  it('writes a balancer for WebSockets with graded servers', () => {
    const { text, changed, host } = runStep('haproxy', wcs, stock);
    expect(changed).toEqual([path]);
    expect(host.state(path)).toMatchObject({ mode: 0o644 });
    const checks = 'check inter 3s port 8081 agent-check agent-port 9707 agent-inter 5s slowstart 30s';
    expect(text(path)).toContain(
      `backend wcs
    mode http
    balance leastconn
    http-request set-header X-Client-IP %[src]:%[src_port]
    option httpchk GET /?action=stat
    http-check expect status 200
    server wcs-01 192.0.2.11:8080 weight 100 maxconn 2000 ${checks}
    server wcs-02 [2001:db8::12]:8080 weight 100 maxconn 2000 ${checks}
    server wcs-04 wcs-04.example.com:8080 init-addr last,libc,none weight 100 maxconn 2000 ${checks}
`,
    );
    expect(text(path)).toContain('errorfile 503 /etc/haproxy/errors/503.http\n');
    expect(text(path)).not.toContain('errorfile 504');
  });

  it('gives each server a cookie of its own', () => {
    const sticky = { ...wcsBackend, cookie: { name: 'SERVERID', same_site: 'None' } };
    const { text } = runStep('haproxy', { ...wcs, backends: [sticky, wcs.backends[1]] }, stock);
    expect(text(path)).toContain(
      'cookie SERVERID insert indirect nocache httponly secure attr "SameSite=None"\n',
    );
    expect(text(path)?.match(/ cookie wcs-0\d$/gm)).toEqual([
      ' cookie wcs-01',
      ' cookie wcs-02',
      ' cookie wcs-04',
    ]);
  });

  it('leaves out what is switched off', () => {
    const plain = runStep('haproxy', { ...wcs, frontends: wcs.frontends.slice(1) }, stock).text(path);
    const off = {
      frontends: [{ ...wcs.frontends[0], enabled: false }, wcs.frontends[1]],
      backends: [{ ...wcsBackend, cookie: { name: '' } }, wcs.backends[1], { name: 'other', enabled: false }],
      statistics: { enabled: false, user: 'a', password: 'b' },
    };
    expect(runStep('haproxy', off, stock).text(path)).toBe(plain);
  });

  it('leaves out what a comparison with a value does not hold for', () => {
    const only = (value: string, is: unknown) => ({ enabled: { value, is } });
    const given = {
      frontends: [
        { ...wcs.frontends[0], ...only('none', ['files', 'certbot']) },
        {
          ...wcs.frontends[1],
          enabled: [
            { value: 'files', is: ['files', 'certbot'] },
            { value: true, is: true },
          ],
          bind: [
            { port: 443, certificate: pem, ...only('files', 'files') },
            { port: 444, certificate: pem, ...only('files', 'folder') },
          ],
          routes: [
            ...(wcs.frontends[1]?.routes ?? []),
            { ...only('all', 'hls'), match: { path_end: ['.ts'] }, backend: 'web' },
          ],
        },
      ],
      backends: [{ ...wcsBackend, cookie: { ...only('all', 'hls'), name: 'S' } }, wcs.backends[1]],
    };
    const plain = runStep('haproxy', { ...wcs, frontends: wcs.frontends.slice(1) }, stock).text(path);
    expect(runStep('haproxy', given, stock).text(path)).toBe(plain);
    const both = [
      { value: 1, is: 1 },
      { value: 1, is: 2 },
    ];
    const none = { ...given, frontends: [wcs.frontends[0], { ...wcs.frontends[1], enabled: both }] };
    expect(runStep('haproxy', none, stock).text(path)).not.toContain('frontend clients\n');
  });

  it('takes of the hosts those whose variables have the values that are asked for', () => {
    const groups = ['origin', 'edge', 'both', undefined];
    const hosts = nodes.map((node, index) => ({ ...node, state: 'active', vars: { group: groups[index] } }));
    const of = (only: object) => {
      const backends = [{ ...wcsBackend, hosts, only }, wcs.backends[1]];
      return runStep('haproxy', { ...wcs, backends }, stock)
        .text(path)
        ?.match(/(?<=server )wcs-0\d/g);
    };
    expect(of({ group: ['both', 'origin'] })).toEqual(['wcs-01', 'wcs-03']);
    expect(of({ group: 'edge' })).toEqual(['wcs-02']);
    expect(of({})).toEqual(['wcs-01', 'wcs-02', 'wcs-03', 'wcs-04']);
  });

  it("keeps the statistics page's password from other users, and out of what is shown", () => {
    const { text, host, warnings } = runStep('haproxy', antmedia, stock);
    expect(host.state(path)).toMatchObject({ mode: 0o600 });
    expect(warnings).toEqual([]);
    expect(text(path)).toContain('bind 127.0.0.1:8404\n');
    expect(maskFile(path, text(path) ?? '')).not.toContain('secr');
    const open = { ...antmedia.statistics, bind: { address: '*', port: 6080 } };
    expect(runStep('haproxy', { ...antmedia, statistics: open }, stock).warnings).toEqual([
      'the statistics page listens on *:6080 without TLS: its password can be read in transit',
    ]);
  });

  it.skipIf(withoutHaproxy !== undefined).each([
    ['WCS', wcs],
    [
      'WCS, sticky, first',
      { ...wcs, backends: [{ ...wcsBackend, balance: 'first', cookie: { name: 'S' } }, wcs.backends[1]] },
    ],
    ['Ant Media', antmedia],
    [
      'Ant Media without TLS',
      {
        frontends: [
          { name: 'plain', bind: [{ port: 5080 }, { address: '::1', port: 5081 }], default_backend: 'http' },
        ],
        backends: antmedia.backends.slice(0, 1),
      },
    ],
  ])('passes haproxy -c without a warning: %s', (_, parameters) => {
    const { text } = runStep('haproxy', parameters, stock);
    const resolvable = text(path)?.replaceAll('wcs-04.example.com', 'localhost') ?? '';
    expect(
      haproxyCheck(resolvable, { ...files, '/run/haproxy-state/servers': '1\n', '/run/haproxy/.keep': '' }),
    ).toBe('');
  });

  const parsed = haproxyParameters.parse(wcs);
  const [asksLimit, asksVersion] = haproxy.reads(parsed).queries ?? [];
  if (asksLimit === undefined || asksVersion === undefined) throw new Error('a question is not asked');
  const limit = [asksLimit, { status: 0, output: '1024\n' }] as const;

  it.each<[string, object, string]>([
    [
      'a cookie twice',
      { cookie: { name: 'S' }, hosts: [], servers: [{ ...two[0] }, { ...two[1], cookie: 'ams1' }] },
      'server ams2 of the backend wcs has the cookie of ams1, "ams1"',
    ],
    [
      'an address twice',
      { hosts: [], servers: [two[0], { ...two[0], name: 'ams2' }] },
      'server ams2 of the backend wcs has the address of ams1, 192.0.2.21:5080',
    ],
    [
      'a name twice',
      { hosts: [], servers: [two[0], { ...two[1], name: 'ams1' }] },
      'server ams1 of the backend wcs is listed twice',
    ],
    [
      'an agent without a weight',
      { weight: undefined },
      'server wcs-01 of the backend wcs has an agent but no weight',
    ],
    ['an agent without a check', { check: false }, 'the backend wcs has an agent but no check'],
    [
      'an agent on the port of its server',
      { agent: { port: 8080 } },
      'server wcs-01 of the backend wcs has its agent on its own port',
    ],
    ['no servers', { hosts: nodes.slice(2, 3) }, 'the backend wcs has no servers'],
    ['servers without a port', { port: undefined }, 'server wcs-01 of the backend wcs has no port'],
    [
      '"first" without maxconn',
      { balance: 'first', maxconn: undefined },
      '"balance: first" and a server without maxconn',
    ],
    [
      'SameSite=None without secure',
      { cookie: { name: 'S', secure: false, same_site: 'None' } },
      'SameSite=None without "secure"',
    ],
    [
      'headers in mode tcp',
      { mode: 'tcp' },
      'frontend clients has mode http, but its backend wcs has mode tcp; the backend wcs has mode tcp, which has no cookies or headers',
    ],
  ])('refuses %s', (_, change, message) => {
    const parameters = { ...wcs, backends: [{ ...wcsBackend, ...change }, wcs.backends[1]] };
    expect(() => runStep('haproxy', parameters, stock)).toThrow(
      expect.objectContaining({ code: 'haproxy-inconsistent', message: expect.stringContaining(message) }),
    );
  });

  it.each<[string, object, string]>([
    [
      'two listeners on one port',
      { frontends: [{ ...wcs.frontends[1], bind: [{ port: 80 }, { address: '127.0.0.1', port: 80 }] }] },
      'frontend clients listens on 127.0.0.1:80, as frontend clients does',
    ],
    [
      'a statistics page on a port that is taken',
      { statistics: { user: 'a', password: 'b', bind: { port: 80 } } },
      'the statistics page listens on *:80, as frontend plain does',
    ],
    [
      'metrics on a port that is taken',
      { metrics: { port: 443 } },
      'the page with the metrics listens on 127.0.0.1:443, as frontend clients does',
    ],
    [
      'metrics where certbot answers now and then',
      { metrics: { port: 8888 } },
      'certbot, while it renews, listens on 127.0.0.1:8888, as the page with the metrics does',
    ],
    [
      'a statistics page without a password',
      { statistics: { user: 'a', password: '' } },
      'the statistics page has no password',
    ],
    [
      'a frontend whose addresses are all left out',
      { frontends: [{ ...wcs.frontends[1], bind: [{ port: 443, enabled: false }] }] },
      "frontend clients doesn't listen on any address",
    ],
    [
      'a backend that is not there',
      { frontends: [{ ...wcs.frontends[1], default_backend: 'wbe' }] },
      'sends requests to the backend wbe',
    ],
    [
      'a redirect to itself',
      { frontends: [{ name: 'x', bind: [{ port: 443 }], redirect_to_port: 443 }] },
      'frontend x would redirect to its own port 443',
    ],
    [
      'a frontend that leads nowhere',
      { frontends: [{ name: 'x', bind: [{ port: 80 }] }] },
      'frontend x has no default_backend',
    ],
    [
      'routes in mode tcp',
      { frontends: [{ ...wcs.frontends[1], mode: 'tcp' }] },
      'frontend clients has mode tcp, which has no requests',
    ],
    [
      'more connections than files',
      { global: { maxconn: 50_000 } },
      'maxconn 50000 needs 100100 open files, but haproxy.service may have only 1024',
    ],
    [
      'a cookie that browsers would not send back',
      {
        frontends: [{ name: 'x', bind: [{ port: 80 }], default_backend: 'wcs' }],
        backends: [{ ...wcsBackend, cookie: { name: 'S' } }],
      },
      'browsers send the "secure" cookie S',
    ],
    [
      'two backends of one name',
      { backends: [...wcs.backends, wcs.backends[1]] },
      'there are two backends with the name web',
    ],
    [
      'a frontend with the name of a backend',
      { frontends: [{ ...wcs.frontends[1], name: 'wcs' }] },
      'a frontend and a backend both have the name wcs: HAProxy 3.3 and later refuse that',
    ],
    [
      'a backend with the name of the one that is written for challenges',
      { backends: [...wcs.backends, { ...wcs.backends[1], name: 'clusterproxy_acme' }] },
      'a backend and a section of clusterproxy both have the name clusterproxy_acme',
    ],
    [
      'a server whose address has a zone',
      {
        backends: [
          { ...wcsBackend, hosts: [{ name: 'wcs-01', address: 'fe80::1%eth0', state: 'active' }] },
          wcs.backends[1],
        ],
      },
      "server wcs-01 of the backend wcs has the address fe80::1%eth0, and HAProxy can't use one with a zone (%eth0)",
    ],
  ])('refuses %s', (_, change, message) => {
    expect(() => runStep('haproxy', { ...wcs, ...change }, { ...stock, answers: [limit] })).toThrow(
      expect.objectContaining({ code: 'haproxy-inconsistent', message: expect.stringContaining(message) }),
    );
  });

  const said = (output: string, status = 0) => ({
    ...stock,
    answers: [[asksVersion, { status, output }] as const],
  });
  it.each([
    ['HA-Proxy version 2.1.12-1ppa1~bionic 2021/03/19 - https://haproxy.org/\n', '2.1'],
    ['HA-Proxy version 1.8.27-493ce0b 2020/11/06\nCopyright 2000-2020 Willy Tarreau\n', '1.8'],
  ])('refuses a HAProxy that is too old: %s', (output, version) => {
    expect(() => runStep('haproxy', wcs, said(output))).toThrow(
      expect.objectContaining({
        code: 'haproxy-too-old',
        message: `HAProxy ${version} is installed here, and the configuration needs 2.2 or later`,
      }),
    );
  });

  it.each([
    ['HA-Proxy version 2.2.9-2+deb11u7 2025/04/23 - https://haproxy.org/\n', 0],
    ['HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n', 0],
    ['HAProxy version 3.10.1 2030/01/01\n', 0],
    ['sh: 1: haproxy: not found\n', 127],
  ])('takes one that is new enough, or not there yet: %s', (output, status) => {
    expect(runStep('haproxy', wcs, said(output, status)).changed).toEqual([path]);
  });

  it('refuses a zone in what is listed and listened on', () => {
    const listed = [{ name: 'a', address: 'fe80::1%eth0', port: 80 }];
    expect(mistakes('haproxy', { ...wcs, backends: [{ ...wcsBackend, servers: listed }] })).toEqual([
      'backends.0.servers.0.address: expected an IP address without a zone, or a host name',
    ]);
    const frontends = [{ ...wcs.frontends[1], bind: [{ address: 'fe80::1%eth0', port: 443 }] }];
    expect(mistakes('haproxy', { ...wcs, frontends })).toEqual([
      'frontends.0.bind.0.address: expected an IP address without a zone, or * for all addresses of this host',
    ]);
  });

  it('refuses a server whose name does not resolve and a certificate that is not there', () => {
    expect(() => runStep('haproxy', wcs, { ...stock, names: [] })).toThrow(
      expect.objectContaining({ code: 'name-does-not-resolve', message: expect.stringContaining('wcs-04') }),
    );
    expect(() => runStep('haproxy', wcs, { files: errors })).toThrow(
      expect.objectContaining({ code: 'certificate-missing' }),
    );
  });

  it('names a balance that HAProxy has not', () => {
    const bad = { ...wcs, backends: [{ ...wcsBackend, balance: 'round robin' }] };
    expect(mistakes('haproxy', bad)[0]).toMatch(/^backends\.0\.balance: .*roundrobin/);
    const injected = { ...wcs, backends: [{ ...wcsBackend, name: 'a\n    server x' }] };
    expect(mistakes('haproxy', injected)).toEqual(['backends.0.name: expected letters, digits, -, _ and .']);
  });
});

describe('metrics for Prometheus', () => {
  const build: Query = { kind: 'command', args: ['haproxy', '-vv'] };
  const listening = (program: string): NonNullable<FakeHost['answers']> =>
    askMetricsPort(8405).map((query) => [
      query,
      { status: 0, output: `LISTEN 0 9 127.0.0.1:8405 0.0.0.0:* users:(("${program}",pid=12,fd=6))\n` },
    ]);
  const withMetrics = { ...wcs, metrics: { port: 8405 } };
  const refused = (answers: NonNullable<FakeHost['answers']>) => {
    try {
      runStep('haproxy', withMetrics, { ...stock, answers });
    } catch (error) {
      return (error as { readonly problem: { readonly code: string } }).problem.code;
    }
    return undefined;
  };

  it('have a frontend that only the host itself reaches', () => {
    const off = { ...wcs, metrics: { enabled: { value: false, is: true }, port: 8405 } };
    const without = runStep('haproxy', wcs, stock).text(path) ?? '';
    expect(runStep('haproxy', off, stock).text(path)).toBe(without);
    const text = runStep('haproxy', withMetrics, stock).text(path) ?? '';
    expect(text.startsWith(without)).toBe(true);
    expect(text.slice(without.length)).toContain('frontend clusterproxy_metrics\n    bind 127.0.0.1:8405\n');
  });

  it('are refused where HAProxy has none, and where another program has the port', () => {
    expect(refused([[build, { status: 0, output: 'Build options :\nAvailable services : none\n' }]])).toBe(
      'no-metrics',
    );
    expect(refused(listening('grafana'))).toBe('port-taken');
    expect(refused(listening('haproxy'))).toBeUndefined();
  });

  it('are asked about only where they are wanted', () => {
    const asked = (wanted: object) => haproxy.reads(haproxyParameters.parse(wanted)).queries;
    expect(asked(withMetrics)).toContainEqual(build);
    expect(asked(wcs)).not.toContainEqual(build);
  });
});
