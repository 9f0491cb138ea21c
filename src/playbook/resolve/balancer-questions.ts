import { isIP } from 'node:net';
import type { BalancerQuestion } from '../../model/balancer-question.ts';
import { askAddresses } from '../../model/interface-addresses.ts';
import type { UnfilledQuestion } from '../../model/playbook-checks.ts';
import type { Query, Reads } from '../../model/reads.ts';
import { type FilledQuestions, filledQuestions } from '../read/balancer-question-schema.ts';
import { TemplateError } from './templates.ts';

type Filled = {
  [Kind in keyof FilledQuestions]: { readonly kind: Kind; readonly values: FilledQuestions[Kind] };
}[keyof FilledQuestions];
type Clients = FilledQuestions['closed']['clients'];
type Host = FilledQuestions['rtmp']['servers'][number];

/** A question with its templates filled in. Throws TemplateError if a value isn't what the kind takes. */
export function balancerQuestion({ kind, values }: UnfilledQuestion): BalancerQuestion {
  const parsed = filledQuestions[kind].safeParse(values);
  if (parsed.success) return questionOf({ kind, values: parsed.data } as Filled);
  const [issue] = parsed.error.issues;
  const place = [kind, ...(issue?.path ?? [])].join('.');
  throw new TemplateError(place, `${place}: ${issue?.message ?? 'unexpected'}`, 'correct it in the playbook');
}

/** What has to be read of the host for it; nothing if that depends on something that isn't known yet. */
export function readsOfQuestion(unfilled: UnfilledQuestion): Partial<Reads> {
  const parsed = filledQuestions[unfilled.kind].safeParse(unfilled.values);
  if (!parsed.success) return {};
  const question = questionOf({ kind: unfilled.kind, values: parsed.data } as Filled);
  if (question.kind === 'nginx-passes' || question.kind === 'nginx-headers') {
    return { includes: ['/etc/nginx/nginx.conf'], paths: ['/etc/hostname', question.locations] };
  }
  if (question.kind === 'names') return { names: question.names };
  if (question.kind === 'virtual-address') {
    return { queries: [askAddresses, ...(question.claim === undefined ? [] : [question.claim])] };
  }
  if (question.kind === 'same-files') return { paths: question.paths };
  return 'queries' in question ? { queries: question.queries } : {};
}

function questionOf({ kind, values }: Filled): BalancerQuestion {
  switch (kind) {
    case 'rtmp':
      return { ...values, kind, servers: serversOf(values).length };
    case 'rtmp-connect':
      return { kind, ...applicationOf(values) };
    case 'rtmp-stream':
      return { kind, shows: values.shows, ...applicationOf(values) };
    case 'websockets':
      return { ...values, kind, servers: serversOf(values).length };
    case 'closed':
      return { ...values, kind, clients: addressesOf(values.clients) };
    case 'sticky':
      return { ...values, kind, servers: serversOf(values).length, sameSite: values.same_site };
    case 'certificates':
      return {
        kind,
        names: [...new Set(values.names.flat())],
        ports: [...new Set(values.ports.filter((port) => port > 0))],
      };
    case 'haproxy-servers':
      return { kind, ...haproxyOf(values) };
    case 'haproxy-agents': {
      const { backends, queries } = haproxyOf(values);
      const agents = values.port === undefined ? {} : agentsOf(values.backends, values.port);
      return { kind, backends, queries: [...queries, ...Object.values(agents)], agents };
    }
    case 'agent':
      return {
        ...{ kind, port: values.port },
        limits: Object.fromEntries(Object.entries(values.limits).filter(([, limit]) => limit > 0)),
        keys: keysOf(values),
        queries: [command(askAgent, values.page, String(values.port))],
      };
    case 'rtmp-servers': {
      const asked = serversOf(values);
      const queries = asked.map(({ address }) => command(askRtmp, inUrl(address), String(values.port)));
      return { kind, servers: asked.map(({ name }) => name), queries };
    }
    case 'command':
      return { ...values, kind, queries: [{ kind: 'command', args: values.argv }] };
    case 'session-ids':
      return {
        ...{ kind, key: values.key, balancers: addressesOf(values.balancers) },
        queries: [{ kind: 'command', args: values.argv }],
      };
    case 'virtual-address': {
      const { address, by, claim: program, hostname, port, hosts } = values;
      const asked = by === 'command' && program !== '';
      const claim: Query | undefined = asked ? { kind: 'command', args: [program, 'state'] } : undefined;
      return {
        ...{ kind, address, hostname, port: port === 0 ? undefined : port, claim },
        ...{ strict: by !== 'external', hosts: stayingOf(hosts) },
      };
    }
    case 'same-files':
      return {
        ...{ kind, paths: [...new Set(values.paths.flat())].filter((path) => path !== '') },
        blocks: values.blocks === '' ? undefined : values.blocks,
        hosts: stayingOf(values.hosts).map(({ name }) => name),
      };
    case 'names':
      return { kind, names: namesOf(values.of) };
    case 'nginx-passes':
      return { ...values, kind, needs: { content: {}, permissions: [], nodes: [] } };
    case 'nginx-headers': {
      const { content, permissions, nodes, ...rest } = values;
      return { ...rest, kind, others: 'note', needs: { content, permissions, nodes: namesOf(nodes) } };
    }
  }
}

/** The application that every server names, since any of them may get the connection. */
function applicationOf({ hostname, port, tls, application: fact, ...rest }: FilledQuestions['rtmp-connect']) {
  const servers = serversOf(rest);
  const named = new Set(servers.map(({ facts }) => facts?.[fact]));
  const [application] = named.size === 1 ? named : [];
  return {
    ...{ hostname, port, tls, servers: servers.length },
    application: typeof application === 'string' && application !== '' ? application : undefined,
  };
}

type Haproxy = FilledQuestions['haproxy-servers'];

function haproxyOf({ socket, backends }: Haproxy) {
  return {
    backends: backends.map(({ name, hosts, only }) => ({
      name,
      servers: serversOf({ servers: hosts, only }).map((one) => one.name),
    })),
    queries: backends.map(({ name }) => command(showStat, socket, name)),
  };
}

function agentsOf(backends: Haproxy['backends'], port: number): Readonly<Record<string, Query>> {
  const servers = backends.flatMap(({ hosts, only }) => serversOf({ servers: hosts, only }));
  return Object.fromEntries(
    servers.map(({ name, address }) => [name, command(hearAgent, inUrl(address), String(port))]),
  );
}

/** What `show stat` says of the servers of a backend; nothing where there is no such socket. */
const showStat =
  '[ -S "$1" ] && printf "show stat %s 4 -1\\n" "$2" | curl -q -s --max-time 2 --unix-socket "$1" telnet://haproxy';

/**
 * What an agent says to the balancer, which HAProxy knows only some seconds later. One that is in a hurry may
 * be silent once.
 */
const hearAgent = [
  'hear() { curl -q -s --noproxy "*" --max-time 3 "telnet://$1:$2" < /dev/null; }',
  'said=$(hear "$1" "$2"); status=$?; [ "$status" -ne 127 ] || exit 127',
  'if [ -z "$said" ]; then sleep 1; said=$(hear "$1" "$2"); fi; printf "%s\\n" "$said"',
].join('; ');

/**
 * The page, what the agent says, and the page again: the figures change all the time. An agent that is in a
 * hurry may miss the page once.
 */
const askAgent = [
  'page() { curl -q -s -f --noproxy "*" --max-time 3 "$1" < /dev/null; }',
  'page "$1"; printf "\\n--clusterproxy--\\n"',
  'for _ in 1 2; do said=$(curl -q -s --noproxy "*" --max-time 3 "telnet://127.0.0.1:$2" < /dev/null)',
  'case $said in *"does not answer"*) sleep 1;; *) break;; esac; done',
  'printf "%s\\n--clusterproxy--\\n" "$said"',
  'page "$1"',
].join('; ');

/**
 * C0 and C1 of RTMP's handshake, and how many bytes came back. curl goes on until the server has said more
 * than anybody reads, or its time is over.
 */
const askRtmp =
  '{ printf "\\003"; head -c 1536 /dev/zero; } | curl -q -s -N --noproxy "*" --max-time 3 "telnet://$1:$2" 2> /dev/null | head -c 1 | wc -c';

function command(script: string, ...args: readonly string[]): Query {
  return { kind: 'command', args: ['sh', '-c', script, 'sh', ...args] };
}

function inUrl(address: string): string {
  return isIP(address) === 6 ? `[${address}]` : address;
}

/** Hosts that are to serve. */
function serversOf({
  servers,
  only = {},
}: {
  readonly servers: readonly Host[];
  readonly only?: FilledQuestions['rtmp']['only'];
}): readonly Host[] {
  return servers.filter(
    ({ state = 'active', vars = {} }) =>
      state === 'active' &&
      Object.entries(only).every(([name, values]) => [values].flat().some((one) => one === vars[name])),
  );
}

/** Hosts that stay in the cluster, whether they are switched on or not. */
function stayingOf(hosts: readonly Host[]): readonly Host[] {
  return hosts.filter(({ state = 'active' }) => state === 'active' || state === 'off');
}

function namesOf(servers: readonly Host[]): readonly string[] {
  return serversOf({ servers }).flatMap(({ hostname }) => hostname ?? []);
}

function addressesOf(clients: Clients): readonly string[] {
  return clients.flat().map((one) => (typeof one === 'string' ? one : one.address));
}

function keysOf({
  keys,
  other_keys: other,
}: FilledQuestions['agent']): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(keys).map(([name, usual]) => {
      const given = other[name.replaceAll('-', '_')] ?? usual;
      return [name, given.split(' ').filter((key) => key !== '')];
    }),
  );
}
