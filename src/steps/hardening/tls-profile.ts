import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/**
 * Mozilla's profile "intermediate": TLS 1.2 and 1.3, and these ciphers for TLS 1.2, of which the client
 * chooses. Sessions are kept by the server for a day, without tickets. Source:
 * https://ssl-config.mozilla.org/guidelines/5.7.json, of which the ciphers with DHE are left out: nginx has
 * them only with a file of parameters, Caddy never, HAProxy before 2.4 with 1024 bits, and they let anybody
 * have the server calculate for little of their own (CVE-2002-20001). Who knows none but these can't show
 * the client.
 */
export const tlsProfile = {
  ciphers: [
    ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
    ...['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ].join(':'),
  suites: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
  /** the same ciphers by the names that Caddy has for them */
  goCiphers: [
    ...['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
    ...['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
    ...['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
  ].join(' '),
} as const;

/** Which OpenSSL a program runs with: `nginx -V`, `haproxy -vv`. */
export const askOpenSsl = {
  nginx: { kind: 'command', args: ['nginx', '-V'] },
  haproxy: { kind: 'command', args: ['haproxy', '-vv'] },
} as const satisfies Readonly<Record<string, Query>>;

/**
 * The curves of the profile, and before them the one that a quantum computer doesn't break, where the
 * installed OpenSSL has it: from 3.5 on. A list without it would switch it off.
 */
export function curvesFor(host: StepHost, ask: Query, names: readonly string[]): string {
  const output = host.answer(ask)?.output ?? '';
  const running = /running (?:with|on) .*?OpenSSL (\d+)\.(\d+)/i.exec(output);
  const [, major = '0', minor = '0'] = running ?? /built with OpenSSL (\d+)\.(\d+)/i.exec(output) ?? [];
  const isNew = Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 5);
  return [...(isNew ? ['X25519MLKEM768'] : []), ...names].join(':');
}
