import type { StepHost } from '../../virtual/step-host.ts';
import { type HardeningItem, hstsValue, type ServerHardening, slowClients } from './items.ts';
import { askOpenSsl, curvesFor, tlsProfile } from './tls-profile.ts';

/** What is written into our frontends; nothing where HAProxy does so anyway. */
export interface HardenedFrontend {
  /** rules for all answers, also those of HAProxy itself */
  readonly rules: readonly string[];
  /** how long clients may take for a request without its body, and until they send the next one, in seconds */
  readonly times: { readonly request: number; readonly idle: number };
  /** what follows `bind … ssl` */
  readonly tls: string;
}

export function hardenedFrontend(host: StepHost, hardening: ServerHardening): HardenedFrontend {
  const has = (item: HardeningItem) => hardening.items.includes(item);
  return {
    rules: [
      ...(has('server_tokens') ? ['http-after-response del-header Server'] : []),
      ...(has('hsts')
        ? [`http-after-response set-header Strict-Transport-Security "${hstsValue(hardening)}"`]
        : []),
    ],
    times: has('slow_clients')
      ? { request: slowClients.header, idle: slowClients.idle }
      : { request: 30, idle: 75 },
    tls: has('tls') ? ` ${bindOptions(host)}` : '',
  };
}

/** Source: HAProxy's configuration manual, 5.1. */
function bindOptions(host: StepHost): string {
  const curves = curvesFor(host, askOpenSsl.haproxy, ['X25519', 'P-256', 'P-384']);
  return `ciphers ${tlsProfile.ciphers} ciphersuites ${tlsProfile.suites} curves ${curves} no-tls-tickets`;
}
