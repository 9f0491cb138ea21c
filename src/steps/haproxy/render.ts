import { isIP } from 'node:net';
import { acmeBackends, acmeConditions, acmeOf, acmeRoutes } from './acme.ts';
import { metricsLines } from './metrics-service.ts';
import type { Backend, Bind, Frontend, HaproxyParameters, Match } from './model.ts';
import { type Server, serversOf } from './servers.ts';

/** What the rendering needs to know about the host. */
export interface HostFacts {
  /** status codes to files */
  readonly errorFiles: ReadonlyMap<string, string>;
}

/**
 * Mozilla's intermediate profile, version 5.8 of May 2026 (six forward-secret AEAD suites, TLS 1.2 and 1.3,
 * the client's preference counts): release v5.8 of github.com/mozilla/ssl-config-generator, since then kept
 * at configurator.tlsref.org. Its list of curves is left to OpenSSL, whose defaults include them all, since
 * an unknown curve is an error at start.
 */
const tls = {
  ciphers: [
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  suites: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
  options: 'prefer-client-ciphers ssl-min-ver TLSv1.2 no-tls-tickets',
};

/** haproxy.cfg for HAProxy 2.2 and later. */
export function renderHaproxy(step: string, wanted: HaproxyParameters, facts: HostFacts): string {
  return [
    `# Written by clusterproxy, step ${step}: edits get lost.`,
    section('global', globalLines(wanted)),
    section('defaults', defaultLines(wanted, facts)),
    ...wanted.frontends.map((frontend) =>
      section(`frontend ${frontend.name}`, frontendLines(frontend, wanted.ipv6)),
    ),
    ...wanted.backends.map((backend) => section(`backend ${backend.name}`, backendLines(backend))),
    ...challengeBackends(wanted).map(([name, lines]) => section(`backend ${name}`, lines)),
    ...statisticsSection(wanted),
    ...(wanted.metrics === undefined
      ? []
      : [section(`frontend ${metricsSection}`, metricsLines(wanted.metrics.port))]),
  ].join('\n');
}

const statisticsListener = 'clusterproxy_statistics';
const metricsSection = 'clusterproxy_metrics';

/** The names of sections that are written beside those of the model. */
export function ownSections(wanted: HaproxyParameters): readonly string[] {
  return [
    ...challengeBackends(wanted).map(([name]) => name),
    ...(wanted.statistics === undefined ? [] : [statisticsListener]),
    ...(wanted.metrics === undefined ? [] : [metricsSection]),
  ];
}

function challengeBackends({ frontends }: HaproxyParameters): ReturnType<typeof acmeBackends> {
  return acmeBackends(frontends.map(acmeOf).find((acme) => acme !== undefined));
}

function section(head: string, lines: readonly string[]): string {
  return `${[head, ...lines.map((line) => `    ${line}`)].join('\n')}\n`;
}

function globalLines({ global, frontends, statistics }: HaproxyParameters): readonly string[] {
  const secure = frontends.flatMap(({ bind }) => bind).some(({ certificate }) => certificate !== undefined);
  return [
    ...global.log.map((target) => `log ${target}`),
    ...(global.chroot === '' ? [] : [`chroot ${global.chroot}`]),
    ...(global.admin_socket === '' ? [] : [`stats socket ${global.admin_socket} mode 660 level admin`]),
    'stats timeout 30s',
    `user ${global.user}`,
    `group ${global.group}`,
    ...(global.maxconn === 0 ? [] : [`maxconn ${global.maxconn}`]),
    `hard-stop-after ${global.hard_stop_after}`,
    ...(global.server_state_file === '' ? [] : [`server-state-file ${global.server_state_file}`]),
    ...(secure || statistics?.bind.certificate !== undefined
      ? [
          `ssl-default-bind-ciphers ${tls.ciphers}`,
          `ssl-default-bind-ciphersuites ${tls.suites}`,
          `ssl-default-bind-options ${tls.options}`,
        ]
      : []),
  ];
}

function defaultLines({ global, timeouts }: HaproxyParameters, { errorFiles }: HostFacts): readonly string[] {
  return [
    'log global',
    'mode http',
    'option dontlognull',
    'option redispatch',
    'retries 3',
    `timeout connect ${timeouts.connect}`,
    `timeout client ${timeouts.client}`,
    `timeout server ${timeouts.server}`,
    // Without it, WebSockets and RTMP without traffic would end after the client or server timeout.
    `timeout tunnel ${timeouts.tunnel}`,
    'timeout client-fin 30s',
    'timeout server-fin 30s',
    `timeout queue ${timeouts.queue}`,
    `timeout check ${timeouts.check}`,
    `timeout http-request ${timeouts.http_request}`,
    ...(global.server_state_file === '' ? [] : ['load-server-state-from-file global']),
    ...[...errorFiles].map(([code, path]) => `errorfile ${code} ${path}`),
  ];
}

function bindLines(bind: Bind, mode: 'http' | 'tcp', ipv6: boolean): readonly string[] {
  const { address, port, certificate } = bind;
  const secure =
    certificate === undefined
      ? ''
      : ` ssl crt ${certificate}${mode === 'http' ? ` alpn ${bind.http2 ? 'h2,' : ''}http/1.1` : ''}`;
  const host = isIP(address) === 6 ? `[${address}]` : address;
  return [
    `bind ${host}:${port}${secure}`,
    ...(address === '*' && ipv6 ? [`bind [::]:${port}${secure} v6only`] : []),
  ];
}

function frontendLines(frontend: Frontend, ipv6: boolean): readonly string[] {
  const { mode, bind, routes, default_backend: last, redirect_to_port: port, monitor } = frontend;
  const binds = bind.flatMap((one) => bindLines(one, mode, ipv6));
  const backend = last === undefined ? [] : [`default_backend ${last}`];
  if (mode === 'tcp') return [...binds, 'mode tcp', 'option tcplog', ...backend];
  const acme = acmeOf(frontend);
  const unlessAcme = acme === undefined ? '' : ' !is_acme';
  return [
    ...binds,
    'mode http',
    'option httplog',
    ...(monitor === undefined ? [] : [`monitor-uri ${monitor.path}`]),
    // Set rather than added, since what a client sends in them must not reach the servers.
    'http-request set-header X-Forwarded-For %[src]',
    'http-request set-header X-Forwarded-Port %[dst_port]',
    'http-request set-header X-Forwarded-Proto https if { ssl_fc }',
    'http-request set-header X-Forwarded-Proto http if !{ ssl_fc }',
    ...(acme === undefined ? [] : acmeConditions(acme)),
    ...(port === undefined ? [] : [redirectLine(port, frontend.redirect_code, unlessAcme)]),
    ...routes.flatMap(({ match }, index) => aclLines(match, index + 1)),
    ...(acme === undefined ? [] : acmeRoutes(acme)),
    ...routes.map(({ match, backend: to }, index) => `use_backend ${to} if ${conditionOf(match, index + 1)}`),
    ...backend,
  ];
}

/** The host without the port of the client's request, which `redirect scheme https` would keep. */
function redirectLine(port: number, code: number, unlessAcme: string): string {
  const host = '%[req.hdr(host),field(1,:)]';
  return `http-request redirect code ${code} location "https://${host}${port === 443 ? '' : `:${port}`}%[pathq]" if !{ ssl_fc }${unlessAcme}`;
}

/** One ACL for each condition that must hold, named after the route's position. */
function aclLines(match: Match, place: number): readonly string[] {
  return Object.entries(aclsOf(match)).map(([kind, expression]) => `acl route${place}_${kind} ${expression}`);
}

function conditionOf(match: Match, place: number): string {
  return Object.keys(aclsOf(match))
    .map((kind) => `route${place}_${kind}`)
    .join(' ');
}

function aclsOf(match: Match): Readonly<Record<string, string>> {
  const { websocket, path_end: end, path_prefix: prefix, host, query } = match;
  return {
    ...(websocket ? { websocket: 'hdr(Upgrade) -i websocket' } : {}),
    ...(end === undefined ? {} : { path_end: `path_end -i ${end.join(' ')}` }),
    ...(prefix === undefined ? {} : { path_prefix: `path_beg ${prefix.join(' ')}` }),
    ...(host === undefined ? {} : { host: `hdr(host),field(1,:) -i ${host.join(' ')}` }),
    ...(query === undefined ? {} : { query: `urlp(${query.name}) ${query.value}` }),
  };
}

function backendLines(backend: Backend): readonly string[] {
  const { mode, balance, cookie, check, set_client_address: header, http_reuse: reuse } = backend;
  return [
    `mode ${mode}`,
    `balance ${balance}`,
    ...(cookie === undefined ? [] : [cookieLine(cookie)]),
    ...(header === undefined ? [] : [`http-request set-header ${header} %[src]:%[src_port]`]),
    ...(check === false || check.http === undefined
      ? []
      : [`option httpchk GET ${check.http}`, 'http-check expect status 200']),
    // Otherwise HAProxy keeps one open to each server for good, whoever is gone.
    ...(mode === 'http' && reuse === 'never' ? ['http-reuse never'] : []),
    ...serversOf(backend).map((server) => serverLine(server, backend)),
  ];
}

function cookieLine(cookie: NonNullable<Backend['cookie']>): string {
  const { name, mode, secure, same_site: site } = cookie;
  // With `prefix` the cookie belongs to the application, and so do its attributes.
  if (mode === 'prefix') return `cookie ${name} prefix nocache`;
  return `cookie ${name} insert indirect nocache httponly${secure ? ' secure' : ''}${site === 'unset' ? '' : ` attr "SameSite=${site}"`}`;
}

function serverLine(server: Server, backend: Backend): string {
  const { address, port, weight, maxconn } = server;
  const { check, agent, cookie, slowstart } = backend;
  const host = isIP(address) === 6 ? canonical(address) : address;
  return [
    `server ${server.name} ${host}:${port}`,
    // A name that can't be resolved at that moment would otherwise keep HAProxy from starting.
    ...(isIP(address) === 0 ? ['init-addr last,libc,none'] : []),
    ...(weight === undefined ? [] : [`weight ${weight}`]),
    ...(maxconn === undefined ? [] : [`maxconn ${maxconn}`]),
    ...(check === false
      ? []
      : [`check inter ${check.interval}`, ...(check.port === undefined ? [] : [`port ${check.port}`])]),
    ...(agent === undefined ? [] : [`agent-check agent-port ${agent.port} agent-inter ${agent.interval}`]),
    ...(slowstart === undefined ? [] : [`slowstart ${slowstart}`]),
    ...(cookie === undefined ? [] : [`cookie ${server.cookie}`]),
    ...(server.backup ? ['backup'] : []),
  ].join(' ');
}

/** As HAProxy writes it in its own responses, so that the two can be compared; in brackets. */
function canonical(address: string): string {
  return new URL(`http://[${address}]/`).hostname;
}

function statisticsSection({ statistics, ipv6 }: HaproxyParameters): readonly string[] {
  if (statistics === undefined) return [];
  const { bind, path, user, password } = statistics;
  return [
    section(`listen ${statisticsListener}`, [
      ...bindLines(bind, 'http', ipv6),
      'mode http',
      'stats enable',
      'stats hide-version',
      'stats realm HAProxy',
      `stats uri ${path}`,
      `stats auth '${user}:${password}'`,
    ]),
  ];
}
