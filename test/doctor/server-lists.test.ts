import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { withSecrets } from '../../src/inventory/with-secrets.ts';
import { mergeReads } from '../../src/model/merge-reads.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { TroubleResult } from '../../src/model/trouble.ts';
import { viewCluster } from '../../src/playbook/resolve/contexts.ts';
import { readsOf } from '../../src/playbook/resolve/reads.ts';
import { judgeTroubles, symptomReads } from '../../src/playbook/resolve/troubles.ts';
import { askServerLists } from '../../src/run/server-lists.ts';
import type { HttpAnswer, NoAnswer } from '../../src/verify/answers.ts';
import type { Network, Request } from '../../src/verify/network.ts';
import { inventoryOf, sample } from '../support/sample-cluster.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

/**
 * What doctor makes of the balancers of meetings. The answers have the form that the balancers' sources give
 * them: Scalelite v1.8.5, app/controllers/api/servers_controller.rb (`server_to_json`, `get_servers`),
 * app/controllers/concerns/api_helper.rb (`verify_checksum`: the action's name, the query and the secret) and
 * app/controllers/application_controller.rb (errors are XML with status 200); b3scale 7b7e385,
 * pkg/store/backend_state.go (`BackendState`), pkg/bbb/backend.go, pkg/http/auth/jwt.go (HS384) and
 * echo-jwt's 401.
 */

const listSecret = 'list-secret-4f1c27aa90';
const secretOf = (name: string) => `salt-of-${name}-2d7711c0ffee`;
const now = Date.parse('2026-11-26T12:00:00Z');

interface ScaleliteServer {
  url: string;
  secret: string;
  state: string;
  online: string;
  [key: string]: unknown;
}

const scalelite = (name: string, more: Partial<ScaleliteServer> = {}): ScaleliteServer => ({
  id: `${name}-id`,
  url: `https://${name}.example.com/bigbluebutton/api`,
  secret: secretOf(name),
  tag: '',
  bbb_version: '',
  state: 'enabled',
  load: '0.0',
  load_multiplier: '1.0',
  online: 'online',
  ...more,
});

const b3scale = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  id: '65959a9d-0d1d-476b-ad7a-f665feb63d01',
  node_state: 'ready',
  admin_state: 'ready',
  agent_heartbeat: '2026-11-26T11:59:58.123456Z',
  agent_ref: `node-${name}`,
  last_error: null,
  latency: 92546636,
  meetings_count: 0,
  attendees_count: 0,
  load_factor: 1,
  bbb: { host: `https://${name}.example.com/bigbluebutton/api/`, secret: secretOf(name) },
  settings: { tags: ['bbb_30'] },
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-11-26T11:59:58Z',
  synced_at: '2026-11-26T11:59:58Z',
  ...more,
});

const answer = (body: string, status = 200): HttpAnswer => ({
  kind: 'answer',
  status,
  headers: { date: 'Thu, 26 Nov 2026 12:00:00 GMT' },
  body,
});
const failedXml = (key: string) =>
  `<?xml version="1.0"?>\n<response>\n  <returncode>FAILED</returncode>\n  <messageKey>${key}</messageKey>\n  <message>no</message>\n</response>\n`;
const noMeetings = `<response><returncode>SUCCESS</returncode><meetings></meetings><messageKey>noMeetings</messageKey><message>no meetings were found on this server</message></response>`;

const hash = (digest: string, text: string) => createHash(digest).update(text).digest('hex');

interface Given {
  readonly kind?: 'scalelite' | 'b3scale';
  /** the entries, or a whole answer */
  readonly list: readonly object[] | HttpAnswer | NoAnswer;
  /** what a node answers instead of comparing the checksum */
  readonly nodes?: Readonly<Record<string, HttpAnswer | NoAnswer>>;
  /** what foreign names resolve to */
  readonly names?: Readonly<Record<string, readonly string[]>>;
  readonly vars?: string;
  /** digests that the nodes take */
  readonly digests?: readonly string[];
}

const nodeNames = ['bbb-01', 'bbb-02', 'bbb-03'];
const ownAddress: Readonly<Record<string, readonly string[]>> = {
  'bbb-01.example.com': ['192.0.2.11'],
  'bbb-02.example.com': ['192.0.2.12'],
  'bbb-03.example.com': ['192.0.2.13'],
};

const inventories = new Map<string, Promise<Inventory>>();
/** Each is read once; so is what a node is like, on which nothing here depends. */
function inventoryWith(vars: string): Promise<Inventory> {
  const read =
    inventories.get(vars) ??
    inventoryOf(`playbook: bigbluebutton
cluster: {name: prod, hostname: bbb-proxy.example.com}
vars: ${vars}
hosts:
  proxy: external
  node:
    - {name: bbb-01, hostname: bbb-01.example.com}
    - {name: bbb-02, hostname: bbb-02.example.com}
    - {name: bbb-03, hostname: bbb-03.example.com, state: retired}
`);
  inventories.set(vars, read);
  return read;
}

const snapshots = new Map<string, Snapshot>();
function snapshotIn(inventory: Inventory, name: string): Snapshot {
  const host = inventory.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`no ${name}`);
  const all = [readsOf(inventory, host, { guards: false }), ...symptomReads(inventory, host)];
  const reads = mergeReads(all.map((some) => ({ ...noReads, ...some })));
  const snapshot = snapshots.get(name) ?? snapshotOf({ name, folders: [sample('3.0.28')] }, reads);
  snapshots.set(name, snapshot);
  return snapshot;
}

/** All that doctor says of the nodes; bbb-03 is retired. And what was asked for. */
async function examine(given: Given): Promise<{
  readonly troubles: readonly TroubleResult[];
  readonly asked: readonly Request[];
}> {
  const { kind = 'scalelite', list, nodes = {}, names = {}, digests = ['sha256', 'sha1'] } = given;
  const vars =
    given.vars ??
    `{meeting_balancer: 'https://lb.example.com', meeting_balancer_kind: ${kind}, meeting_balancer_secret: ${listSecret}}`;
  const written = await inventoryWith(vars);
  const inventory = withSecrets(written, new Map());
  const asked: Request[] = [];
  const get = async (request: Request): Promise<HttpAnswer | NoAnswer> => {
    asked.push(request);
    const { hostname, searchParams, pathname } = new URL(request.url);
    if (hostname === 'lb.example.com')
      return Array.isArray(list) ? answer(JSON.stringify(list)) : (list as HttpAnswer);
    const name = hostname.split('.')[0] ?? '';
    const instead = nodes[name];
    if (instead !== undefined) return instead;
    expect(pathname).toBe('/bigbluebutton/api/getMeetings');
    const fits = digests.some(
      (it) => hash(it, `getMeetings${secretOf(name)}`) === searchParams.get('checksum'),
    );
    return answer(fits ? noMeetings : failedXml('checksumError'));
  };
  const unused = () => Promise.reject(new Error('nothing else is asked'));
  const network: Network = {
    get,
    ...{ upgrade: unused, certificate: unused, talk: unused, line: unused },
    addresses: async (name) => ({
      kind: 'addresses',
      addresses: ownAddress[name] ?? names[name] ?? [],
    }),
  };
  const told = await askServerLists({ inventory }, { network, now: () => now });
  const seen = nodeNames.map((name) => [name, snapshotIn(inventory, name)] as const);
  const view = viewCluster(inventory, new Map(seen));
  const troubles = nodeNames.flatMap((name) => judgeTroubles(view, name, told.get(name)));
  return { troubles: troubles.filter(({ id }) => id.startsWith('balancer-')), asked };
}

const named = (troubles: readonly TroubleResult[], outcome: string) =>
  troubles.filter((one) => one.outcome === outcome).map(({ host, id }) => `${host} ${id}`);

async function found(given: Given): Promise<readonly string[]> {
  const { troubles } = await examine(given);
  expect(named(troubles, 'unknown')).toEqual([]);
  expect(JSON.stringify(troubles)).not.toMatch(/salt-of|list-secret/);
  return named(troubles, 'found');
}

const both = [scalelite('bbb-01'), scalelite('bbb-02')];
const of = (name: string, more: Partial<ScaleliteServer>) =>
  both.map((server) => (server.url.includes(name) ? { ...server, ...more } : server));

describe('Scalelite', () => {
  it('that has all nodes as they are is sound, and is asked once', async () => {
    const { troubles, asked } = await examine({ list: both });
    expect(named(troubles, 'found')).toEqual([]);
    expect(named(troubles, 'unknown')).toEqual([]);
    expect(asked.map(({ url }) => url.replace(/[0-9a-f]{40,}/, 'HASH')).sort()).toEqual([
      'https://bbb-01.example.com/bigbluebutton/api/getMeetings?checksum=HASH',
      'https://bbb-02.example.com/bigbluebutton/api/getMeetings?checksum=HASH',
      'https://lb.example.com/scalelite/api/getServers?checksum=HASH',
    ]);
    expect(asked.find(({ url }) => url.includes('lb.example'))?.url).toContain(
      hash('sha256', `getServers${listSecret}`),
    );
  });

  it('is sound with servers of others, with a slash, a port or capitals in an address', async () => {
    const others = [scalelite('other', { state: 'enabled', online: 'offline', secret: 'x' })];
    expect(await found({ list: [...both, ...others] })).toEqual([]);
    const odd = 'https://BBB-01.example.com:443/bigbluebutton/api/';
    expect(await found({ list: of('bbb-01', { url: odd }) })).toEqual([]);
  });

  it.each(['cordoned', 'disabled'])('that has a node %s is sound, and says so', async (state) => {
    const off = { state, online: 'offline', secret: 'another', load: 'unavailable' };
    const { troubles, asked } = await examine({ list: of('bbb-02', off) });
    expect(named(troubles, 'found')).toEqual([]);
    expect(troubles.flatMap(({ host, note }) => (note === undefined ? [] : `${host}: ${note}`))).toEqual([
      `bbb-02: Scalelite has this node as ${state}, so it gets no new meetings`,
    ]);
    expect(asked.map(({ url }) => new URL(url).hostname)).not.toContain('bbb-02.example.com');
  });

  const faults: readonly (readonly [id: string, given: Given, fact: string])[] = [
    [
      'balancer-lacks-node',
      { list: [scalelite('bbb-01')] },
      'not https://bbb-02.example.com/bigbluebutton/api',
    ],
    ['balancer-node-twice', { list: [...both, scalelite('bbb-02', { id: 'x' })] }, 'bbb-02.example.com/big'],
    [
      'balancer-node-twice',
      {
        list: [...both, scalelite('bbb-02', { url: 'https://old.example.com/bigbluebutton/api' })],
        names: { 'old.example.com': ['192.0.2.12'] },
      },
      'https://bbb-02.example.com/bigbluebutton/api and https://old.example.com/bigbluebutton/api',
    ],
    [
      'balancer-address',
      { list: of('bbb-02', { url: 'http://bbb-02.example.com/bigbluebutton/api' }) },
      'http://bbb-02.example.com/bigbluebutton/api',
    ],
    // What `bbb-conf --secret` prints is the address without its end.
    [
      'balancer-address',
      { list: of('bbb-02', { url: 'https://bbb-02.example.com/bigbluebutton/' }) },
      'https://bbb-02.example.com/bigbluebutton',
    ],
    [
      'balancer-other-name',
      {
        list: of('bbb-02', { url: 'https://old.example.com/bigbluebutton/api' }),
        names: { 'old.example.com': ['192.0.2.12'] },
      },
      'https://old.example.com',
    ],
    [
      'balancer-other-name',
      { list: of('bbb-02', { url: 'https://bbb-02/bigbluebutton/api' }) },
      'https://bbb-02/',
    ],
    [
      'balancer-other-name',
      { list: of('bbb-02', { url: 'https://192.0.2.12/bigbluebutton/api' }) },
      '192.0.2.12',
    ],
    ['balancer-secret-differs', { list: of('bbb-02', { secret: 'salt-of-nobody-1234' }) }, 'as up'],
    [
      'balancer-secret-differs',
      { list: of('bbb-02', { secret: 'salt-of-nobody-1234', online: 'offline' }) },
      'as down',
    ],
    [
      'balancer-trusts-dead-node',
      { list: both, nodes: { 'bbb-02': answer('<html>502</html>', 502) } },
      '502 Bad Gateway',
    ],
    [
      'balancer-trusts-dead-node',
      { list: both, nodes: { 'bbb-02': answer(failedXml('maintenance')) } },
      'https://bbb-02.example.com/bigbluebutton/api answers',
    ],
    ['balancer-refuses-node', { list: of('bbb-02', { online: 'offline' }) }, 'as down'],
  ];

  it.each(faults)('%s', async (id, given, fact) => {
    const { troubles } = await examine(given);
    expect(named(troubles, 'found')).toEqual([`bbb-02 ${id}`]);
    expect(named(troubles, 'unknown')).toEqual([]);
    expect(JSON.stringify(troubles)).not.toMatch(/salt-of|list-secret/);
    const trouble = troubles.find(({ outcome }) => outcome === 'found');
    expect(trouble?.found).toContain(fact);
    expect(trouble?.found).not.toMatch(/\{\{|undefined/);
  });

  it('that still sends users to a retired node', async () => {
    expect(await found({ list: [...both, scalelite('bbb-03')] })).toEqual([
      'bbb-03 balancer-has-retired-node',
    ]);
    expect(await found({ list: [...both, scalelite('bbb-03', { state: 'cordoned' })] })).toEqual([]);
  });

  it('is not judged by names of others that share an address, or by one that takes no secret of theirs', async () => {
    const names = { 'tenant.example.com': ['192.0.2.12'] };
    const foreign = scalelite('tenant', { secret: 'salt-of-a-tenant-99' });
    expect(await found({ list: [...both, foreign], names })).toEqual([]);
    const { asked } = await examine({ list: [...both, foreign], names });
    expect(asked.map(({ url }) => new URL(url).hostname)).not.toContain('tenant.example.com');
  });

  it('has the right secret for a node that takes only other digests', async () => {
    expect(await found({ list: both, digests: ['sha512'] })).toEqual([]);
  });

  const unknown: readonly (readonly [string, HttpAnswer | NoAnswer | readonly object[], string])[] = [
    ['refuses the secret', answer(failedXml('checksumError')), 'refuses the secret'],
    ['is older than its API', answer(failedXml('unsupportedRequest')), 'no list of servers'],
    [
      'is down',
      { kind: 'trouble', words: 'lb.example.com refuses the connection', fix: '' },
      'refuses the conn',
    ],
    ['answers 500', answer('oops', 500), '500 Internal Server Error'],
    ['redirects', answer('', 302), 'elsewhere (302)'],
    ['is another program', answer('<html></html>'), 'no list of servers'],
    ['says what it likes', answer('{"__proto__":[]}'), 'no list of servers'],
    ['never ends', answer('['.repeat(5 * 1024 * 1024)), 'without end'],
    ['nests', answer('['.repeat(1_000_000)), 'no list of servers'],
    ['has very many', Array.from({ length: 5_001 }, (_, index) => scalelite(`n${index}`)), 'more than 5000'],
    ['has none', answer('{"error":"No servers are configured"}', 404), 'no server'],
    ['has only those of others', [scalelite('other')], 'one server, and none of this cluster'],
  ];

  it.each(unknown)('that %s is not known, which is neither good nor bad', async (_what, list, words) => {
    const { troubles } = await examine({ list });
    expect(named(troubles, 'found')).toEqual([]);
    const about = troubles.find(({ id }) => id === 'balancer-lacks-node');
    expect(about).toMatchObject({ outcome: 'unknown', found: expect.stringContaining(words) });
    expect(named(troubles, 'absent')).toEqual([]);
  });

  it('is not known to be right about a node that can not be asked', async () => {
    const silent: NoAnswer = { kind: 'trouble', words: 'bbb-02 says nothing', fix: '' };
    const { troubles } = await examine({ list: both, nodes: { 'bbb-02': silent } });
    expect(named(troubles, 'found')).toEqual([]);
    expect(named(troubles, 'unknown')).toEqual([
      'bbb-02 balancer-secret-differs',
      'bbb-02 balancer-trusts-dead-node',
    ]);
  });

  it('passes over entries that are no address of a web server, and words of any length', async () => {
    const odd = [
      null,
      7,
      { url: 5 },
      { url: 'ftp://bbb-02.example.com' },
      { url: 'javascript:alert(1)' },
      scalelite('x', { url: `https://${'x'.repeat(3_000)}` }),
    ] as readonly object[];
    expect(await found({ list: [...both, ...odd] })).toEqual([]);
    const { troubles } = await examine({ list: of('bbb-02', { state: 'e'.repeat(500) }) });
    expect(named(troubles, 'unknown')).toContain('bbb-02 balancer-secret-differs');
    const login = { url: 'https://user:hunter2@bbb-02.example.com/x?checksum=1' };
    const { troubles: others } = await examine({ list: of('bbb-02', login) });
    expect(JSON.stringify(others)).not.toMatch(/hunter2|checksum=1/);
  });
});

describe('b3scale', () => {
  const pair = [b3scale('bbb-01'), b3scale('bbb-02')];
  const entry = (more: Readonly<Record<string, unknown>>) => [pair[0] ?? {}, b3scale('bbb-02', more)];

  it('is sound, and gets a token that its secret signs', async () => {
    const { troubles, asked } = await examine({ kind: 'b3scale', list: pair });
    expect(named(troubles, 'found')).toEqual([]);
    expect(named(troubles, 'unknown')).toEqual([]);
    const { url, headers } = asked.find((one) => one.url.includes('lb.')) ?? { url: '', headers: [] };
    expect(url).toBe('https://lb.example.com/api/v1/backends');
    const [header = '', claims = '', signature] = (headers[0] ?? '')
      .replace('Authorization: Bearer ', '')
      .split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'HS384', typ: 'JWT' });
    expect(read(claims)).toEqual({ sub: 'clusterproxy', scope: 'b3scale:admin', exp: now / 1000 + 600 });
    expect(signature).toBe(
      createHmac('sha384', listSecret).update(`${header}.${claims}`).digest('base64url'),
    );
  });

  it('gets an access token as it is', async () => {
    const token = 'eyJhbGciOiJIUzM4NCJ9.eyJzY29wZSI6ImIzc2NhbGU6YWRtaW4ifQ.c2lnbmF0dXJl';
    const vars = `{meeting_balancer: 'https://lb.example.com/', meeting_balancer_kind: b3scale, meeting_balancer_secret: ${token}}`;
    const { asked } = await examine({ list: pair, vars });
    expect(asked.flatMap(({ headers }) => headers)).toEqual([`Authorization: Bearer ${token}`]);
  });

  it.each([
    [{ admin_state: 'stopped', node_state: 'stopped' }, []],
    [{ node_state: 'error', last_error: 'checksumError: no' }, ['bbb-02 balancer-refuses-node']],
    [{ agent_heartbeat: '2026-11-26T11:50:00Z' }, ['bbb-02 balancer-agent-silent']],
    [{ agent_heartbeat: '0001-01-01T00:00:00Z' }, ['bbb-02 balancer-agent-silent']],
  ])('with a node that has %o', async (more, troubles) => {
    expect(await found({ kind: 'b3scale', list: entry(more) })).toEqual(troubles);
  });

  it("tells its own error, without the node's secret and what was asked for", async () => {
    const asked = 'Get "https://bbb-02.example.com/bigbluebutton/api/getMeetings?checksum=0123abcd": timeout';
    const list = entry({ node_state: 'error', last_error: `${asked} ${secretOf('bbb-02')}` });
    const { troubles } = await examine({ kind: 'b3scale', list });
    const told = troubles.find(({ outcome }) => outcome === 'found')?.found;
    expect(told).toContain('getMeetings');
    expect(told).not.toMatch(/0123abcd|salt-of/);
  });

  it.each([170, 190, 199])(
    'tells no part of a secret where its own error is cut: after %i',
    async (length) => {
      const error = `${'-'.repeat(length)}${secretOf('bbb-02')} ${'.'.repeat(300)}`;
      const { troubles } = await examine({
        ...{ kind: 'b3scale', list: entry({ node_state: 'error', last_error: error }) },
      });
      const told = troubles.find(({ outcome }) => outcome === 'found')?.found ?? '';
      expect(told).toContain('-'.repeat(length));
      expect(told).not.toMatch(/-s|salt|\.{100}/);
    },
  );

  it.each([
    [answer('{"message":"invalid or expired jwt"}', 401), 'refuses the secret'],
    [answer('{"message":"b3scale:admin scope required"}', 403), 'refuses the secret'],
  ])('that refuses the secret is not known', async (list, words) => {
    const { troubles } = await examine({ kind: 'b3scale', list });
    expect(troubles[0]).toMatchObject({ outcome: 'unknown', found: expect.stringContaining(words) });
  });
});

describe('bbblb', () => {
  /** What doctor makes of what the program says on bbb-01; no list is read. */
  async function judged(says: string): Promise<readonly TroubleResult[]> {
    const vars = `{meeting_balancer: 'https://lb.example.com', meeting_balancer_kind: bbblb}`;
    const inventory = withSecrets(await inventoryWith(vars), new Map());
    const [host] = inventory.hosts;
    if (host === undefined) throw new Error('no host');
    const reads = mergeReads(symptomReads(inventory, host).map((some) => ({ ...noReads, ...some })));
    const programs = reads.queries.filter(({ kind }) => kind === 'program');
    const answers = programs.map((query) => [query, { status: 0, output: says }] as const);
    const all = mergeReads([{ ...noReads, ...readsOf(inventory, host, { guards: false }) }, reads]);
    const snapshot = snapshotOf({ name: host.name, folders: [sample('3.0.28')], answers }, all);
    const network = { get: () => Promise.reject(new Error('no list is read')) } as unknown as Network;
    expect(await askServerLists({ inventory }, { network, now: () => now })).toEqual(new Map());
    const found = judgeTroubles(viewCluster(inventory, new Map([[host.name, snapshot]])), host.name);
    return found.filter(({ id }) => /^(?:balancer|bbblb)-/.test(id));
  }

  it.each([
    ['bbblb known', []],
    ['bbblb missing', ['bbb-01 bbblb-lacks-node']],
    ['bbblb differs', ['bbb-01 bbblb-secret-differs']],
  ])('says %s', async (says, troubles) => {
    const judgements = await judged(`${says}\n`);
    expect(named(judgements, 'found')).toEqual(troubles);
    expect(named(judgements, 'unknown')).toEqual([]);
  });

  it('that does not answer is not known', async () => {
    const judgements = await judged('bbblb ? it is silent\n');
    expect(named(judgements, 'unknown')).toEqual(['bbb-01 bbblb-lacks-node', 'bbb-01 bbblb-secret-differs']);
    expect(named(judgements, 'found')).toEqual([]);
  });
});

describe('an inventory', () => {
  it('without a balancer asks nobody, and nothing applies', async () => {
    const { troubles, asked } = await examine({ list: both, vars: '{}' });
    expect(asked).toEqual([]);
    expect(troubles.filter(({ outcome }) => outcome !== 'not-applicable')).toEqual([]);
  });

  it.each([
    [`{meeting_balancer: 'https://lb.example.com'}`, 'has no meeting_balancer_secret'],
    [`{meeting_balancer: 'http://lb.example.com', meeting_balancer_secret: ${listSecret}}`, 'https://'],
    [
      `{meeting_balancer: 'https://lb.example.com', meeting_balancer_secret: {env: NOT_THERE}}`,
      'could not be had',
    ],
  ])('%s can not be asked by', async (vars, words) => {
    const { troubles, asked } = await examine({ list: both, vars });
    expect(asked).toEqual([]);
    expect(troubles[0]).toMatchObject({ outcome: 'unknown', found: expect.stringContaining(words) });
  });
});
