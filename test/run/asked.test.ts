import { beforeAll, describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { CheckResult } from '../../src/model/outside-check.ts';
import type { HostPlan } from '../../src/model/plan.ts';
import { type Answer, queryKey } from '../../src/model/reads.ts';
import { exitStatusOf } from '../../src/model/result.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { askedQueries, askedThrough } from '../../src/playbook/resolve/asked.ts';
import { viewCluster } from '../../src/playbook/resolve/contexts.ts';
import { askedResults, withWrongAnswers } from '../../src/run/asked.ts';
import { withHostsView } from '../../src/run/hosts-view.ts';
import { resultOfPlan } from '../../src/run/result-of-plan.ts';
import { carriedOut, freshHosts, inventoryOf, planOf, snapshotsOf } from '../support/sample-cluster.ts';

let inventory: Inventory;
let fresh: Map<string, Snapshot>;
let settled: Map<string, Snapshot>;
let plans: readonly HostPlan[];
beforeAll(async () => {
  inventory = await inventoryOf();
  fresh = snapshotsOf(inventory, freshHosts());
  settled = carriedOut(planOf(inventory, fresh));
  plans = planOf(inventory, settled);
});

const page = (node: string) =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<script src="/${node}/html5client/x.js">`;
const index = (node: string) =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"a":"wss:\\/\\/${node}.example.com\\/graphql","b":"https:\\/\\/${node}.example.com\\/api\\/rest"}`;
const missing = 'HTTP/1.1 404 Not Found\r\n\r\n';
const bad = 'HTTP/1.1 502 Bad Gateway\r\n\r\n';
const silence = 'curl: (28) Operation timed out';

/** What came of the questions for each node, in the order in which they are asked. */
type Came = Readonly<Record<string, readonly string[]>>;
const sound: Came = {
  'bbb-01': [missing, page('bbb-01')],
  'bbb-02': [missing, page('bbb-02')],
  'bbb-03': [index('bbb-03')],
};

function proxyHost() {
  const proxy = inventory.hosts.find(({ name }) => name === 'proxy-1');
  if (proxy === undefined) throw new Error('no proxy');
  return proxy;
}

function answering(came: Came, hosts: ReadonlyMap<string, Snapshot>): Snapshot {
  const proxy = hosts.get('proxy-1');
  if (proxy === undefined) throw new Error('no proxy');
  const answers = new Map<string, Answer>(proxy.answers);
  for (const [host, outputs] of Object.entries(came)) {
    const row = askedQueries(inventory, proxyHost()).filter(({ args }) => args[0] === host);
    for (const [index, output] of outputs.entries()) {
      const query = row[index];
      if (query !== undefined) answers.set(queryKey(query), { status: 0, output });
    }
  }
  return { ...proxy, answers };
}

function results(came: Came, hosts = settled, planned = plans): readonly CheckResult[] {
  const proxy = answering(came, hosts);
  return askedResults(viewCluster(inventory, new Map([...hosts, ['proxy-1', proxy]])), planned);
}

/** The proxy's view of a node beside a check of it that failed from here. */
function beside(came: Came, host: string, id: string): string | undefined {
  const view = viewCluster(inventory, new Map([...settled, ['proxy-1', answering(came, settled)]]));
  const failed: CheckResult = {
    ...{ host, role: 'node', id, title: id, outcome: 'failed' },
    ...{ expected: 'an answer', found: 'none', fix: 'mend it' },
  };
  return withHostsView(view, host, [failed])[0]?.note;
}

const short = (all: readonly CheckResult[]) => all.map(({ host, id, outcome }) => `${host} ${id} ${outcome}`);
const failing = (all: readonly CheckResult[]) =>
  all.filter(({ outcome }) => outcome === 'failed').map(({ host, found }) => `${host}: ${found}`);

describe('what the proxy asks itself for its nodes', () => {
  it('is the API first, then the page, whatever is installed there, by an address of its own', () => {
    const urls = askedQueries(inventory, proxyHost()).map(({ args }) => args.slice(0, 3));
    expect(urls.slice(0, 2)).toEqual([
      ['bbb-01', '192.0.2.5', 'https://bbb-proxy.example.com/bbb-01/bigbluebutton/api'],
      ['bbb-01', '192.0.2.5', 'https://bbb-proxy.example.com/bbb-01/html5client/join'],
    ]);
    expect(urls).toHaveLength(6);
  });

  it('is nothing where a node says so, or on a node itself', () => {
    const vars = { ...proxyHost().vars, ask_itself: false };
    const off = inventory.hosts.map((host) => (host.name === 'bbb-02' ? { ...host, vars } : host));
    const asked = askedQueries({ ...inventory, hosts: off }, proxyHost()).map(({ args }) => args[0]);
    expect([...new Set(asked)]).toEqual(['bbb-01', 'bbb-03']);
    const node = inventory.hosts.find(({ name }) => name === 'bbb-01');
    expect(node && askedQueries(inventory, node)).toEqual([]);
  });

  it('is what a handler of the proxy waits for, with the answers of each release', () => {
    expect(askedThrough(viewCluster(inventory, settled), 'node')).toMatchObject([
      { kind: 'browse', host: 'bbb-01', contains: ['/bbb-01/html5client'] },
      { kind: 'browse', host: 'bbb-02', contains: ['/bbb-02/html5client'] },
      {
        host: 'bbb-03',
        headers: ['Content-Type: application/json'],
        contains: ['wss://bbb-03.example.com/graphql', 'https://bbb-03.example.com/api/rest'],
      },
    ]);
  });
});

describe('the answers', () => {
  it('are right on a sound cluster', () => {
    expect(short(results(sound))).toEqual([
      'bbb-01 meteor-page passed',
      'bbb-02 meteor-page passed',
      'bbb-03 api-addresses passed',
    ]);
  });

  it('are a problem of the node that gives a wrong one, and the exit status is 4', () => {
    const found = results({ ...sound, 'bbb-03': [bad, missing] });
    expect(failing(found)).toEqual(['bbb-03: 502 Bad Gateway (asked by proxy-1)']);
    const result = withWrongAnswers(resultOfPlan({ hosts: plans, byHand: [], warnings: [] }, 'check'), found);
    expect(result.hosts.flatMap(({ problem }) => problem ?? [])).toMatchObject([
      { code: 'answers-wrongly', host: 'bbb-03', next: expect.stringContaining('443') },
    ]);
    expect(exitStatusOf(result, { comparing: true, asked: found })).toBe(4);
    expect(exitStatusOf(result, { comparing: true, asked: results(sound) })).toBe(0);
  });

  it('tell two nodes whose addresses are swapped, and silence to a question asked before', () => {
    expect(failing(results({ ...sound, 'bbb-02': [silence], 'bbb-03': [index('bbb-02')] }))).toEqual([
      'bbb-02: no answer within 2 seconds (asked by proxy-1)',
      "bbb-03: 'wss://bbb-03.example.com/graphql' is not in the answer; 'https://bbb-03.example.com/api/rest' is not in the answer (asked by proxy-1)",
    ]);
  });

  it('lead to the proxy first where all of them are wrong', () => {
    const hello = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhello';
    const found = results({ 'bbb-01': [hello, hello], 'bbb-02': [hello, hello], 'bbb-03': [hello, hello] });
    expect(failing(found)).toHaveLength(3);
    for (const { fix } of found)
      expect(fix).toMatch(/^no node answers as it should, so look at the proxy first/);
  });

  it('are the proxy’s own problem where nothing listens there', () => {
    const refused = ['curl: (7) Failed to connect to bbb-proxy.example.com port 443'];
    const found = results({ 'bbb-01': refused, 'bbb-02': refused, 'bbb-03': refused });
    expect(short(found)).toEqual([
      'proxy-1 itself failed',
      'bbb-01 meteor-page not-asked',
      'bbb-02 meteor-page not-asked',
      'bbb-03 api-addresses not-asked',
    ]);
  });

  it('are not known where the proxy has nothing to ask with', () => {
    expect(short(results({ 'bbb-01': [''], 'bbb-02': [''], 'bbb-03': [''] }))).toEqual([
      'bbb-01 meteor-page not-asked',
      'bbb-02 meteor-page not-asked',
      'bbb-03 api-addresses not-asked',
    ]);
  });

  it('are nobody’s problem before the cluster is set up, or of a node out of reach', () => {
    const nothing = {
      'bbb-01': [missing, missing],
      'bbb-02': [missing, missing],
      'bbb-03': [missing, missing],
    };
    expect(results(nothing, fresh, planOf(inventory, fresh))).toEqual([]);
    const reached = new Map([...settled].filter(([name]) => name !== 'bbb-02'));
    const found = results({ ...sound, 'bbb-02': [bad] }, reached, planOf(inventory, reached));
    expect(short(found)).toEqual(['bbb-01 meteor-page passed', 'bbb-03 api-addresses passed']);
  });

  it('need not be as planned while the node is not, but must be usable', () => {
    const changing = plans.map((plan) =>
      plan.host === 'bbb-03'
        ? { ...plan, stages: planOf(inventory, fresh).find((one) => one.host === 'bbb-03')?.stages ?? [] }
        : plan,
    );
    const outcome = (output: string) =>
      results({ ...sound, 'bbb-03': [output] }, settled, changing).find(({ host }) => host === 'bbb-03')
        ?.outcome;
    expect(outcome(index('old-03'))).toBe('not-asked');
    expect(outcome(bad)).toBe('failed');
    expect(outcome(silence)).toBe('failed');
  });
});

describe('beside a check that failed from here', () => {
  it('stands what the proxy hears itself, where it asks the same', () => {
    expect(beside(sound, 'bbb-03', 'api-addresses')).toBe(
      'proxy-1 gets the right answer when it asks itself, so look at what is between it and this machine',
    );
    expect(beside({ ...sound, 'bbb-03': [bad] }, 'bbb-03', 'api-addresses')).toBe(
      'proxy-1 asked itself the same and found: 502 Bad Gateway',
    );
    expect(beside(sound, 'bbb-01', 'meteor-page')).toContain('proxy-1 gets the right answer');
  });

  it('stands nothing where it asks something else, or has nothing to ask with', () => {
    expect(beside(sound, 'bbb-03', 'api')).toBeUndefined();
    expect(beside({}, 'bbb-03', 'api-addresses')).toBeUndefined();
    expect(beside({ ...sound, 'bbb-03': [''] }, 'bbb-03', 'api-addresses')).toBeUndefined();
  });
});
