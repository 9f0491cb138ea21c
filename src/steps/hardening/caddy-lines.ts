import { type HardeningItem, hstsValue, type ServerHardening, slowClients } from './items.ts';
import { tlsProfile } from './tls-profile.ts';

/** What is written into our site; nothing where Caddy does so anyway. */
export interface HardenedSite {
  /** what its `header` holds */
  readonly headers: readonly string[];
  /** the same for the site without TLS */
  readonly plainHeaders: readonly string[];
  /** what the block of its `tls` holds; Caddy changes the keys of tickets by itself */
  readonly tls: readonly string[];
}

export function hardenedSite(hardening: ServerHardening): HardenedSite {
  const has = (item: HardeningItem) => hardening.items.includes(item);
  const plainHeaders = has('server_tokens') ? ['-Server'] : [];
  return {
    plainHeaders,
    headers: [
      ...plainHeaders,
      // Over TLS alone: RFC 6797, 7.2.
      ...(has('hsts') ? [`Strict-Transport-Security "${hstsValue(hardening)}"`] : []),
    ],
    tls: has('tls') ? ['protocols tls1.2 tls1.3', `ciphers ${tlsProfile.goCiphers}`] : [],
  };
}

/** What only Caddy's global options can hold. */
export const caddyGlobalLines: readonly string[] = [
  'servers {',
  '\ttimeouts {',
  `\t\tread_header ${slowClients.header}s`,
  `\t\tidle 2m`,
  '\t}',
  '}',
];

/** In whatever letters, and also in an address within an address, and in one within that. */
export const caddyMask = '"(?i)sessionToken(=|%(25)*3D)[^&]*" "sessionToken=***"';

/** What takes tokens out of addresses before Caddy logs them; also only in the global options. */
export const caddyLogLines: readonly string[] = [
  'log {',
  '\tformat filter {',
  '\t\twrap json',
  '\t\tfields {',
  `\t\t\trequest>uri regexp ${caddyMask}`,
  `\t\t\trequest>headers>Referer regexp ${caddyMask}`,
  '\t\t}',
  '\t}',
  '}',
];
