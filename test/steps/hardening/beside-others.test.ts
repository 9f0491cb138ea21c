import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressLines } from '../../../src/steps/hardening/nginx-addresses.ts';
import { selfSigned } from '../../support/certificates.ts';
import { nginxTest, withoutNginx } from '../../support/nginx-oracle.ts';
import { runs } from '../../support/random.ts';
import { runStep } from '../../support/run-step.ts';
import { startNginx } from '../../support/running-nginx.ts';
import { hostname, nginxFile } from './doors.ts';

const all = [
  'slow_clients',
  'body_size',
  'server_tokens',
  'tls',
  'hsts',
  'masked_logs',
  'backlog',
  'address_limits',
];

interface Given {
  /** what the operator's `http` has beside its include */
  readonly http?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly items?: readonly string[];
  readonly cluster?: string;
}

/** Our server among an operator's own settings. */
function server({ http = '', files = {}, items = all, cluster = 'prod' }: Given) {
  return runStep(
    'nginx-server',
    {
      ...{ path: nginxFile, server_name: hostname, include: '/etc/nginx/clusterproxy/prod/*.conf' },
      ...{ certificate: '/etc/ssl/proxy.pem', certificate_key: '/etc/ssl/proxy.key' },
      hardening: { items, cluster },
    },
    {
      files: {
        '/etc/nginx/nginx.conf': `events {}\nhttp {\n${http}\ninclude /etc/nginx/conf.d/*.conf;\n}\n`,
        ...files,
      },
    },
  );
}

/** What the real nginx says of it. */
function said(given: Given): string {
  const { host } = server(given);
  const pair = selfSigned(hostname, { algorithm: 'rsa' });
  return nginxTest({
    http: `${given.http ?? ''}\ninclude /etc/nginx/conf.d/*.conf;`,
    host,
    files: { '/etc/ssl/proxy.pem': pair.certificate, '/etc/ssl/proxy.key': pair.key },
  });
}

const ours = (given: Given) => server(given).text(nginxFile) ?? '';
/** Lines of the server with TLS. */
const secure = (given: Given) =>
  ours(given)
    .split('\n')
    .slice(
      ours(given)
        .split('\n')
        .findIndex((line) => line.includes('listen 443')),
    )
    .map((line) => line.trim());

describe("a hardened nginx beside an operator's settings", () => {
  it.skipIf(withoutNginx !== undefined)('starts, however long the name of the cluster is', () => {
    for (const cluster of ['a-rather-long-name-of_a.university-somewhere', 'x'.repeat(60)])
      expect(said({ cluster })).toBe('');
  });

  it.skipIf(withoutNginx !== undefined)('starts beside logs that are compressed or kept back', () => {
    const http = 'access_log /var/log/nginx/a.gz combined gzip flush=5m;';
    expect(said({ http })).toBe('');
    expect(ours({ http })).toContain('/var/log/nginx/a.gz clusterproxy_prod_1 gzip flush=5m;');
  });

  it.skipIf(withoutNginx !== undefined)(
    'starts beside a cache of a cluster whose name is like one of ours',
    () => {
      const files = Object.fromEntries(
        ['tls', 'connections', 'requests'].map((kind) => [
          `/etc/nginx/conf.d/b-${kind}.conf`,
          `proxy_cache_path /var/log/nginx/cache-${kind} keys_zone=clusterproxy_prod_${kind}:10m;\n`,
        ]),
      );
      expect(said({ files })).toBe('');
    },
  );

  it('keeps the headers and limits of http, which a server of ours would lose otherwise', () => {
    const http = [
      'add_header X-Content-Type-Options nosniff always;',
      `add_header strict-transport-security "max-age=1";`,
      'proxy_hide_header X-Powered-By;',
      'limit_req_zone $server_name zone=all:1m rate=9r/s;',
      'limit_req zone=all burst=9;',
    ].join('\n');
    const lines = secure({ http });
    expect(lines.filter((line) => line.startsWith('add_header X-'))).toEqual([
      'add_header X-Content-Type-Options nosniff always;',
    ]);
    expect(lines.filter((line) => /strict-transport/i.test(line))).toEqual([
      'add_header Strict-Transport-Security "max-age=63072000" always;',
      'proxy_hide_header Strict-Transport-Security;',
    ]);
    expect(lines).toContain('proxy_hide_header X-Powered-By;');
    expect(lines).toContain('limit_req zone=all burst=9;');
    if (withoutNginx === undefined) expect(said({ http })).toBe('');
    // Nothing is repeated that isn't lost.
    expect(secure({ http, items: ['server_tokens'] }).join()).not.toMatch(/X-Content|X-Powered|zone=all/);
    const merging = `add_header_inherit merge;\n${http}`;
    expect(secure({ http: merging }).join()).not.toContain('X-Content');
  });

  it('leaves larger headers to an operator who allows them', () => {
    expect(ours({ http: 'large_client_header_buffers 4 32k;' })).not.toContain('header_buffer');
  });

  it('follows logs that are named, or switched off, in other files of http', () => {
    const at = '/etc/nginx/conf.d/a-logs.conf';
    const items = ['masked_logs'];
    const named = { [at]: "log_format own '$request $own';\naccess_log /srv/own own;\n" };
    expect(secure({ files: named, items })).toContain('access_log /srv/own clusterproxy_prod_1;');
    expect(ours({ files: { [at]: 'access_log off;\n' }, items })).not.toContain('access_log');
    expect(ours({ http: 'access_log /srv/a;', files: { [at]: 'access_log off;\n' }, items })).not.toContain(
      'access_log',
    );
  });

  it('masks every variable that may have been made of an address', () => {
    const http =
      "log_format own '$remote_addr $status $uri $own $sent_http_location $http_x_session_token $1';\naccess_log /srv/own own;";
    const text = ours({ http, items: ['masked_logs'] });
    expect(text).toContain(
      `'$remote_addr $status $uri $\{clusterproxy_prod_own} $\{clusterproxy_prod_sent_http_location} *** `,
    );
    expect(text).toContain('map $own $clusterproxy_prod_own {');
  });

  it("has a queue of its own beside somebody's HTTP/3", () => {
    const files = {
      '/etc/nginx/conf.d/a.conf':
        'server {\n listen 443 quic reuseport;\n listen 443 ssl;\n server_name other.example.com;\n}\n',
    };
    expect(ours({ files, items: ['backlog'] })).toContain('listen 443 ssl http2 backlog=4096;');
  });
});

it('hardens the server on port 80 that answers for certbot too', () => {
  const path = '/etc/nginx/conf.d/clusterproxy-prod-acme.conf';
  const wanted = { path, cluster: 'prod', server_name: hostname, webroot: '/var/www/acme' };
  const nginx = 'events {}\nhttp {\ninclude /etc/nginx/conf.d/*.conf;\n}\n';
  const run = (hardening: object) =>
    runStep('nginx-challenges', { ...wanted, hardening }, { files: { '/etc/nginx/nginx.conf': nginx } });
  expect(run({ items: [], cluster: 'prod' }).text(path)).toBe(run({}).text(path));
  const { text, host } = run({ items: all, cluster: 'prod' });
  expect(text(path)).toMatch(/client_header_timeout 15s;[\s\S]*server_tokens off;[\s\S]*access_log .*acme/);
  expect(text(path)).not.toMatch(/Strict-Transport|ssl_/);
  if (withoutNginx !== undefined) return;
  // Both of our files are there at once.
  const pair = selfSigned(hostname, { algorithm: 'rsa' });
  expect(
    nginxTest({
      http: 'include /etc/nginx/conf.d/*.conf;',
      host,
      files: {
        [nginxFile]: ours({ items: all }).replace(/server \{\n {4}listen 80[\s\S]*?\n\}\n/, ''),
        ...{ '/etc/ssl/proxy.pem': pair.certificate, '/etc/ssl/proxy.key': pair.key },
      },
    }),
  ).toBe('');
});

describe.skipIf(withoutNginx !== undefined)('what counts as one address, by the real nginx', () => {
  /** The first 64 bits as nginx has them, without leading zeros. */
  const prefixOf = (groups: readonly number[]) =>
    groups
      .slice(0, 4)
      .map((group) => group.toString(16))
      .join(':');
  const group = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
  );
  const address = fc.array(group, { minLength: 8, maxLength: 8 });

  it('is the first half of an address of IPv6, however it is written, and all of one of IPv4', async () => {
    const nginx = await startNginx(
      (folder) => `${addressLines('$address').join('\n')}
set_real_ip_from unix:;
real_ip_header X-Real-IP;
server { listen unix:${folder}/front; location / { return 200 $address; } }`,
    );
    const keyOf = async (text: string) => (await nginx.get('/', { 'X-Real-IP': text })).body;
    try {
      await fc.assert(
        fc.asyncProperty(address, async (groups) => {
          // Of the ranges that hold addresses of IPv4.
          fc.pre(groups.slice(0, 5).some((one) => one !== 0));
          const text = groups.map((one) => one.toString(16)).join(':');
          expect(await keyOf(text)).toBe(prefixOf(groups));
        }),
        runs(1000),
      );
      expect(Buffer.from(await keyOf('1.2.3.4')).toString('hex')).toBe('01020304');
      expect(await keyOf('::ffff:1.2.3.4')).not.toBe(await keyOf('::ffff:1.2.3.5'));
    } finally {
      await nginx.stop();
    }
  });
});
