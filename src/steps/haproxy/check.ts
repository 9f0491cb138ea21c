import { metricsAddress } from './metrics-service.ts';
import type { Backend, Bind, Frontend, HaproxyParameters } from './model.ts';
import { ownSections } from './render.ts';
import { serversOf } from './servers.ts';

/**
 * Mistakes that HAProxy would silently accept although nobody can want them, or would refuse only when it
 * starts, each with its section and server. `fileLimit` is how many files its unit may have open. Sources:
 * HAProxy's configuration manual, and tests with 2.6 to 3.4 for what the manual leaves open.
 */
export function findMistakes(wanted: HaproxyParameters, fileLimit: number | undefined): readonly string[] {
  return [
    ...sectionNames(wanted),
    ...wanted.frontends.flatMap((frontend) => frontendMistakes(frontend, wanted)),
    ...wanted.backends.flatMap((backend) => backendMistakes(backend)),
    ...bindConflicts(wanted),
    ...(wanted.statistics?.password === '' ? ['the statistics page has no password'] : []),
    ...limits(wanted, fileLimit),
  ];
}

/**
 * HAProxy 3.3 and later take each name once, whatever the kind of section; 3.1 and 3.2 warn (its commit "it's
 * no longer permitted to have a frontend and a backend under the same name").
 */
function sectionNames(wanted: HaproxyParameters): readonly string[] {
  const sections = [
    ...wanted.frontends.map(({ name }) => ({ name, kind: 'frontend' })),
    ...wanted.backends.map(({ name }) => ({ name, kind: 'backend' })),
    ...ownSections(wanted).map((name) => ({ name, kind: 'section of clusterproxy' })),
  ];
  return duplicates(sections, ({ name }) => name).map(([one, other]) =>
    one.kind === other.kind
      ? `there are two ${one.kind}s with the name ${one.name}`
      : `a ${one.kind} and a ${other.kind} both have the name ${one.name}: HAProxy 3.3 and later refuse that`,
  );
}

function frontendMistakes(frontend: Frontend, { backends }: HaproxyParameters): readonly string[] {
  const { name, mode, routes, default_backend: last, redirect_to_port: redirect } = frontend;
  const at = `frontend ${name}`;
  const targets = [...routes.map(({ backend }) => backend), ...(last === undefined ? [] : [last])];
  const found: string[] = [];
  for (const target of new Set(targets)) {
    const backend = backends.find((one) => one.name === target);
    if (backend === undefined)
      found.push(`${at} sends requests to the backend ${target}, which does not exist`);
    else {
      if (backend.mode !== mode)
        found.push(`${at} has mode ${mode}, but its backend ${target} has mode ${backend.mode}`);
      if (
        backend.cookie?.mode === 'insert' &&
        backend.cookie.secure &&
        redirect === undefined &&
        hasPlainBind(frontend)
      ) {
        found.push(
          `${at} answers without TLS, but browsers send the "secure" cookie ${backend.cookie.name} of the backend ${target} only over TLS`,
        );
      }
    }
  }
  const ofRequests = [redirect, frontend.acme_port, frontend.monitor].filter((one) => one !== undefined);
  if (mode === 'tcp' && routes.length + ofRequests.length > 0) {
    found.push(
      `${at} has mode tcp, which has no requests, so it can't have routes, redirects, ACME challenges or a path that it answers itself`,
    );
  }
  if (frontend.bind.length === 0) found.push(`${at} doesn't listen on any address`);
  if (last === undefined && redirect === undefined) found.push(`${at} has no default_backend`);
  if (redirect !== undefined && !hasPlainBind(frontend)) {
    found.push(`${at} would redirect to https forever: it has TLS itself`);
  }
  if (redirect !== undefined && frontend.bind.some((bind) => bind.port === redirect)) {
    found.push(`${at} would redirect to its own port ${redirect}`);
  }
  return found;
}

function backendMistakes(backend: Backend): readonly string[] {
  const { name, mode, cookie, agent, check, set_client_address: header } = backend;
  const servers = serversOf(backend);
  const at = (server: string) => `server ${server} of the backend ${name}`;
  const found: string[] = [];
  if (servers.length === 0) found.push(`the backend ${name} has no servers`);
  for (const [one, other] of duplicates(servers, (server) => server.name)) {
    found.push(`${at(one.name)} is listed twice (${one.address} and ${other.address})`);
  }
  for (const [one, other] of duplicates(servers, (server) => `${server.address}:${server.port}`)) {
    found.push(
      `${at(other.name)} has the address of ${one.name}, ${other.address}:${other.port}: one host would get the share of both`,
    );
  }
  if (cookie !== undefined) {
    for (const [one, other] of duplicates(servers, (server) => server.cookie)) {
      found.push(
        `${at(other.name)} has the cookie of ${one.name}, "${other.cookie}": its clients would come back to ${one.name}`,
      );
    }
    if (cookie.same_site === 'None' && !cookie.secure) {
      found.push(
        `the cookie ${cookie.name} of the backend ${name} has SameSite=None without "secure": browsers drop it`,
      );
    }
  }
  for (const server of servers) {
    const [, zone] = /(%.*)$/.exec(server.address) ?? [];
    if (zone !== undefined) {
      found.push(
        `${at(server.name)} has the address ${server.address}, and HAProxy can't use one with a zone (${zone}): give an address without a zone that the balancer reaches`,
      );
    }
    if (server.port === undefined) found.push(`${at(server.name)} has no port`);
    if (agent === undefined) continue;
    if (server.weight === undefined) {
      found.push(
        `${at(server.name)} has an agent but no weight: any percentage of the default weight, 1, is nothing or everything`,
      );
    }
    if (agent.port === server.port)
      found.push(`${at(server.name)} has its agent on its own port, ${agent.port}`);
  }
  if (agent !== undefined && check === false) {
    found.push(`the backend ${name} has an agent but no check: a dead server would never be DOWN`);
  }
  if (mode === 'tcp' && (cookie !== undefined || header !== undefined)) {
    found.push(`the backend ${name} has mode tcp, which has no cookies or headers`);
  }
  if (backend.balance === 'first' && servers.some(({ maxconn }) => maxconn === undefined)) {
    found.push(
      `the backend ${name} has "balance: first" and a server without maxconn: the other servers would never get any requests`,
    );
  }
  return found;
}

interface Listening {
  readonly bind: Pick<Bind, 'address' | 'port'>;
  readonly at: string;
}

/** Everything that listens, with its section. */
function bindsOf({ frontends, statistics, metrics }: HaproxyParameters): readonly Listening[] {
  const acme = frontends.flatMap(({ acme_port: port }) => port ?? [])[0];
  return [
    ...frontends.flatMap(({ name, bind }) => bind.map((one) => ({ bind: one, at: `frontend ${name}` }))),
    ...(statistics === undefined ? [] : [{ bind: statistics.bind, at: 'the statistics page' }]),
    ...(metrics === undefined
      ? []
      : [{ bind: { address: metricsAddress, port: metrics.port }, at: 'the page with the metrics' }]),
    // Not all the time, so that the port seems to be free.
    ...(acme === undefined || metrics === undefined
      ? []
      : [{ bind: { address: metricsAddress, port: acme }, at: 'certbot, while it renews,' }]),
  ];
}

/** HAProxy doesn't report two listeners on one port: the kernel would distribute connections between them. */
function bindConflicts(wanted: HaproxyParameters): readonly string[] {
  const binds = bindsOf(wanted);
  return binds.flatMap((one, index) =>
    binds
      .slice(index + 1)
      .filter(
        ({ bind }) => bind.port === one.bind.port && overlap(bind.address, one.bind.address, wanted.ipv6),
      )
      .map((other) => `${other.at} listens on ${other.bind.address}:${other.bind.port}, as ${one.at} does`),
  );
}

function overlap(one: string, other: string, ipv6: boolean): boolean {
  const all = (address: string) => ['*', '0.0.0.0', ...(ipv6 ? ['::'] : [])].includes(address);
  const same = (a: string, b: string) => a === b || (all(a) && (ipv6 || !b.includes(':')));
  return same(one, other) || same(other, one);
}

function limits(wanted: HaproxyParameters, fileLimit: number | undefined): readonly string[] {
  const { maxconn } = wanted.global;
  if (maxconn === 0 || fileLimit === undefined) return [];
  // Two for each connection, plus some for listeners, checks and the process itself.
  const needed = 2 * maxconn + 100;
  if (needed <= fileLimit) return [];
  return [
    `maxconn ${maxconn} needs ${needed} open files, but ${wanted.unit} may have only ${fileLimit} here: HAProxy wouldn't start`,
  ];
}

function hasPlainBind({ bind }: Frontend): boolean {
  return bind.some(({ certificate }) => certificate === undefined);
}

/** Each item with the earlier one that has the same key. */
function duplicates<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): readonly (readonly [Item, Item])[] {
  const first = new Map<string, Item>();
  return items.flatMap((item) => {
    const earlier = first.get(keyOf(item));
    if (earlier !== undefined) return [[earlier, item] as const];
    first.set(keyOf(item), item);
    return [];
  });
}
