import { z } from 'zod';
import { findServers, type Server } from '../formats/nginx.ts';
import type { StepHost } from '../model/step-host.ts';
import { lineOf, serverDirectives } from './nginx-directives.ts';
import { filesAt, nginxFiles } from './nginx-files.ts';
import { absolutePath, directoriesOf, hostname } from './parameters.ts';
import type { StepModule } from './step-module.ts';
import { isMissing, isReadable } from './trusted-certificates.ts';
import { understand } from './understand.ts';

const mainFile = '/etc/nginx/nginx.conf';

/** Of a path in nginx's configuration; blanks and braces would need quoting. */
const plainPath = absolutePath.regex(/^[A-Za-z0-9_./*+:@%=-]*$/, 'expected a path of plain letters');
const certificatePath = z.union([z.literal(''), plainPath]).default('');

const parameters = z.strictObject({
  path: plainPath.describe('the file of our own with the server block'),
  server_name: hostname.describe("the proxy's public name"),
  include: plainPath.describe('files with the locations; a glob, so that none is no error'),
  certificate: certificatePath.describe("the certificate's chain; empty: certbot's for the server_name"),
  certificate_key: certificatePath.describe("the certificate's key; empty: certbot's for the server_name"),
  redirect_http: z.boolean().default(true).describe('answer on port 80 with a redirect to https'),
  acme_root: plainPath
    .default('/var/www/html')
    .describe('with redirect_http, the folder that answers to ACME challenges (certbot --webroot)'),
  http2: z.boolean().default(true),
  ipv6: z.boolean().default(true),
  look_in: z
    .array(absolutePath)
    .default([...nginxFiles.read])
    .describe('files that nginx reads'),
});

type ServerParameters = z.infer<typeof parameters>;

/**
 * A server block of our own for the proxy's name, on port 443: the client builds its addresses from the page's
 * hostname, without a port. A server block of somebody else's with the name would win or lose by the order of files, so
 * it is refused. Certificates are asked for, never fetched.
 */
export const nginxServer: StepModule<ServerParameters> = {
  name: 'nginx-server',
  description: 'on a proxy: a server block of our own, with TLS',
  parameters,
  reads: (wanted) => ({
    paths: [
      wanted.path,
      ...directoriesOf(wanted.path),
      ...(wanted.look_in ?? nginxFiles.read),
      ...nginxFiles.behindLinks,
    ],
    queries: Object.values(certificateOf(wanted)).map(isReadable),
  }),
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
      host.warn(`${mainFile} has no include that ${wanted.path} falls under: nginx may not read it`);
    }
    host.manage({ path: wanted.path, format: 'file', key: [] });
    host.write(wanted.path, render(host.step, wanted));
  },
};

function certificateOf({ server_name: name, certificate, certificate_key: key }: ServerParameters) {
  return {
    chain: certificate || `/etc/letsencrypt/live/${name}/fullchain.pem`,
    key: key || `/etc/letsencrypt/live/${name}/privkey.pem`,
  };
}

function render(step: string, wanted: ServerParameters): string {
  const { chain, key } = certificateOf(wanted);
  const listen = (what: string) => [`listen ${what};`, ...(wanted.ipv6 ? [`listen [::]:${what};`] : [])];
  const redirect = block([
    ...listen('80'),
    `server_name ${wanted.server_name};`,
    `location ^~ /.well-known/acme-challenge/ { root ${wanted.acme_root}; }`,
    `location / { return 301 https://${wanted.server_name}$request_uri; }`,
  ]);
  const server = block([
    ...listen(wanted.http2 ? '443 ssl http2' : '443 ssl'),
    `server_name ${wanted.server_name};`,
    `ssl_certificate ${chain};`,
    `ssl_certificate_key ${key};`,
    'ssl_protocols TLSv1.2 TLSv1.3;',
    `include ${wanted.include};`,
    // Nothing but the nodes' locations: a proxy must not become a way to anything else that this host can reach.
    'location / { return 404; }',
  ]);
  const header = `# Written by clusterproxy, step ${step}: edits get lost.\n`;
  return [header, ...(wanted.redirect_http ? [redirect] : []), server].join('\n');
}

/** Whether nginx's main file includes a path; where the main file isn't looked at, it's taken for granted. */
function isIncluded(host: StepHost, path: string): boolean {
  const text = host.snapshot.paths.has(mainFile) ? host.text(mainFile) : undefined;
  if (text === undefined) return true;
  return understand(host, mainFile, text, () => serverDirectives(text)).some(
    ({ name, args }) => name === 'include' && fallsUnder(path, args[0]?.text ?? ''),
  );
}

/** As glob(3) for the patterns that stand in an `include`; a relative one begins in the main file's folder. */
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
    if (taken === undefined) continue;
    const port = portsOf(taken).find((one) => ports.includes(one));
    throw host.problem(
      'server-name-taken',
      `${path}:${lineOf(text, taken.directive.start)} has a server block for ${wanted.server_name} on port ${port} already`,
      port === '80'
        ? 'say "redirect_http: false" to leave port 80 to it, or "proxy_server: include" with its file in "server_file"'
        : 'say "proxy_server: include" and name its file in "server_file", or take that server block away',
    );
  }
}

/** The ports of a server block; without `listen` it is 80. Source: ngx_http_core_module, listen. */
function portsOf(server: Server): readonly string[] {
  if (server.listen.length === 0) return ['80'];
  return server.listen.map(([address = '']) => /(?:^|:)(\d+)$/.exec(address)?.[1] ?? '80');
}
