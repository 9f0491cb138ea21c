import { expect, it } from 'vitest';
import { runStep } from '../../support/run-step.ts';

const chain = '/etc/letsencrypt/live/bbb.example.com/fullchain.pem';
const day = 86_400_000;
const words = (time: number) =>
  new Date(time).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+) GMT/, '$2 $1 $4 $3 GMT');

/** What the step warns of where openssl(1) says this of the certificate. */
function warnings(output: string, status = 0): readonly string[] {
  const query = { kind: 'command', args: ['openssl', 'x509', '-noout', '-dates', '-in', chain] } as const;
  return runStep(
    'nginx-server',
    {
      path: '/etc/nginx/conf.d/clusterproxy-prod.conf',
      server_name: 'bbb.example.com',
      include: '/etc/nginx/clusterproxy/prod/*.conf',
    },
    {
      files: { '/etc/nginx/nginx.conf': 'events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n' },
      answers: [[query, { status, output }]],
    },
  ).warnings;
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
