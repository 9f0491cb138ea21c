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
}

/**
 * The file with our own site. `handle` blocks exclude one another: a request that no node's rule takes gets
 * the last one. TLS 1.2 and 1.3 are what Caddy speaks by itself; HTTP/2 can't be set for a single site.
 */
export function renderSite(step: string, wanted: SiteFile): string {
  const { hostname: name, certificate, certificate_key: key, isIpv4Only } = wanted;
  const bind = isIpv4Only ? ['\tbind 0.0.0.0'] : [];
  const redirect = [
    `http://${name} {`,
    ...bind,
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
    ...(certificate === '' ? [] : [`\ttls ${certificate} ${key}`]),
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
