import { z } from 'zod';
import { managedBlocks, setSectionsBlock } from '../../formats/haproxy.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { hardenedFrontend } from '../hardening/haproxy-lines.ts';
import { serverHardening } from '../hardening/items.ts';
import { askOpenSsl } from '../hardening/tls-profile.ts';
import { askListeners, refuseOtherListeners } from '../relay/port-owners.ts';
import { isMissing, isReadable } from '../relay/trusted-certificates.ts';
import { absolutePath, directoriesOf, hostname } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { frontendBlock, haproxyFrontendBlock, nodePrefix } from './block-formats.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { askBuild, refuseWithoutQuic } from './http3.ts';
import { clusterName, configurationPath, usualPath } from './locations-parameters.ts';
import { enabled, hosts } from './model.ts';
import { otherReads } from './other-files.ts';
import { refuseTakenPorts } from './ports.ts';
import { type Route, routesOf } from './read-backends.ts';
import { renderFrontends } from './render-frontend.ts';
import { askVersion, checkVersion } from './version.ts';

const parameters = z.strictObject({
  path: configurationPath,
  cluster: clusterName,
  hostname: hostname.describe("the proxy's public name"),
  certificate: absolutePath.describe(
    'file with certificate, chain and key in PEM, such as a step pem-bundle makes',
  ),
  redirect_http: z.boolean().default(true).describe('answer on port 80 with a redirect to https'),
  acme_port: z
    .int('expected a port')
    .min(1)
    .max(65535)
    .default(8888)
    .describe(
      'with redirect_http, the port of this host that answers ACME challenges (certbot --standalone --http-01-port)',
    ),
  acme_proxies: z
    .strictObject({ enabled, hosts })
    .default({ enabled: false, hosts: [] })
    .describe(
      'with redirect_http, proxies of which any may be asked for the challenge of any, such as `{{ hosts.proxy }}`: they pass it on to each other',
    ),
  http2: z.boolean().default(true).describe('offer HTTP/2'),
  http3: z.boolean().default(false).describe('also offer HTTP/3, on port 443 of UDP'),
  ipv6: z.boolean().default(true),
  hardening: serverHardening.describe(
    'what the frontends are hardened by: `items`, and what belongs to them',
  ),
});

type FrontendParameters = z.infer<typeof parameters>;

/**
 * Our own frontends for the proxy's name, on ports 443 and 80. They send requests to the backends that a step
 * `haproxy-locations` has left in the file, so that a node whose block is kept keeps its rules.
 */
export const haproxyFrontend: StepModule<FrontendParameters> = {
  name: 'haproxy-frontend',
  description: 'on a proxy with HAProxy: our own frontends, with TLS',
  parameters,
  reads: ({ path = usualPath, certificate = '', hardening, http3 = false }) => ({
    paths: [path, ...directoriesOf(path), ...otherReads.paths],
    // Its content has the key, which is nobody's business where this step only may come to run.
    queries: [
      ...[askVersion, askListeners, ...otherReads.queries],
      ...(certificate === '' ? [] : [isReadable(certificate)]),
      ...(hardening?.items?.includes('tls') ? [askOpenSsl.haproxy] : []),
      ...(http3 ? [askBuild] : []),
    ],
  }),
  itemFormats: [haproxyFrontendBlock],
  writes: ({ path }) => [path],
  apply: (host, wanted) => {
    checkVersion(host);
    const configuration = readConfiguration(host, wanted.path, wanted.cluster);
    if (wanted.http3) refuseWithoutQuic(host, configuration);
    refuseTakenPorts(host, configuration, wanted);
    refuseOtherListeners(host, { program: 'haproxy', ports: wanted.redirect_http ? [80, 443] : [443] });
    if (!isThere(host, wanted.certificate)) {
      throw host.problem(
        'certificate-missing',
        `${wanted.certificate} does not exist on this host, so HAProxy wouldn't start`,
        'create it in an earlier step (pem-bundle), or name another file',
      );
    }
    const { text } = configuration;
    const { enabled, hosts } = wanted.acme_proxies;
    const proxies = enabled ? hosts.filter(({ state }) => state !== 'retired') : [];
    const body = renderFrontends(
      { ...wanted, acme_proxies: proxies, hardened: hardenedFrontend(host, wanted.hardening) },
      clusterRoutes(text, wanted.cluster),
      { hasLog: hasLog(configuration) },
    );
    const after = understand(host, wanted.path, text, () =>
      setSectionsBlock(text, frontendBlock(wanted.cluster), body),
    );
    host.manage({ path: wanted.path, format: haproxyFrontendBlock.name, key: [wanted.cluster] });
    if (after !== text) host.write(wanted.path, after);
  },
};

/** Whether a file is there, or will be by an earlier step, which then has declared that it looks at it. */
function isThere(host: StepHost, path: string): boolean {
  return host.snapshot.paths.has(path) ? host.exists(path) : !isMissing(host, path);
}

/** What all nodes of a cluster answer, by the blocks that are there. */
export function clusterRoutes(text: string, cluster: string): readonly Route[] {
  return [...managedBlocks(text)]
    .filter(([name]) => name.startsWith(nodePrefix(cluster)))
    .flatMap(([, block]) => routesOf(block));
}

function hasLog({ sections }: Configuration): boolean {
  return sections.some(
    ({ keyword, lines }) => keyword === 'global' && lines.some(({ name }) => name === 'log'),
  );
}
