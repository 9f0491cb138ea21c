import { isIP } from 'node:net';
import { z } from 'zod';
import { type Directive, listensOf, removeDirective, scanWalkable } from '../../formats/nginx.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { serverHardening } from '../hardening/items.ts';
import { keptOfHttp } from '../hardening/nginx-inherited.ts';
import { hardenedServer } from '../hardening/nginx-lines.ts';
import { othersOf } from '../shared/other-hosts.ts';
import { directoriesOf, hostname } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { nginxFiles } from './nginx-files.ts';
import { inHttp, nginxOn, wholeConfiguration } from './nginx-on-host.ts';
import { judgePlanned, judgePresent } from './own-server-answers.ts';
import { plainPath, usualAcmeRoot } from './server-parameters.ts';

const parameters = z.strictObject({
  path: plainPath.describe('our own file with the server block for port 80'),
  cluster: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected letters, digits, -, _ and .')
    .describe("the cluster's name, which is part of a name in nginx's configuration"),
  server_name: hostname.describe("the proxy's public name"),
  webroot: plainPath.describe('folder into which `certbot --webroot` puts its answers'),
  server_file: z
    .union([z.literal(''), plainPath])
    .default('')
    .describe(
      'our own file with the server block for port 443: one for port 80 in it makes way for this one',
    ),
  own: z.string().default('').describe('which of the hosts this one is; `{{ host.name }}` will do'),
  hosts: z
    .array(z.looseObject({ name: z.string(), address: z.string() }))
    .default([])
    .describe('hosts of which the authority may reach any, such as `{{ hosts.proxy }}`'),
  ipv6: z.boolean().default(true),
  replace_server: z
    .boolean()
    .default(false)
    .describe('take the place of a server block that answers for the name by a pattern or as a default'),
  hardening: serverHardening.describe(
    'what the server is hardened by: `items`, and what belongs to them; nothing is said of `backlog`',
  ),
});

type ChallengesParameters = z.infer<typeof parameters>;

/**
 * Our own server block for the proxy's name on port 80, which needs no certificate: it answers the challenges
 * by which one is got (RFC 8555, 8.3), and redirects everything else to https. Where the name leads to any of
 * several hosts, only the one that has asked for a certificate has the answer. So whoever is asked looks on
 * all of them.
 */
export const nginxChallenges: StepModule<ChallengesParameters> = {
  name: 'nginx-challenges',
  description: 'on a proxy: port 80, with ACME challenges of several proxies and a redirect to https',
  parameters,
  reads: ({ path, hosts, server_file: file = '' }) => ({
    includes: wholeConfiguration.includes,
    paths: [
      path,
      ...directoriesOf(path),
      ...(file === '' ? [] : [file]),
      ...nginxFiles.read,
      ...nginxFiles.behindLinks,
      ...wholeConfiguration.paths,
    ],
    names: Array.isArray(hosts)
      ? hosts.map(({ address }) => address).filter((address) => isIP(address) === 0)
      : [],
  }),
  writes: ({ path, server_file: file = '' }) => (file === '' ? [path] : [path, file]),
  apply: (host, wanted) => {
    const own = {
      ...wanted,
      ports: [80],
      look_in: nginxFiles.read,
      withoutPort80: '"certificate_from: existing" and "redirect_http: false"',
    };
    judgePresent(host, own);
    host.manage(wholePath(wanted.path));
    host.write(wanted.path, render(host, wanted));
    if (wanted.server_file !== '') makeWay(host, wanted.server_file);
    judgePlanned(host, own);
  },
};

/**
 * Where a cluster gets its certificate by certbot from now on, its file for port 443 still has the block for
 * port 80, since that is written anew only once the certificate is there. nginx would go by one of the two.
 */
function makeWay(host: StepHost, path: string): void {
  if (!host.isManaged(wholePath(path)) || host.state(path).kind !== 'file') return;
  const text = host.text(path) ?? '';
  const plain = understand(host, path, text, () => scanWalkable(text)).filter(isForPort80);
  if (plain.length === 0) return;
  host.write(
    path,
    plain.reduceRight((rest, directive) => removeDirective(rest, directive), text),
  );
}

function isForPort80({ name, block }: Directive): boolean {
  const listens = (block?.directives ?? []).filter((one) => one.name === 'listen');
  const ports = listens.flatMap(({ args }) =>
    listensOf(args.map(({ text }) => text)).map(({ port }) => port),
  );
  return name === 'server' && ports.length > 0 && ports.every((port) => port === 80);
}

/** Says that another proxy has passed a question on, so that none goes round in circles. */
const passedOn = 'X-Clusterproxy-Passed-On';

function render(host: StepHost, wanted: ChallengesParameters): string {
  const others = othersOf(host, wanted);
  const upstream = `clusterproxy_${wanted.cluster}_acme`;
  const elsewhere = others.length === 0 ? '=404' : '@clusterproxy_others';
  const nginx = nginxOn(host, { usually: nginxFiles.read });
  const hardened = hardenedServer(host, { ...wanted.hardening, part: 'acme' }, inHttp(nginx));
  const server = block('server', [
    'listen 80;',
    ...(wanted.ipv6 ? ['listen [::]:80;'] : []),
    `server_name ${wanted.server_name};`,
    ...keptOfHttp(inHttp(nginx), hardened.plain),
    ...hardened.plain,
    // A token, and nothing behind it.
    'location ~ ^/\\.well-known/acme-challenge/[A-Za-z0-9_-]+$ {',
    `    root ${wanted.webroot};`,
    '    default_type text/plain;',
    '    try_files $uri @clusterproxy_usual;',
    '}',
    // Where a certbot that was set up by hand goes on putting its answers.
    'location @clusterproxy_usual {',
    `    root ${usualAcmeRoot};`,
    '    default_type text/plain;',
    `    try_files $uri ${elsewhere};`,
    '}',
    ...(others.length === 0 ? [] : askOthers(upstream)),
    `location / { return 301 https://${wanted.server_name}$request_uri; }`,
  ]);
  const asked = block(
    `upstream ${upstream}`,
    // Asked whatever they answered before.
    others.map((address) => `server ${isIP(address) === 6 ? `[${address}]` : address}:80 max_fails=0;`),
  );
  const header = `# Written by clusterproxy, step ${host.step}: edits get lost.\n`;
  const http = hardened.http.length === 0 ? [] : [hardened.http.map((line) => `${line}\n`).join('')];
  return [header, ...http, ...(others.length === 0 ? [] : [asked]), server].join('\n');
}

/** One after the other, until one has the answer. */
function askOthers(upstream: string): readonly string[] {
  return [
    'location @clusterproxy_others {',
    `    if ($http_${passedOn.toLowerCase().replaceAll('-', '_')}) { return 404; }`,
    `    proxy_pass http://${upstream};`,
    '    proxy_set_header Host $host;',
    `    proxy_set_header ${passedOn} yes;`,
    '    proxy_connect_timeout 2s;',
    '    proxy_read_timeout 4s;',
    '    proxy_next_upstream error timeout invalid_header http_404 http_500 http_502 http_503 http_504;',
    '}',
  ];
}

function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines.map((line) => `    ${line}\n`).join('')}}\n`;
}
