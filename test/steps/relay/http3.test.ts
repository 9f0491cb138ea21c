import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isReadable } from '../../../src/steps/relay/trusted-certificates.ts';
import { withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { withoutNginx } from '../../support/nginx-oracle.ts';
import { runStep } from '../../support/run-step.ts';
import { certificate, frontend, path, stockText } from '../haproxy/proxy-parameters.ts';

const own = '/etc/nginx/conf.d/clusterproxy-prod.conf';
const main = 'events {}\nhttp {\n    include /etc/nginx/conf.d/*.conf;\n}\n';
const built = (version: string, flags: string) =>
  `nginx version: nginx/${version}\nconfigure arguments: --with-http_ssl_module ${flags}\n`;
const newest = built('1.26.2', '--with-http_v3_module');

function nginx(output: string, more: object = {}, files: Readonly<Record<string, string>> = {}) {
  const wanted = {
    ...{ path: own, server_name: 'bbb.example.com', include: '/etc/nginx/clusterproxy/prod/*.conf' },
    ...{ http3: true, ...more },
  };
  const answers = [
    [{ kind: 'command', args: ['nginx', '-V'] } as const, { status: 0, output }],
    [{ kind: 'command', args: ['nginx', '-v'] } as const, { status: 0, output: output.split('\n')[0] ?? '' }],
  ] as const;
  const there = { '/etc/nginx/nginx.conf': main, ...files };
  return runStep('nginx-server', wanted, { answers, files: there }).text(own) ?? '';
}

function haproxy(output: string, { more = {}, text = stockText } = {}) {
  const wanted = { ...frontend, http3: true, ...more };
  const answers = [
    [{ kind: 'command', args: ['haproxy', '-vv'] } as const, { status: 0, output }],
    [isReadable(certificate), { status: 0, output: '' }],
  ] as const;
  return runStep('haproxy-frontend', wanted, { answers, files: { [path]: text } }).text(path) ?? '';
}

function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as { readonly problem: unknown }).problem;
  }
  return undefined;
}

const features = (version: string, words: string) =>
  `HAProxy version ${version} 2026/01/01\nFeature list : -51DEGREES ${words} +SSL\n`;

describe('HTTP/3 by nginx', () => {
  it('is a socket for UDP beside each for TCP, of which browsers are told', () => {
    const lines = nginx(newest)
      .split('\n')
      .map((line) => line.trim());
    expect(lines).toEqual(
      expect.arrayContaining([
        'listen 443 ssl;',
        'listen [::]:443 ssl;',
        'listen 443 quic reuseport;',
        'listen [::]:443 quic reuseport;',
        `add_header Alt-Svc 'h3=":443"; ma=86400' always;`,
      ]),
    );
    expect(nginx(newest, { http3: false })).not.toMatch(/quic|Alt-Svc/);
    expect(nginx(newest, { ipv6: false }).match(/quic/g)).toHaveLength(1);
  });

  it('leaves to another server block what only one may ask for', () => {
    const other =
      'server {\n    listen 443 ssl;\n    listen 443 quic reuseport;\n    server_name x.example.com;\n}\n';
    const text = nginx(newest, {}, { '/etc/nginx/conf.d/x.conf': other });
    expect(text).toContain('    listen 443 quic;\n');
    expect(text).not.toContain('reuseport');
  });

  it.each([
    [
      'was built without',
      built('1.22.1', ''),
      'nginx 1.22.1 on this host was built without ngx_http_v3_module',
    ],
    ['does not tell', '', 'nginx on this host does not tell how it was built'],
  ])('is refused where it %s', (_, output, message) => {
    expect(refusal(() => nginx(output))).toMatchObject({
      code: 'no-http3',
      message: `${message}, so the proxy can't speak HTTP/3`,
    });
  });
});

describe('HTTP/3 by HAProxy', () => {
  it('is a socket for UDP beside each for TCP, of which browsers are told', () => {
    const text = haproxy(features('3.2.1', '+QUIC'));
    expect(text.match(/bind quic.*/g)).toEqual([
      `bind quic4@:443 ssl crt ${certificate} alpn h3`,
      `bind quic6@:443 v6only ssl crt ${certificate} alpn h3`,
    ]);
    expect(text.match(/set-header Alt-Svc.*/g)).toEqual([`set-header Alt-Svc 'h3=":443"; ma=86400'`]);
    expect(haproxy(features('3.2.1', '+QUIC'), { more: { http3: false } })).not.toMatch(/quic|Alt-Svc/);
  });

  it('is refused where it was built without, or where its operator has to agree', () => {
    expect(refusal(() => haproxy(features('2.6.12', '-QUIC')))).toMatchObject({
      code: 'no-http3',
      message: "HAProxy 2.6 on this host was built without QUIC, so the proxy can't speak HTTP/3",
    });
    const limited = features('3.0.5', '+QUIC +QUIC_OPENSSL_COMPAT');
    expect(refusal(() => haproxy(limited))).toMatchObject({
      code: 'no-http3',
      next: expect.stringContaining('limited-quic'),
    });
    const text = stockText.replace('global\n', 'global\n    limited-quic\n');
    expect(refusal(() => haproxy(limited, { text }))).toBeUndefined();
  });
});

describe('the programs that are installed here', () => {
  const told = (program: string, word: string) => {
    const { stdout, stderr } = spawnSync(program, [word], { encoding: 'utf8' });
    return stdout + stderr;
  };

  it.skipIf(withoutNginx)('nginx is taken or refused by what it says itself', () => {
    const output = told('nginx', '-V');
    const isThere = output.includes('http_v3');
    expect(refusal(() => nginx(output)) === undefined).toBe(isThere);
  });

  it.skipIf(withoutHaproxy !== undefined)('so is HAProxy', () => {
    const output = told('haproxy', '-vv');
    const isThere = /^ *quic : mode/m.test(output);
    expect(refusal(() => haproxy(output)) === undefined).toBe(isThere);
  });
});
