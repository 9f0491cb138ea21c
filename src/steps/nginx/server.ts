import { z } from 'zod';
import { findServers, type Server } from '../../formats/nginx.ts';
import type { Query } from '../../model/snapshot.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, directoriesOf, hostname } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { lineOf, serverDirectives } from './directives.ts';
import { filesAt, nginxFiles } from './nginx-files.ts';
import { isMissing, isReadable } from './trusted-certificates.ts';

const mainFile = '/etc/nginx/nginx.conf';

/** For a path in nginx's configuration, in which blanks and braces would need quoting. */
const plainPath = absolutePath.regex(/^[A-Za-z0-9_./*+:@%=-]*$/, 'expected a path of plain letters');
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
    .default('/var/www/html')
    .describe('with redirect_http, the folder that answers ACME challenges (certbot --webroot)'),
  http2: z.boolean().default(true).describe('use HTTP/2, in the syntax of the installed nginx'),
  ipv6: z.boolean().default(true),
  look_in: z
    .array(absolutePath)
    .default([...nginxFiles.read])
    .describe('files that nginx reads'),
});

type ServerParameters = z.infer<typeof parameters>;

/**
 * Our own server block for the proxy's name, on port 443, since the client builds its addresses from the
 * page's hostname, without a port. Somebody else's server block with the same name would win or lose by the
 * order of files, so it is refused. Certificates must exist; they are never obtained here.
 */
export const nginxServer: StepModule<ServerParameters> = {
  name: 'nginx-server',
  description: 'on a proxy: our own server block, with TLS',
  parameters,
  reads: (wanted) => ({
    paths: [
      wanted.path,
      ...directoriesOf(wanted.path),
      ...(wanted.look_in ?? nginxFiles.read),
      ...nginxFiles.behindLinks,
    ],
    queries: [...Object.values(certificateOf(wanted)).map(isReadable), askVersion],
  }),
  writes: ({ path }) => [path],
  apply: (host, wanted) => {
    refuseTakenName(host, wanted);
    for (const path of Object.values(certificateOf(wanted))) {
      if (!isMissing(host, path)) continue;
      throw host.problem(
        'certificate-missing',
        `${path} can't be read on this host, so nginx couldn't answer on port 443`,
        `get a certificate for ${wanted.server_name}, or name its files in "certificate" and "certificate_key"`,
      );
    }
    if (!isIncluded(host, wanted.path)) {
      host.warn(`${mainFile} has no include that covers ${wanted.path}: nginx may not read it`);
    }
    host.manage(wholePath(wanted.path));
    host.write(wanted.path, render(host.step, wanted, http2Lines(host, wanted)));
  },
};

function certificateOf({ server_name: name, certificate, certificate_key: key }: ServerParameters) {
  return {
    chain: certificate || `/etc/letsencrypt/live/${name}/fullchain.pem`,
    key: key || `/etc/letsencrypt/live/${name}/privkey.pem`,
  };
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

function render(step: string, wanted: ServerParameters, http2: Http2): string {
  const { chain, key } = certificateOf(wanted);
  const listen = (what: string) => [`listen ${what};`, ...(wanted.ipv6 ? [`listen [::]:${what};`] : [])];
  const redirect = block([
    ...listen('80'),
    `server_name ${wanted.server_name};`,
    `location ^~ /.well-known/acme-challenge/ { root ${wanted.acme_root}; }`,
    `location / { return 301 https://${wanted.server_name}$request_uri; }`,
  ]);
  const server = block([
    ...listen(`443 ssl${http2.listen}`),
    ...http2.lines,
    `server_name ${wanted.server_name};`,
    `ssl_certificate ${chain};`,
    `ssl_certificate_key ${key};`,
    'ssl_protocols TLSv1.2 TLSv1.3;',
    `include ${wanted.include};`,
    // Only the nodes' locations: a proxy must not become a way to anything else that this host can reach.
    'location / { return 404; }',
  ]);
  const header = `# Written by clusterproxy, step ${step}: edits get lost.\n`;
  return [header, ...(wanted.redirect_http ? [redirect] : []), server].join('\n');
}

/** Whether nginx's main file includes a path; assumed if the main file isn't read. */
function isIncluded(host: StepHost, path: string): boolean {
  const text = host.snapshot.paths.has(mainFile) ? host.text(mainFile) : undefined;
  if (text === undefined) return true;
  return understand(host, mainFile, text, () => serverDirectives(text)).some(
    ({ name, args }) => name === 'include' && fallsUnder(path, args[0]?.text ?? ''),
  );
}

/** Like glob(3) for the patterns of an `include`; a relative one starts in the main file's folder. */
function fallsUnder(path: string, pattern: string): boolean {
  const absolute = pattern.startsWith('/') ? pattern : `/etc/nginx/${pattern}`;
  const source = absolute
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${source}$`).test(path);
}

function block(lines: readonly string[]): string {
  return `server {\n${lines.map((line) => `    ${line}\n`).join('')}}\n`;
}

function refuseTakenName(host: StepHost, wanted: ServerParameters): void {
  const ports = wanted.redirect_http ? ['80', '443'] : ['443'];
  for (const { path, text } of filesAt(host, wanted.look_in)) {
    if (path === wanted.path) continue;
    const taken = understand(host, path, text, () => findServers(text)).find(
      (server) =>
        server.serverNames.includes(wanted.server_name) &&
        portsOf(server).some((port) => ports.includes(port)),
    );
    if (taken === undefined || isOwn(host, path)) continue;
    const port = portsOf(taken).find((one) => ports.includes(one));
    throw host.problem(
      'server-name-taken',
      `${path}:${lineOf(text, taken.directive.start)} already has a server block for ${wanted.server_name} on port ${port}${ownerWords(host, path)}`,
      port === '80'
        ? 'set "redirect_http: false" to leave port 80 to it, or "proxy_server: include" with its file in "server_file"'
        : 'set "proxy_server: include" and name its file in "server_file", or remove that server block',
    );
  }
}

/** A file that this cluster had under another name is removed in the same plan. */
function isOwn(host: StepHost, path: string): boolean {
  return host.isManaged(wholePath(path));
}

function ownerWords({ snapshot }: StepHost, path: string): string {
  const other = snapshot.others?.find(({ ledger }) => ledger.items.some((item) => item.path === path));
  return other === undefined ? '' : `: it belongs to the cluster ${other.cluster}`;
}

/** The ports of a server block; without `listen` the port is 80. Source: ngx_http_core_module, listen. */
function portsOf(server: Server): readonly string[] {
  if (server.listen.length === 0) return ['80'];
  return server.listen.map(([address = '']) => /(?:^|:)(\d+)$/.exec(address)?.[1] ?? '80');
}
