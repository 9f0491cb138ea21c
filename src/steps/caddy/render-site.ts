import type { HardenedSite } from '../hardening/caddy-lines.ts';

/** Our own site. */
export interface SiteFile {
  readonly hostname: string;
  readonly import: string;
  /** its files; '' where Caddy gets a certificate by itself */
  readonly certificate: string;
  readonly certificate_key: string;
  readonly redirect_http: boolean;
  readonly acme_root: string;
  readonly isIpv4Only: boolean;
  readonly hardened: HardenedSite;
}

/**
 * The file with our own site. `handle` blocks exclude one another: a request that no node's rule takes gets
 * the last one. TLS 1.2 and 1.3 are what Caddy speaks by itself; HTTP/2 can't be set for a single site.
 */
export function renderSite(step: string, wanted: SiteFile): string {
  const { hostname: name, isIpv4Only, hardened } = wanted;
  const bind = isIpv4Only ? ['\tbind 0.0.0.0'] : [];
  const redirect = [
    `http://${name} {`,
    ...bind,
    ...headerBlock(hardened.plainHeaders),
    '\thandle /.well-known/acme-challenge/* {',
    `\t\troot * ${wanted.acme_root}`,
    '\t\tfile_server',
    '\t}',
    '\thandle {',
    `\t\tredir https://${name}{uri} 301`,
    '\t}',
    '}',
    '',
  ];
  const site = [
    `https://${name} {`,
    ...bind,
    ...tlsLines(wanted),
    ...headerBlock(hardened.headers),
    // A path that leads out of its folder, by whatever letters, is nobody's.
    '\t@clusterproxy_unclean expression `{http.request.uri.path}.matches("//|(^|/)[.][.]?(;[^/]*)?(/|$)")`',
    '\thandle @clusterproxy_unclean {',
    '\t\trespond 400',
    '\t}',
    `\timport ${wanted.import}`,
    // Only the nodes' rules: a proxy must not become a way to anything else that this host can reach.
    '\thandle {',
    '\t\trespond 404',
    '\t}',
    '}',
    '',
  ];
  const header = [`# Written by clusterproxy, step ${step}: edits get lost.`, ''];
  return [...header, ...(wanted.redirect_http ? redirect : []), ...site].join('\n');
}

function tlsLines({ certificate, certificate_key: key, hardened }: SiteFile): readonly string[] {
  const words = certificate === '' ? 'tls' : `tls ${certificate} ${key}`;
  if (hardened.tls.length > 0) return [`\t${words} {`, ...hardened.tls.map((line) => `\t\t${line}`), '\t}'];
  return certificate === '' ? [] : [`\t${words}`];
}

/** Once the rest of an answer is known, so that what a node says of it counts too. */
function headerBlock(lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  return ['\theader {', ...[...lines, 'defer'].map((line) => `\t\t${line}`), '\t}'];
}
