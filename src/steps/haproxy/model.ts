import { z } from 'zod';
import { absolutePath, accountName, hostname, isAddress, plainWord } from '../shared/parameters.ts';

/** The parts of an HAProxy configuration: the typed model from which haproxy.cfg is rendered. */

const name = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'expected letters, digits, -, _ and .')
  .describe('name');
const port = z.int('expected a port').min(1).max(65535);
const address = z
  .string()
  .refine(
    (text) => isAddress(text) || hostname.safeParse(text).success,
    'expected an IP address without a zone, or a host name',
  );
const duration = z.string().regex(/^\d+(?:ms|s|m|h|d)$/, 'expected a duration such as 5s, 30m or 2h');
const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, 'expected the name of a header');
const urlPath = z
  .string()
  .regex(/^\/[^\s"'\\#%$]*$/, 'expected a path that starts with a slash, without blanks and quotes');
/** Quoted in the file, so that only the quote itself and control characters aren't allowed. */
const quotable = z.string().regex(/^[^'\s\p{Cc}]+$/u, "expected a text without blanks and without '");

const plainValue = z.union([z.string(), z.number(), z.boolean()]);
const comparison = z
  .strictObject({
    value: plainValue.describe('what a template fills in'),
    is: z
      .union([plainValue, z.array(plainValue).min(1)])
      .describe('the expected value, or a list of accepted values'),
  })
  .transform(({ value, is }) => [is].flat().includes(value));

/** Templates can't compare, so a part that depends on the value of a variable states the comparison here. */
export const enabled = z
  .union([
    z.boolean(),
    comparison,
    z
      .array(comparison)
      .min(1)
      .transform((all) => all.every((holds) => holds)),
  ])
  .default(true)
  .describe('whether it is included: true, false, or comparisons that must all hold');

const bind = z.strictObject({
  enabled,
  address: z
    .string()
    .refine(
      (text) => text === '*' || isAddress(text),
      'expected an IP address without a zone, or * for all addresses of this host',
    )
    .default('*')
    .describe('where to listen'),
  port,
  certificate: absolutePath
    .regex(/^[^\s"'\\#$]+$/, 'expected a path without blanks')
    .optional()
    .describe('TLS with this PEM file (certificates and key), or with all files in this folder'),
  http2: z.boolean().default(true).describe('with TLS, offer HTTP/2'),
});

const words = (what: string) => z.array(plainWord).min(1).describe(what);

const match = z
  .strictObject({
    websocket: z.literal(true).optional().describe('the request asks for a WebSocket'),
    path_end: words('endings of the path, such as .m3u8').optional(),
    path_prefix: words('beginnings of the path').optional(),
    host: words('values of the Host header').optional(),
    query: z
      .strictObject({ name: plainWord, value: plainWord })
      .optional()
      .describe('a parameter of the query'),
  })
  .refine((given) => Object.keys(given).length > 0, 'expected at least one condition on requests');

export const hosts = z
  .array(
    z.looseObject({
      name: z.string(),
      address: z.string(),
      state: z.string().optional(),
      vars: z.record(z.string(), z.unknown()).optional(),
    }),
  )
  .default([]);

const frontend = z.strictObject({
  name,
  enabled,
  mode: z.enum(['http', 'tcp']).default('http'),
  bind: z.array(bind).min(1),
  redirect_to_port: port
    .optional()
    .describe('answer with a redirect to https on this port, except for ACME challenges'),
  redirect_code: z.union([z.literal(301), z.literal(302), z.literal(307), z.literal(308)]).default(301),
  acme_port: port.optional().describe('port of this host on which certbot answers ACME challenges'),
  acme_balancers: z
    .strictObject({ enabled, hosts })
    .optional()
    .describe('balancers of which any may be asked for the challenge of any: they pass it on to each other'),
  monitor: z
    .strictObject({ enabled, path: urlPath })
    .optional()
    .describe('a path that HAProxy itself answers with status 200, which asks no server'),
  routes: z
    .array(z.strictObject({ enabled, match, backend: name }))
    .default([])
    .describe('the first that matches counts'),
  default_backend: name.optional(),
});

const server = z.strictObject({
  name,
  address,
  port,
  weight: z.int().min(0).max(256).optional(),
  maxconn: z.int().min(1).optional(),
  cookie: plainWord.optional().describe("the cookie's value for this server; default: the server's name"),
  backup: z.boolean().default(false),
});

const backend = z.strictObject({
  name,
  enabled,
  mode: z.enum(['http', 'tcp']).default('http'),
  balance: z.enum(['roundrobin', 'leastconn', 'first', 'source', 'static-rr']).default('roundrobin'),
  cookie: z
    .strictObject({
      enabled,
      name: z.union([z.literal(''), plainWord]).describe('name of the cookie; empty: no cookie'),
      mode: z
        .enum(['insert', 'prefix'])
        .default('insert')
        .describe(
          "insert: our own cookie; prefix: the server's name before the value of the application's cookie",
        ),
      secure: z.boolean().default(true).describe('browsers send it over https only'),
      same_site: z.enum(['unset', 'None', 'Lax', 'Strict']).default('unset'),
    })
    .optional()
    .describe('clients return to the server that they used before'),
  set_client_address: headerName
    .optional()
    .describe("header for the client's ADDRESS:PORT; what the client itself sends in this header is dropped"),
  check: z
    .union([
      z.literal(false),
      z.strictObject({
        http: urlPath
          .optional()
          .describe('GET this path and expect status 200; if left out, a connection is enough'),
        port: port.optional().describe('port to check; default: that of the server'),
        interval: duration.default('5s'),
      }),
    ])
    .default({ interval: '5s' }),
  agent: z
    .strictObject({
      port,
      interval: duration.default('5s'),
    })
    .optional()
    .describe('each server has an agent (agent-check) that sets its weight'),
  weight: z.int().min(1).max(256).optional().describe("for each server that doesn't have its own"),
  maxconn: z.int().min(1).optional().describe("for each server that doesn't have its own"),
  http_reuse: z
    .enum(['safe', 'never'])
    .default('safe')
    .describe('whether a connection to a server may serve another client once it is idle'),
  slowstart: duration
    .optional()
    .describe('how long it takes until a server that comes back gets its full share'),
  servers: z.array(server).default([]),
  hosts: hosts.describe('hosts that are servers, such as `{{ hosts.node }}`'),
  only: z
    .record(z.string(), z.union([plainValue, z.array(plainValue).min(1)]))
    .default({})
    .describe('only those of these hosts whose variables have these values'),
  port: port.optional().describe('port of the servers that come from `hosts`'),
});

export const haproxyParameters = z.strictObject({
  path: absolutePath.default('/etc/haproxy/haproxy.cfg'),
  unit: z.string().default('haproxy.service').describe('the unit that runs it, whose limits apply'),
  global: z
    .strictObject({
      log: z
        .array(z.string().regex(/^[^\s"'\\#$]+(?: [A-Za-z0-9:]+)+$/, 'expected TARGET FACILITY [LEVEL]'))
        .default(['/dev/log local0', '/dev/log local1 notice']),
      user: accountName.default('haproxy'),
      group: accountName.default('haproxy'),
      chroot: z.union([z.literal(''), absolutePath]).default('/var/lib/haproxy'),
      maxconn: z
        .int()
        .min(0)
        .default(0)
        .describe('maximum of the whole process; 0: as many as its limits allow'),
      admin_socket: z.union([z.literal(''), absolutePath]).default('/run/haproxy/admin.sock'),
      hard_stop_after: duration
        .default('12h')
        .describe('how long sessions from before a reload may continue'),
      server_state_file: z
        .union([z.literal(''), absolutePath])
        .default('')
        .describe("file with the servers' states from before a reload; see haproxy-state"),
    })
    .prefault({}),
  timeouts: z
    .strictObject({
      connect: duration.default('5s'),
      client: duration.default('60s'),
      server: duration.default('60s'),
      tunnel: duration.default('2h').describe('for WebSockets and RTMP without traffic'),
      queue: duration.default('5s'),
      check: duration.default('5s'),
      http_request: duration.default('10s'),
    })
    .prefault({}),
  error_files: z
    .union([z.literal(''), absolutePath])
    .default('/etc/haproxy/errors')
    .describe('folder with files CODE.http; those that exist are used'),
  statistics: z
    .strictObject({
      enabled,
      bind: bind.prefault({ address: '127.0.0.1', port: 8404 }),
      path: urlPath.default('/haproxy_stats'),
      user: quotable.regex(/^[^:]+$/, 'expected a name without a colon'),
      password: z.union([z.literal(''), quotable]),
    })
    .optional(),
  metrics: z
    .strictObject({ enabled, port })
    .optional()
    .describe("HAProxy's metrics for Prometheus, at /metrics on 127.0.0.1"),
  ipv6: z.boolean().default(false).describe('if the address is *, also listen on IPv6'),
  frontends: z.array(frontend).min(1),
  backends: z.array(backend).min(1),
});

export type HaproxyParameters = z.infer<typeof haproxyParameters>;
export type Frontend = HaproxyParameters['frontends'][number];
export type Backend = HaproxyParameters['backends'][number];
export type Bind = Frontend['bind'][number];
export type Match = Frontend['routes'][number]['match'];

/** Without the parts that are disabled, as playbooks do by variables. */
export function withoutDisabled(wanted: HaproxyParameters): HaproxyParameters {
  const { statistics, metrics, frontends, backends, ...rest } = wanted;
  return {
    ...rest,
    ...(statistics?.enabled ? { statistics } : {}),
    ...(metrics?.enabled ? { metrics } : {}),
    frontends: frontends.filter(isEnabled).map(({ monitor, acme_balancers: balancers, ...frontend }) => ({
      ...frontend,
      bind: frontend.bind.filter(isEnabled),
      routes: frontend.routes.filter(isEnabled),
      ...(monitor?.enabled ? { monitor } : {}),
      ...(balancers?.enabled ? { acme_balancers: balancers } : {}),
    })),
    backends: backends
      .filter(isEnabled)
      .map(({ cookie, ...backend }) => (cookie?.enabled && cookie.name ? { ...backend, cookie } : backend)),
  };
}

function isEnabled(part: { readonly enabled: boolean }): boolean {
  return part.enabled;
}
