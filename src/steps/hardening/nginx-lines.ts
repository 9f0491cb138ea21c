import type { Directive } from '../../formats/nginx.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { limitsFor, retryAfter } from './address-limits.ts';
import { type HardeningItem, hardeningItems, hstsValue, type ServerHardening, slowClients } from './items.ts';
import { addressLines } from './nginx-addresses.ts';
import { type MaskedLogs, maskedLogs } from './nginx-logs.ts';
import { type NameOwner, variableName, zoneName } from './nginx-names.ts';
import { askOpenSsl, curvesFor, tlsProfile } from './tls-profile.ts';

/** What is wanted, and whose names are used for it. */
type Hardening = ServerHardening & NameOwner;

/**
 * Lines of an nginx `server` block for one item. An operator's `http` block may say otherwise, so they are
 * written also where they are nginx's own defaults. Source: ngx_http_core_module, ngx_http_ssl_module.
 */
function serverLines(host: StepHost, item: HardeningItem, hardening: Hardening): readonly string[] {
  switch (item) {
    case 'address_limits': {
      const { connections, burst } = limitsFor(hardening.address_users);
      return [
        `limit_conn ${zoneName(hardening, 'connections')} ${connections};`,
        `limit_req zone=${zoneName(hardening, 'requests')} burst=${burst} nodelay;`,
        'limit_conn_status 429;',
        'limit_req_status 429;',
        `add_header Retry-After $${variableName(hardening, 'retry')} always;`,
      ];
    }
    // Of the host, and of the logs: see their own files.
    case 'connections':
    case 'backlog':
    case 'untracked':
    case 'masked_logs':
      return [];
    case 'slow_clients':
      return [
        `client_header_timeout ${slowClients.header}s;`,
        `client_body_timeout ${slowClients.body}s;`,
        `send_timeout ${slowClients.send}s;`,
        'reset_timedout_connection on;',
      ];
    case 'body_size':
      return ['client_max_body_size 1m;'];
    case 'server_tokens':
      return ['server_tokens off;'];
    case 'tls':
      return [
        `ssl_ciphers ${tlsProfile.ciphers};`,
        `ssl_ecdh_curve ${curvesFor(host, askOpenSsl.nginx, ['X25519', 'prime256v1', 'secp384r1'])};`,
        'ssl_prefer_server_ciphers off;',
        'ssl_session_timeout 1d;',
        `ssl_session_cache shared:${zoneName(hardening, 'tls')}:10m;`,
        'ssl_session_tickets off;',
      ];
    case 'hsts':
      return [
        `add_header Strict-Transport-Security "${hstsValue(hardening)}" always;`,
        // What a node says of itself would come first, and only the first one counts.
        'proxy_hide_header Strict-Transport-Security;',
      ];
  }
}

/** Whether an item says something of the server on port 80 as well. */
function isForPlainServer(item: HardeningItem): boolean {
  return item !== 'tls' && item !== 'hsts';
}

/** What is written into our own file, in an order that doesn't depend on how the operator lists the items. */
export interface HardenedServer {
  /** before the server blocks */
  readonly http: readonly string[];
  readonly secure: readonly string[];
  /** in the server on port 80 */
  readonly plain: readonly string[];
}

/** `http`: what the `http` block has beside its servers, with all files that it includes. */
export function hardenedServer(
  host: StepHost,
  hardening: Hardening,
  http: readonly Directive[],
): HardenedServer {
  const items = hardeningItems.filter((item) => hardening.items.includes(item));
  const logs: MaskedLogs = items.includes('masked_logs')
    ? maskedLogs(host, hardening, http)
    : { http: [], server: [] };
  const lines = (some: readonly HardeningItem[]) => [
    ...some.flatMap((item) => serverLines(host, item, hardening)),
    ...logs.server,
  ];
  return {
    http: [...logs.http, ...(items.includes('address_limits') ? zoneLines(hardening) : [])],
    secure: lines(items),
    plain: lines(items.filter(isForPlainServer)),
  };
}

/**
 * What nginx keeps of an address is 64 or 128 bytes (ngx_http_limit_conn_module): 10 MB hold 80,000 addresses
 * at least.
 */
function zoneLines(hardening: Hardening): readonly string[] {
  const { rate } = limitsFor(hardening.address_users);
  const address = `$${variableName(hardening, 'address')}`;
  return [
    ...addressLines(address),
    `limit_conn_zone ${address} zone=${zoneName(hardening, 'connections')}:10m;`,
    `limit_req_zone ${address} zone=${zoneName(hardening, 'requests')}:10m rate=${rate}r/s;`,
    // An empty header isn't sent.
    `map $status $${variableName(hardening, 'retry')} {`,
    '    default "";',
    `    429 ${retryAfter};`,
    '}',
  ];
}
