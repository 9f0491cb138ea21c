import { z } from 'zod';
import type { Query } from '../../model/reads.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { serverHardening } from '../hardening/items.ts';
import { backlogOf } from '../hardening/nginx-backlog.ts';
import { keptOfHttp } from '../hardening/nginx-inherited.ts';
import { hardenedServer } from '../hardening/nginx-lines.ts';
import { askOpenSsl } from '../hardening/tls-profile.ts';
import { lineageOf, renewalFile, warnOfRenewal } from '../host/certbot-lineage.ts';
import { refuseMissingFiles } from '../relay/certificate-files.ts';
import { isReadable } from '../relay/trusted-certificates.ts';
import { warnOfTime } from '../shared/certificate-time.ts';
import { absolutePath, directoriesOf, hostname } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { askBuild, type Http3, http3Lines } from './http3.ts';
import { nginxFiles } from './nginx-files.ts';
import { inHttp, nginxOn, wholeConfiguration } from './nginx-on-host.ts';
import { judgePlanned, judgePresent, type OwnServer } from './own-server-answers.ts';
import { plainPath, usualAcmeRoot } from './server-parameters.ts';

const certificatePath = z.union([z.literal(''), plainPath]).default('');

const parameters = z.strictObject({
  path: plainPath.describe('our own file with the server block'),
  server_name: hostname.describe("the proxy's public name"),
  include: plainPath.describe(
    'files with the locations; a glob, so that it is not an error if there are none',
  ),
  certificate: certificatePath.describe(
    "file of the certificate's chain; empty: certbot's for the server_name",
  ),
  certificate_key: certificatePath.describe(
    "file of the certificate's key; empty: certbot's for the server_name",
  ),
  redirect_http: z.boolean().default(true).describe('answer on port 80 with a redirect to https'),
  acme_root: plainPath
    .default(usualAcmeRoot)
    .describe('with redirect_http, the folder that answers ACME challenges (certbot --webroot)'),
  http2: z.boolean().default(true).describe('use HTTP/2, in the syntax of the installed nginx'),
  http3: z.boolean().default(false).describe('also use HTTP/3, on port 443 of UDP'),
  ipv6: z.boolean().default(true),
  replace_server: z
    .boolean()
    .default(false)
    .describe(
      'take the place of a server block that answers for the name by a wildcard, a regular expression or as a default',
    ),
  hardening: serverHardening.describe('what the server is hardened by: `items`, and what belongs to them'),
  look_in: z
    .array(absolutePath)
    .default([...nginxFiles.read])
    .describe('files that nginx is taken to read if the host has no nginx.conf'),
});

type ServerParameters = z.infer<typeof parameters>;

/**
 * Our own server block for the proxy's name, on port 443, since the client builds its addresses from the
 * page's hostname, without a port. Who answers for the name, before and after, is decided by nginx's rules
 * over its whole configuration. Certificates must exist; they are never obtained here.
 */
export const nginxServer: StepModule<ServerParameters> = {
  name: 'nginx-server',
  description: 'on a proxy: our own server block, with TLS',
  parameters,
  reads: (wanted) => ({
    includes: wholeConfiguration.includes,
    paths: [
      wanted.path,
      ...directoriesOf(wanted.path),
      ...(wanted.look_in ?? nginxFiles.read),
      ...nginxFiles.behindLinks,
      ...wholeConfiguration.paths,
      // nginx will read it, although it may not know of it yet.
      wanted.include,
      ...renewalFilesOf(wanted),
    ],
    queries: [
      ...Object.values(certificateOf(wanted)).map(isReadable),
      ...[askDates(certificateOf(wanted).chain), askVersion],
      ...publicKeysOf(certificateOf(wanted)),
      ...(wanted.hardening?.items?.includes('tls') ? [askOpenSsl.nginx] : []),
      ...(wanted.http3 ? [askBuild] : []),
    ],
  }),
  writes: ({ path }) => [path],
  apply: (host, wanted) => {
    judgePresent(host, ownServer(wanted));
    refuseMissingFiles(host, Object.values(certificateOf(wanted)), {
      program: 'nginx',
      next: `get a certificate for ${wanted.server_name}, or name its files in "certificate" and "certificate_key"`,
    });
    refuseOtherKey(host, certificateOf(wanted));
    warnOfChain(host, certificateOf(wanted).chain);
    warnOfWay(host, wanted);
    host.manage(wholePath(wanted.path));
    const http3 = wanted.http3 ? http3Lines(host, wanted) : undefined;
    host.write(wanted.path, render(host, wanted, { http2: http2Lines(host, wanted), http3 }));
    judgePlanned(host, ownServer(wanted));
  },
};

function ownServer(wanted: ServerParameters): OwnServer {
  return {
    ...wanted,
    ports: wanted.redirect_http ? [80, 443] : [443],
    withoutPort80: '"redirect_http: false"',
  };
}

function certificateOf({ server_name: name, certificate, certificate_key: key }: ServerParameters) {
  return {
    chain: certificate || `/etc/letsencrypt/live/${name}/fullchain.pem`,
    key: key || `/etc/letsencrypt/live/${name}/privkey.pem`,
  };
}

function askDates(chain: string): Query {
  return { kind: 'command', args: ['openssl', 'x509', '-noout', '-dates', '-in', chain] };
}

/** Nothing is said where the host doesn't tell it: whether nginx can use the file is for nginx to say. */
function warnOfChain(host: StepHost, chain: string): void {
  const { status, output = '' } = host.answer(askDates(chain)) ?? {};
  const time = (key: string) => Date.parse(new RegExp(`^${key}=(.+)$`, 'm').exec(output)?.[1] ?? '');
  const lifetime = { validFrom: time('notBefore'), validTo: time('notAfter') };
  if (status !== 0 || Number.isNaN(lifetime.validFrom) || Number.isNaN(lifetime.validTo)) return;
  warnOfTime(host, lifetime, `the certificate ${chain}`);
}

/** The certificate's public key, and that which belongs to the key: a key itself is nobody's business. */
function publicKeysOf({ chain, key }: { readonly chain: string; readonly key: string }): readonly Query[] {
  return [
    { kind: 'command', args: ['openssl', 'x509', '-noout', '-pubkey', '-in', chain] },
    // One with a passphrase isn't asked for it.
    { kind: 'command', args: ['openssl', 'pkey', '-pubout', '-passin', 'pass:', '-in', key] },
  ];
}

/** nginx refuses it as well, but only once the files are there. Nothing is said where the host can't tell. */
function refuseOtherKey(host: StepHost, files: ReturnType<typeof certificateOf>): void {
  const [one, other] = publicKeysOf(files).map((query) => {
    const { status, output = '' } = host.answer(query) ?? {};
    return status === 0 ? /-----BEGIN[\s\S]*-----END[^\n]*/.exec(output)?.[0] : undefined;
  });
  if (one === undefined || other === undefined || one === other) return;
  throw host.problem(
    'key-of-another',
    `the key ${files.key} doesn't belong to the certificate in ${files.chain}`,
    "name the files of one certificate; an old key can't be used after a renewal",
  );
}

/** Of the one that certbot keeps, where port 80 is ours: otherwise nothing is known of what answers there. */
function warnOfWay(host: StepHost, wanted: ServerParameters): void {
  const name = lineageOf(certificateOf(wanted).chain);
  if (name === undefined || !wanted.redirect_http) return;
  warnOfRenewal(host, name, { by: 'folders', folders: [wanted.acme_root] });
}

function renewalFilesOf(wanted: ServerParameters): readonly string[] {
  const name = lineageOf(certificateOf(wanted).chain);
  return name === undefined ? [] : [renewalFile(name)];
}

const askVersion: Query = { kind: 'command', args: ['nginx', '-v'] };

/** How HTTP/2 is enabled: what follows `listen 443 ssl`, or a separate line. */
interface Http2 {
  readonly listen: string;
  readonly lines: readonly string[];
}

/**
 * nginx 1.25.1 has the directive `http2`, and warns about the earlier parameter of `listen`. If the version
 * isn't known, the old form is used, which all versions load. Source: ngx_http_v2_module.
 */
function http2Lines(host: StepHost, { http2 }: ServerParameters): Http2 {
  if (!http2) return { listen: '', lines: [] };
  const version = /version: [\w-]+\/(\d+)\.(\d+)\.(\d+)/.exec(host.answer(askVersion)?.output ?? '');
  const [major = 0, minor = 0, patch = 0] = (version ?? []).slice(1).map(Number);
  const isNew = major > 1 || (major === 1 && (minor > 25 || (minor === 25 && patch >= 1)));
  return isNew ? { listen: '', lines: ['http2 on;'] } : { listen: ' http2', lines: [] };
}

function render(
  host: StepHost,
  wanted: ServerParameters,
  { http2, http3 }: { readonly http2: Http2; readonly http3: Http3 | undefined },
): string {
  const { chain, key } = certificateOf(wanted);
  const nginx = nginxOn(host, { usually: wanted.look_in });
  const hardened = hardenedServer(host, wanted.hardening, inHttp(nginx));
  const backlog = wanted.hardening.items.includes('backlog') ? backlogOf(host, nginx, wanted.path) : () => '';
  const kept = (lines: readonly string[]) => keptOfHttp(inHttp(nginx), lines);
  const listen = (port: number, what = '') => [
    `listen ${port}${what}${backlog(port, 'ipv4')};`,
    ...(wanted.ipv6 ? [`listen [::]:${port}${what}${backlog(port, 'ipv6')};`] : []),
  ];
  const udp = (what: string) => [`listen ${what};`, ...(wanted.ipv6 ? [`listen [::]:${what};`] : [])];
  const redirect = block([
    ...listen(80),
    `server_name ${wanted.server_name};`,
    ...kept(hardened.plain),
    ...hardened.plain,
    `location ^~ /.well-known/acme-challenge/ { root ${wanted.acme_root}; }`,
    `location / { return 301 https://${wanted.server_name}$request_uri; }`,
  ]);
  const server = block([
    ...listen(443, ` ssl${http2.listen}`),
    ...(http3 === undefined ? [] : udp(`443${http3.listen}`)),
    ...http2.lines,
    ...kept([...(http3?.lines ?? []), ...hardened.secure]),
    ...(http3?.lines ?? []),
    `server_name ${wanted.server_name};`,
    `ssl_certificate ${chain};`,
    `ssl_certificate_key ${key};`,
    'ssl_protocols TLSv1.2 TLSv1.3;',
    ...hardened.secure,
    // Where no other block has a port, this one gets requests for all names. 421: a browser that came by a
    // connection to another name of the same certificate asks again by one of its own (RFC 9110, 15.5.20).
    // nginx has the name in small letters, and without a port.
    `if ($host != ${wanted.server_name.toLowerCase()}) { return 421; }`,
    `include ${wanted.include};`,
    // Only the nodes' locations: a proxy must not become a way to anything else that this host can reach.
    'location / { return 404; }',
  ]);
  const header = `# Written by clusterproxy, step ${host.step}: edits get lost.\n`;
  const http = hardened.http.length === 0 ? [] : [hardened.http.map((line) => `${line}\n`).join('')];
  return [header, ...http, ...(wanted.redirect_http ? [redirect] : []), server].join('\n');
}

function block(lines: readonly string[]): string {
  return `server {\n${lines.map((line) => `    ${line}\n`).join('')}}\n`;
}
