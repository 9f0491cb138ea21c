import { z } from 'zod';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { hardenedSite } from '../hardening/caddy-lines.ts';
import { serverHardening } from '../hardening/items.ts';
import { refuseMissingFiles } from '../relay/certificate-files.ts';
import { askListeners, refuseOtherListeners } from '../relay/port-owners.ts';
import { isReadable } from '../relay/trusted-certificates.ts';
import { absolutePath, accountName, directoriesOf, hostname } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { caddyFiles, caddyOn, fileAt, mainCaddyfile } from './caddy-files.ts';
import { caddyImportLine } from './import-format.ts';
import { plainPath } from './locations-parameters.ts';
import { isImportedOtherwise, judgeSites, listensElsewhere } from './own-site-answers.ts';
import { caddyUser, mayRead, refuseUnreadable } from './readable.ts';
import { renderSite } from './render-site.ts';

const certificatePath = z.union([z.literal(''), plainPath]).default('');

const parameters = z.strictObject({
  path: plainPath.describe('our own file with the site'),
  hostname: hostname.describe("the proxy's public name"),
  import: plainPath.describe('files with the rules; a glob, so that it is not an error if there are none'),
  caddyfile: plainPath.default(mainCaddyfile).describe('the Caddyfile that imports our file'),
  certificate: certificatePath.describe("file of the certificate's chain; empty: Caddy gets one by itself"),
  certificate_key: certificatePath.describe("file of the certificate's key"),
  redirect_http: z.boolean().default(true).describe('answer on port 80 with a redirect to https'),
  acme_root: plainPath
    .default('/var/www/html')
    .describe('with redirect_http, the folder that answers ACME challenges (certbot --webroot)'),
  ipv6: z.boolean().default(true).describe('false: listen on IPv4 alone, where no other site is there'),
  replace_server: z
    .boolean()
    .default(false)
    .describe('take the place of a site that answers for the name by a wildcard or for any name'),
  hardening: serverHardening.describe('what the sites are hardened by: `items`, and what belongs to them'),
  user: accountName.default(caddyUser).describe('the account that Caddy runs as'),
  look_in: z
    .array(absolutePath)
    .default([...caddyFiles])
    .describe('files that an import line of the Caddyfile may lead to'),
});

type SiteParameters = z.infer<typeof parameters>;

/**
 * Our own site for the proxy's name, in a file of our own, and one `import` line at the top level of the
 * Caddyfile. Who answers for the name is decided by the sites of all files that Caddy reads.
 */
export const caddyServer: StepModule<SiteParameters> = {
  name: 'caddy-server',
  description: 'on a proxy with Caddy: our own site, with TLS',
  parameters,
  reads: (wanted) => ({
    paths: [
      wanted.path,
      ...directoriesOf(wanted.path),
      wanted.caddyfile ?? mainCaddyfile,
      ...(wanted.look_in ?? caddyFiles),
    ],
    queries: [
      askListeners,
      ...filesOfCertificate(wanted).flatMap((file) => [
        isReadable(file),
        mayRead(wanted.user ?? caddyUser, file),
      ]),
    ],
  }),
  itemFormats: [caddyImportLine],
  writes: ({ path, caddyfile = mainCaddyfile }) => [path, caddyfile],
  apply: (host, wanted) => {
    refuseHalf(host, wanted);
    const files = filesOfCertificate(wanted);
    refuseMissingFiles(host, files, {
      program: 'Caddy',
      next: `name the files of a certificate for ${wanted.hostname} in "certificate" and "certificate_key", or leave both empty: Caddy then gets one by itself`,
    });
    for (const file of files) refuseUnreadable(host, wanted.user, file);
    judgeSites(host, wanted);
    refuseOtherListeners(host, { program: 'caddy', ports: wanted.redirect_http ? [80, 443] : [443] });
    const others = listensElsewhere(host, wanted);
    if (!wanted.ipv6 && others) {
      host.warn(
        `Caddy answers for ${wanted.hostname} on IPv6 too, because other sites of this host listen on all addresses`,
      );
    }
    host.manage(wholePath(wanted.path));
    host.write(
      wanted.path,
      renderSite(host.step, {
        ...wanted,
        isIpv4Only: !wanted.ipv6 && !others,
        hardened: hardenedSite(wanted.hardening),
      }),
    );
    importFile(host, wanted);
  },
};

function filesOfCertificate({
  certificate,
  certificate_key: key,
}: Partial<SiteParameters>): readonly string[] {
  return [certificate ?? '', key ?? ''].filter((path) => path !== '');
}

function refuseHalf(host: StepHost, { certificate, certificate_key: key }: SiteParameters): void {
  if ((certificate === '') === (key === '')) return;
  throw host.problem(
    'certificate-missing',
    `only ${certificate === '' ? '"certificate_key"' : '"certificate"'} is given, and Caddy needs both files`,
    'name both, or leave both empty: Caddy then gets a certificate by itself',
  );
}

/** One `import` line for a file of ours at the top level of the Caddyfile, unless another leads there. */
export function importFile(
  host: StepHost,
  wanted: Pick<SiteParameters, 'path' | 'caddyfile' | 'look_in'>,
): void {
  const { path, caddyfile } = wanted;
  const file = fileAt(host, caddyfile);
  if (file === undefined) {
    throw host.problem(
      'file-missing',
      `${caddyfile} does not exist`,
      'let Caddy read a Caddyfile (`caddy run --config`), and name it in "caddyfile"',
    );
  }
  if (isImportedOtherwise(caddyOn(host, caddyfile, wanted.look_in), path)) return;
  const bare = file.parts.sites.find(({ isBare }) => isBare);
  if (bare !== undefined) {
    const address = bare.statement.words.map(({ text }) => text).join(' ');
    throw host.problem(
      'site-without-braces',
      `${file.path} is the single site ${address}, written without braces: a line at its end would belong to that site`,
      `put braces around the site, "${address} {" before its first directive and "}" at the end, then plan again`,
    );
  }
  const line = { path: caddyfile, format: caddyImportLine.name, key: ['', path] };
  host.manage(line);
  const after = understand(host, file.path, file.text, () => caddyImportLine.set(file.text, line.key, path));
  if (after !== file.text) host.write(caddyfile, after);
  host.edited(line, file.text, after);
}
