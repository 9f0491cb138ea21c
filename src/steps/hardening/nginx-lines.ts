import type { StepHost } from '../../virtual/step-host.ts';
import { type HardeningItem, hstsValue, type ServerHardening, slowClients } from './items.ts';
import { askOpenSsl, curvesFor, tlsProfile } from './tls-profile.ts';

/**
 * Lines of an nginx `server` block for one item. An operator's `http` block may say otherwise, so they are
 * written also where they are nginx's own defaults. Source: ngx_http_core_module, ngx_http_ssl_module.
 */
export function nginxServerLines(
  host: StepHost,
  item: HardeningItem,
  hardening: ServerHardening,
): readonly string[] {
  switch (item) {
    case 'slow_clients':
      return [
        `client_header_timeout ${slowClients.header}s;`,
        `client_body_timeout ${slowClients.body}s;`,
        `send_timeout ${slowClients.send}s;`,
        'reset_timedout_connection on;',
        'client_header_buffer_size 1k;',
        'large_client_header_buffers 4 8k;',
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
        `ssl_session_cache shared:clusterproxy_${hardening.cluster}_tls:10m;`,
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
export function isForPlainServer(item: HardeningItem): boolean {
  return item !== 'tls' && item !== 'hsts';
}
