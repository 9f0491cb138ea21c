/** The address of a site, as far as it says for which requests the site is meant. */
export interface Address {
  /** as written, without the comma behind it */
  readonly text: string;
  /** in small letters; '' for any host */
  readonly host: string;
  readonly port: number | undefined;
  readonly path: string;
  /** part of it comes from an environment variable or a placeholder */
  readonly isUnknown: boolean;
}

/** How an address names a host: by its name, by a wildcard, or not at all. */
export type HowNamed = 'name' | 'wildcard' | 'any';

const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/**
 * An address of a site: `example.com`, `https://*.example.com`, `:443`, `http://`, `[::1]:8080`. A host
 * without a port is served on 443, where Caddy has TLS for it.
 * Source: caddyconfig/httpcaddyfile/addresses.go.
 */
export function addressOf(written: string): Address {
  const text = written.replace(/,$/, '');
  const [, scheme, rest = ''] = /^(?:(https?):\/\/)?(.*)$/is.exec(text) ?? [];
  const [, authority = '', path = ''] = /^([^/]*)(.*)$/s.exec(rest) ?? [];
  const [, host = '', digits] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(authority) ?? [];
  const named = PORTS[digits ?? ''] ?? (digits === undefined || digits === '' ? undefined : Number(digits));
  const usual = PORTS[scheme?.toLowerCase() ?? ''] ?? (host === '' ? undefined : 443);
  return {
    text,
    host: host.replace(/^\[|\]$/g, '').toLowerCase(),
    port: Number.isNaN(named) ? undefined : (named ?? usual),
    path,
    isUnknown: /[{}]/.test(text),
  };
}

/**
 * How an address names a host; undefined if it is meant for others. A `*` stands for one label, as in
 * Caddy's matcher of hosts.
 */
export function namedBy({ host, isUnknown }: Address, wanted: string): HowNamed | undefined {
  if (isUnknown) return undefined;
  const name = wanted.toLowerCase();
  if (host === '') return 'any';
  if (host === name) return 'name';
  const [labels, others] = [host.split('.'), name.split('.')];
  const isMatched =
    labels.length === others.length && labels.every((one, i) => one === '*' || one === others[i]);
  return isMatched ? 'wildcard' : undefined;
}
