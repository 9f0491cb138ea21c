import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { withoutNginx } from '../../support/nginx-oracle.ts';
import { type Outcome, runStep } from '../../support/run-step.ts';
import { startNginx } from '../../support/running-nginx.ts';
import type { FakeHost } from '../../support/snapshot-from-folder.ts';

const PROXY = 'bbb.example.com';
const main = '/etc/nginx/nginx.conf';
const conf = (...includes: readonly string[]) =>
  `events {}\nhttp {\n${includes.map((one) => `    include ${one};\n`).join('')}}\n`;
const debian = conf('/etc/nginx/conf.d/*.conf', '/etc/nginx/sites-enabled/*');

/** A Debian host with one site, reached as Debian does it: by a link. */
function withSite(site: string, more: NonNullable<FakeHost['files']> = {}): FakeHost {
  return {
    files: {
      [main]: debian,
      '/etc/nginx/sites-available/site': site,
      '/etc/nginx/sites-enabled/site': { link: '/etc/nginx/sites-available/site' },
      ...more,
    },
  };
}

const tls = 'listen 443 ssl; listen [::]:443 ssl;';
const pages = 'location / { return 200 "front end"; }';
const server = (...lines: readonly string[]) => `server {\n${lines.map((one) => `  ${one}\n`).join('')}}\n`;

type Run = (host: FakeHost, more?: object) => Outcome;

/** The problem with which a step refuses a host; undefined if it takes it. */
function refusalOf(run: Run): (...given: Parameters<Run>) => unknown {
  return (...given) => {
    try {
      run(...given);
    } catch (error) {
      return (error as { problem: unknown }).problem;
    }
    return undefined;
  };
}

describe('our own server block', () => {
  const own = {
    path: '/etc/nginx/conf.d/clusterproxy-prod.conf',
    server_name: PROXY,
    include: '/etc/nginx/clusterproxy/prod/*.conf',
  };
  const run = (host: FakeHost, more: object = {}): Outcome =>
    runStep('nginx-server', { ...own, ...more }, host);
  const refusal = refusalOf(run);

  it.each<readonly [string, string]>([
    ['the name in capitals', server('server_name BBB.Example.com;', tls, pages)],
    ['the name with a dot before it', server('server_name .bbb.example.com;', tls, pages)],
    ['the name on an address of its own', server(`server_name ${PROXY};`, 'listen 192.0.2.1:443 ssl;')],
  ])('is refused where another one has %s', (_, site) => {
    expect(refusal(withSite(site))).toMatchObject({
      code: 'server-name-taken',
      message: expect.stringMatching(
        /^\/etc\/nginx\/sites-available\/site:1 already has a server block for bbb\.example\.com on port 443/,
      ),
      next: expect.stringContaining('proxy_server: include'),
    });
    expect(refusal(withSite(site), { replace_server: true })).toMatchObject({ code: 'server-name-taken' });
  });

  it.each<readonly [string, string, string]>([
    ['a wildcard', server('server_name *.example.com;', tls, pages), 'by a wildcard on port 443'],
    ['one at the end', server('server_name bbb.example.*;', tls, pages), 'by a wildcard on port 443'],
    [
      'a regular expression',
      server(String.raw`server_name ~^bbb\.;`, tls, pages),
      'by a regular expression on port 443',
    ],
    ['_', server('server_name _;', tls, pages), 'as the default of port 443'],
    ['no name at all', server(tls, pages), 'as the default of port 443'],
    [
      'default_server',
      server('server_name learn.example.com;', 'listen 443 ssl default_server;', pages),
      'as the default of port 443',
    ],
    [
      'no name, and passes requests on',
      server('listen 443 ssl;', 'location / { proxy_pass http://127.0.0.1:3000; }'),
      'as the default of port 443',
    ],
    [
      'a name, on port 80',
      server('server_name *.example.com;', 'listen 80;', pages),
      'by a wildcard on port 80',
    ],
  ])('takes the place of one that answers with %s only if that is agreed to', (_, site, how) => {
    const host = withSite(site);
    const problem = refusal(host);
    expect(problem).toMatchObject({
      code: 'server-name-taken',
      message: expect.stringContaining(`answers for ${PROXY} today, ${how}`),
      next: expect.stringContaining('"replace_server: true"'),
    });
    expect((problem as { message: string }).message).toContain('/etc/nginx/sites-available/site:1 (');
    const { warnings, text } = run(host, { replace_server: true });
    expect(warnings.join()).toContain(`today, ${how}; clusterproxy's own server block takes its place`);
    // From then on it answers itself: nothing to agree to any more.
    expect(refusal(withSite(site, { [own.path]: text(own.path) ?? '' }))).toBeUndefined();
  });

  it.each([
    [
      'a redirect for every name',
      server(
        'listen 80;',
        'location /.well-known/ { root /srv/acme; }',
        'return 301 https://$host$request_uri;',
      ),
      '80',
    ],
    [
      'another site that happens to be the first',
      server('server_name learn.example.com;', tls, pages),
      '443',
    ],
    ['nothing', server('listen 443 ssl default_server;', 'return 444;'), '443'],
  ])('takes the place of a mere default, %s, and says so', (_, site, port) => {
    expect(run(withSite(site)).warnings).toEqual([
      expect.stringContaining(
        `answers for ${PROXY} today, as the default of port ${port}; clusterproxy's own`,
      ),
    ]);
  });

  it('takes the place of the distribution’s welcome page without a word', () => {
    const site = server(
      'listen 80 default_server;',
      'server_name _;',
      'root /var/www/html;',
      'location / { try_files $uri =404; }',
    );
    expect(run(withSite(site)).warnings).toEqual([]);
  });

  it.each([
    ['that only programs of the host reach', server('listen 127.0.0.1:443 ssl;', pages)],
    ['of other ports', server('listen 8443 ssl default_server;', pages)],
  ])('leaves alone what answers at addresses %s', (_, site) => {
    expect(run(withSite(site)).warnings).toEqual([]);
  });

  it('is refused where it would lose to a server block that listens on an address', () => {
    const site = server('listen 192.0.2.1:443 ssl;', 'server_name learn.example.com;', pages);
    expect(refusal(withSite(site))).toMatchObject({
      code: 'server-not-reached',
      message: expect.stringContaining(
        '/etc/nginx/sites-available/site:1 (server_name learn.example.com) listens on 192.0.2.1:443',
      ),
    });
    expect(refusal(withSite(site.replace('192.0.2.1', '[2001:db8::1]')), { ipv6: false })).toBeUndefined();
  });

  it('is refused where nginx does not read it', () => {
    for (const folder of ['/etc/nginx/sites-enabled/*', '/etc/nginx/conf.d/*.vhost']) {
      expect(refusal({ files: { [main]: conf(folder) } })).toMatchObject({
        code: 'server-not-reached',
        message: expect.stringContaining(`nginx doesn't read ${own.path}`),
      });
    }
  });

  it('sees server blocks in whatever folder nginx.conf includes, before conf.d or after it', () => {
    const files = {
      [main]: conf('vhosts/*.vhost', 'conf.d/*.conf'),
      '/etc/nginx/vhosts/a.vhost': 'include /opt/more/b;\n',
      '/opt/more/b': `\n\n${server('server_name bbb.Example.com;', tls, pages)}`,
    };
    expect(refusal({ files })).toMatchObject({
      code: 'server-name-taken',
      message: expect.stringContaining(':3 already has a server block'),
    });
  });

  it('is refused where the port is used in another way', () => {
    const plain = withSite(server('listen 443;', 'server_name learn.example.com;'));
    expect(refusal(plain)).toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining('without TLS'),
    });
    expect(
      refusal(withSite(server('listen 443;', 'ssl on;', 'server_name learn.example.com;'))),
    ).toBeUndefined();
    const both = withSite(server('listen [::]:443 ssl ipv6only=off;', 'server_name learn.example.com;'));
    expect(refusal(both)).toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining('ipv6only=off'),
    });
    const stream = { files: { [main]: `stream { server { listen 443; proxy_pass x; } }\n${debian}` } };
    expect(refusal(stream)).toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining(`${main}:1`),
    });
  });

  it('says what it could not read', () => {
    const files = { [main]: `${debian}`, '/etc/nginx/conf.d/x.conf': { link: '/nowhere' } };
    expect(run({ files }).warnings).toEqual([
      expect.stringContaining('nginx includes /etc/nginx/conf.d/x.conf, which could not be read'),
    ]);
  });
});

describe('an include line', () => {
  const file = '/etc/nginx/sites-available/site';
  const include = {
    path: file,
    default_server_name: PROXY,
    include: '/etc/nginx/clusterproxy/prod/*.conf',
  };
  const line = `include ${include.include};`;
  const run = (host: FakeHost, more: object = {}): Outcome =>
    runStep('nginx-include', { ...include, ...more }, host);
  const refusal = refusalOf(run);
  const blocksOf = (outcome: Outcome) =>
    (outcome.text(file) ?? '').split(/^(?=server)/m).map((one) => one.includes(line));

  const redirect = server(
    'listen 80;',
    'listen [::]:80;',
    `server_name ${PROXY};`,
    'location ^~ / { return 301 https://$server_name$request_uri; }',
  );
  const inner = server(
    `server_name ${PROXY};`,
    'listen 127.0.0.1:82 http2 proxy_protocol;',
    'listen 127.0.0.1:81 proxy_protocol;',
    pages,
  );
  const secure = server(`server_name BBB.example.com;`, tls, pages);

  it.each<readonly [string, string, readonly boolean[]]>([
    ['behind something that ends TLS, not the redirect before it', redirect + inner, [false, true]],
    ['behind something that ends TLS, not the redirect after it', inner + redirect, [true, false]],
    ['with TLS, in whatever letters', redirect + secure, [false, true]],
    [
      'with TLS on the port of browsers',
      server(`server_name ${PROXY};`, 'listen 8443 ssl;') + secure,
      [false, true],
    ],
    [
      'that is the first of two with the name on one address',
      secure + server(`server_name ${PROXY};`, 'listen 443 ssl;', 'return 200;'),
      [true, false],
    ],
    [
      'with TLS by a file that it includes',
      redirect + server(`server_name ${PROXY};`, 'include snippets/listen.conf;'),
      [false, true],
    ],
  ])('goes into the server block %s', (_, site, expected) => {
    const snippet = { '/etc/nginx/snippets/listen.conf': 'listen 443 ssl;\n' };
    expect(blocksOf(run(withSite(site, snippet)))).toEqual(expected);
  });

  it('goes into a server block that answers by a pattern, if that is named', () => {
    const site = server('listen 443 ssl;', 'server_name *.example.com;', pages);
    expect(blocksOf(run(withSite(site), { server_name: '*.example.com' }))).toEqual([true]);
  });

  it('is taken out of the redirect into which an earlier version put it', () => {
    const misplaced = redirect.replace('}\n}', `}\n  ${line}\n}`);
    expect(misplaced).toContain(line);
    const ledger = {
      items: [{ path: file, format: 'nginx-include', key: [PROXY, include.include] }],
    } as unknown as NonNullable<FakeHost['ledger']>;
    const outcome = run({ ...withSite(misplaced + inner), ledger });
    expect(outcome.text(file)).toBe(redirect + inner.replace(/}\n$/, `  ${line}\n}\n`));
    expect(blocksOf(run(withSite(misplaced + inner)))).toEqual([true, true]);
  });

  it.each<readonly [string, string, string, RegExp]>([
    [
      'several might be meant',
      redirect + inner + server(`server_name ${PROXY};`, 'listen 8080;', pages),
      'server-ambiguous',
      /site:\d+ \(.*listen 127\.0\.0\.1:82 http2 proxy_protocol.*; .*site:\d+ \(.*listen 8080/,
    ],
    ['it only redirects', redirect, 'server-not-reached', /site:1 only redirects/],
    [
      'different ones answer at different addresses',
      server(`server_name ${PROXY};`, 'listen 198.51.100.1:443 ssl;') +
        server(`server_name ${PROXY};`, 'listen 198.51.100.2:443 ssl;'),
      'server-ambiguous',
      /site:1 .*; .*site:5 /,
    ],
    [
      'another answers for the name on port 443',
      server('server_name learn.example.com;', 'listen 443 ssl;') +
        server(`server_name ${PROXY};`, 'listen 80;', pages),
      'server-not-reached',
      /doesn't use .*site:5 .*what answers is .*site:1 \(server_name learn\.example\.com/,
    ],
  ])('is refused where %s', (_, site, code, message) => {
    expect(refusal(withSite(site))).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('goes by the addresses of the name where it can', () => {
    const site =
      server(`server_name ${PROXY};`, 'listen 192.0.2.1:443 ssl;') +
      server(`server_name ${PROXY};`, 'listen 192.0.2.2:443 ssl;');
    expect(blocksOf(run(withSite(site)))).toEqual([true, false]);
  });

  it('is refused where nginx does not read the file, or an earlier file has the name', () => {
    expect(refusal({ files: { [main]: debian, [file]: secure } })).toMatchObject({
      code: 'server-not-reached',
      message: expect.stringContaining(`nginx doesn't read ${file}`),
    });
    const earlier = { '/etc/nginx/conf.d/first.conf': server(`server_name ${PROXY};`, tls, 'return 200;') };
    expect(refusal(withSite(secure, earlier))).toMatchObject({
      code: 'server-not-reached',
      message: expect.stringContaining('what answers is /etc/nginx/conf.d/first.conf:1'),
    });
  });

  it('warns of another server block with the name, as nginx does', () => {
    const later = { '/etc/nginx/sites-enabled/zz': server(`server_name ${PROXY};`, 'listen 443 ssl;') };
    expect(run(withSite(secure, later)).warnings).toEqual([
      `nginx ignores the server_name ${PROXY} of /etc/nginx/sites-enabled/zz:1 on port 443, because ${file}:1 has it first`,
    ]);
  });

  it.skipIf(withoutNginx)('reaches browsers behind something that ends TLS: real nginx', async () => {
    const site = run(withSite(redirect + inner)).text(file) ?? '';
    const nginx = await startNginx((folder) =>
      site
        .replace(line, 'location ^~ /bbb-01/ { return 200 "client"; }')
        .replace('listen 127.0.0.1:82 http2 proxy_protocol;', '')
        .replace('listen 127.0.0.1:81', `listen unix:${folder}/front`)
        .replace('listen 80;', `listen unix:${folder}/plain;`)
        .replace('listen [::]:80;', ''),
    );
    try {
      const ask = (path: string) =>
        new Promise<string>((resolve, reject) => {
          let answer = '';
          const socket = connect(`${nginx.folder}/front`)
            .on('data', (chunk) => {
              answer += chunk.toString();
            })
            .on('close', () => resolve(answer))
            .on('error', reject);
          socket.write(
            `PROXY TCP4 192.0.2.9 192.0.2.1 40000 443\r\nGET ${path} HTTP/1.0\r\nHost: ${PROXY}\r\n\r\n`,
          );
        });
      expect(await ask('/bbb-01/html5client/')).toMatch(/^HTTP\/1\.1 200[\s\S]*\r\n\r\nclient$/);
      expect(await ask('/')).toMatch(/^HTTP\/1\.1 200[\s\S]*front end$/);
    } finally {
      await nginx.stop();
    }
  });
});
