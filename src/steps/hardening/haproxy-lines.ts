import type { StepHost } from '../../virtual/step-host.ts';
import { addressBackend } from '../haproxy/section-names.ts';
import { limitsFor, retryAfter } from './address-limits.ts';
import { type HardeningItem, hstsValue, type ServerHardening, slowClients } from './items.ts';
import { askOpenSsl, curvesFor, tlsProfile } from './tls-profile.ts';

/** What is written into our frontends; nothing where HAProxy does so anyway. */
export interface HardenedFrontend {
  /** rules for all answers, also those of HAProxy itself */
  readonly rules: readonly string[];
  /** how long clients may take for a request's header, and until they send the next one, in seconds */
  readonly times: { readonly request: number; readonly idle: number };
  /** what follows `bind … ssl` */
  readonly tls: string;
  /** rules before all others, for what is logged and counted */
  readonly first: readonly string[];
  /** in place of `option httplog` */
  readonly log: string;
  /** sections of our own beside the frontends */
  readonly sections: readonly string[];
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
    first: [
      ...(has('masked_logs') ? [maskRule] : []),
      ...(has('address_limits') ? limitRules(hardening) : []),
    ],
    log: has('masked_logs') ? maskedFormat : 'option httplog',
    sections: has('address_limits') ? [addressTable(hardening)] : [],
  };
}

const loggedTarget = 'txn.clusterproxy_logged';

/** Also in an address within an address, and in one within that. */
const maskRule = `http-request set-var(${loggedTarget}) url,regsub("sessionToken=[^&]*","sessionToken=***",gi),regsub("sessionToken%3D[^&]*","sessionToken%3D***",gi),regsub("sessionToken%253D[^&]*","sessionToken%253D***",gi)`;

/** As `option httplog` has it, but for the request, which it would log as it came. Source: manual, 8.2.3. */
const maskedFormat = `log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs \\"%HM %[var(${loggedTarget})] %HV\\""`;

/** In seconds: over what HAProxy counts requests. */
const window = 10;

function limitRules({ cluster, address_users: users }: ServerHardening): readonly string[] {
  const { connections, rate, burst } = limitsFor(users);
  const refuse = `http-request return status 429 content-type text/plain string "Too many requests\\n" hdr Retry-After ${retryAfter}`;
  return [
    // Of IPv6, the first 64 bits are one line's; see nginx-addresses.ts.
    `tcp-request connection track-sc0 src,ipmask(32,64) table ${addressBackend(cluster)}`,
    // Before TLS, since a flood of connections need not ask for anything.
    `tcp-request connection reject if { sc0_conn_cur gt ${connections} }`,
    `${refuse} if { sc0_http_req_rate gt ${rate * window + burst} }`,
  ];
}

/** A table of addresses, each of some 100 bytes; the oldest makes room for a new one. */
function addressTable({ cluster }: ServerHardening): string {
  return `backend ${addressBackend(cluster)}\n    stick-table type ipv6 size 100k expire 1m store conn_cur,http_req_rate(${window}s)\n`;
}

/** Source: HAProxy's configuration manual, 5.1. */
function bindOptions(host: StepHost): string {
  const curves = curvesFor(host, askOpenSsl.haproxy, ['X25519', 'P-256', 'P-384']);
  return `ciphers ${tlsProfile.ciphers} ciphersuites ${tlsProfile.suites} curves ${curves} no-tls-tickets`;
}
