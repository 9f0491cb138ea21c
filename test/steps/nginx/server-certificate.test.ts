import { describe, expect, it } from 'vitest';
import type { Answer, Query } from '../../../src/model/reads.ts';
import { runStep } from '../../support/run-step.ts';

const chain = '/etc/letsencrypt/live/bbb.example.com/fullchain.pem';
const day = 86_400_000;
const words = (time: number) =>
  new Date(time).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+) GMT/, '$2 $1 $4 $3 GMT');

const nginxConf = 'events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n';

function run(
  answers: readonly (readonly [Query, Answer])[],
  { files = {}, more = {} }: { readonly files?: Record<string, string>; readonly more?: object } = {},
) {
  return runStep(
    'nginx-server',
    {
      path: '/etc/nginx/conf.d/clusterproxy-prod.conf',
      server_name: 'bbb.example.com',
      include: '/etc/nginx/clusterproxy/prod/*.conf',
      ...more,
    },
    { files: { '/etc/nginx/nginx.conf': nginxConf, ...files }, answers },
  );
}

/** What the step warns of where openssl(1) says this of the certificate. */
function warnings(output: string, status = 0): readonly string[] {
  const query = { kind: 'command', args: ['openssl', 'x509', '-noout', '-dates', '-in', chain] } as const;
  return run([[query, { status, output }]]).warnings;
}

function dated(lifetime: number, left: number): string {
  const end = Date.now() + left * day;
  return `notBefore=${words(end - lifetime * day)}\nnotAfter=${words(end)}\n`;
}

it('warns of a certificate that should have been renewed by now', () => {
  expect(warnings(dated(90, 30))).toEqual([]);
  expect(warnings(dated(90, 20))).toEqual([
    expect.stringMatching(
      /^the certificate \/etc\/letsencrypt\/live\/\S+ expires on \d{4}-\S+, and should have been renewed by \d{4}-\S+$/,
    ),
  ]);
  expect(warnings(dated(45, 20))).toEqual([]);
  expect(warnings(dated(90, -1))).toEqual([expect.stringContaining('expired on')]);
  expect(warnings(dated(90, 100))).toEqual([expect.stringContaining('not valid yet')]);
});

it('says nothing where the host does not tell', () => {
  expect(warnings('Could not read certificate', 1)).toEqual([]);
  expect(warnings('')).toEqual([]);
});

describe('a key', () => {
  const key = '/etc/letsencrypt/live/bbb.example.com/privkey.pem';
  const pem = (letters: string) => `-----BEGIN PUBLIC KEY-----\n${letters}\n-----END PUBLIC KEY-----\n`;
  const told = (ofChain: Answer, ofKey: Answer) =>
    run([
      [{ kind: 'command', args: ['openssl', 'x509', '-noout', '-pubkey', '-in', chain] }, ofChain],
      [{ kind: 'command', args: ['openssl', 'pkey', '-pubout', '-passin', 'pass:', '-in', key] }, ofKey],
    ]);
  const says = (output: string, status = 0): Answer => ({ status, output });

  it('of another certificate is refused before anything is written', () => {
    expect(() => told(says(pem('AAAA')), says(pem('BBBB')))).toThrow(/doesn't belong to the certificate/);
  });

  it('of the certificate is taken, and one that the host can not read is left to nginx', () => {
    for (const other of [says(pem('AAAA')), says('', 1), says('')])
      expect(told(says(pem('AAAA')), other).warnings).toEqual([]);
  });
});

describe('a certificate that certbot keeps', () => {
  const renewal = '/etc/letsencrypt/renewal/bbb.example.com.conf';
  const kept = (text: string, more: object = {}) => run([], { files: { [renewal]: text }, more }).warnings;
  const webroot = (folder: string) =>
    `version = 2.1.0\n[renewalparams]\nauthenticator = webroot\nwebroot_path = ${folder},\n[[webroot_map]]\nbbb.example.com = ${folder}\n`;

  it('is told where nothing on port 80 answers its challenges', () => {
    expect(kept(webroot('/var/www/clusterproxy-prod'))).toEqual([
      expect.stringMatching(
        /can't renew .* answers into \/var\/www\/clusterproxy-prod, .* --webroot-path \/var\/www\/html /,
      ),
    ]);
    expect(kept('[renewalparams]\nauthenticator = standalone\n')).toEqual([
      expect.stringContaining('port 80 itself, which is taken'),
    ]);
    const server = 'https://ca.example.com:14000/dir';
    expect(kept(`[renewalparams]\nserver = ${server}\nauthenticator = standalone\n`)).toEqual([
      expect.stringContaining(` --server ${server} --force-renewal`),
    ]);
  });

  it.each([
    webroot('/var/www/html'),
    webroot('/var/www/html/'),
    '[renewalparams]\nauthenticator = dns-rfc2136\n',
    '[renewalparams]\nauthenticator = nginx\n',
    '',
  ])('is not told where that works: %j', (text) => {
    expect(kept(text)).toEqual([]);
  });

  it('is not told where port 80 is not ours', () => {
    expect(kept(webroot('/srv/elsewhere'), { redirect_http: false })).toEqual([]);
  });
});
