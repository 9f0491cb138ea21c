import { describe, expect, it } from 'vitest';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { type ClusterPlan, withLast } from '../../../src/model/plan.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { withRemoval } from '../../../src/plan/rollback/remove-packages.ts';
import { planDigest } from '../../../src/plan/saved/plan-digest.ts';
import { planFromText, planText } from '../../../src/plan/saved/plan-text.ts';
import { checkPlaybook } from '../../../src/run/check-playbook.ts';
import { planElsewhere } from '../../../src/run/planning/elsewhere.ts';
import { clusterJob } from '../../../src/run/planning/job.ts';
import { withBuffers } from '../../../src/run/planning/plain-data.ts';
import { SecretRegister } from '../../../src/secrets/register.ts';
import { inventoryFrom } from '../../support/plan-playbook.ts';
import { edited, planWith, wantedStep } from '../../support/recorded-run.ts';
import {
  carriedOut,
  freshHosts,
  inventoryOf,
  inventoryText,
  planInput,
  planLastStage,
  planOf,
  sample,
  snapshotsOf,
} from '../../support/sample-cluster.ts';
import { type FakeHost, snapshotOf, stock } from '../../support/snapshot-from-folder.ts';
import { threadHere } from '../../support/thread-here.ts';

const clusterOf = (hosts: ClusterPlan['hosts']): ClusterPlan => ({ hosts, byHand: [], warnings: [] });

/** A plan of a cluster of which each host is one of these, by name, below one role each. */
async function planned(
  playbook: string,
  roles: Readonly<Record<string, Readonly<Record<string, FakeHost>>>>,
  vars = {},
): Promise<ClusterPlan> {
  const hosts = Object.fromEntries(
    Object.entries(roles).map(([role, fakes], network) => [
      role,
      Object.keys(fakes).map((name, index) => {
        return { name, hostname: `${name}.example.com`, address: `10.0.${network}.${index + 1}` };
      }),
    ]),
  );
  const cluster = { name: 'prod', hostname: 'cluster.example.com' };
  const inventory = await inventoryFrom(JSON.stringify({ playbook, cluster, vars, hosts }));
  const snapshots = snapshotsOf(inventory, Object.assign({}, ...Object.values(roles)));
  const plans = planOf(inventory, snapshots);
  expect(await plannedElsewhere(inventory, snapshots)).toStrictEqual(plans);
  return clusterOf(plans);
}

/** The same as `planOf` on another thread. */
function plannedElsewhere(inventory: Inventory, snapshots: ReadonlyMap<string, Snapshot>) {
  const { hosts } = planInput(inventory, snapshots);
  const job = clusterJob(inventory, new SecretRegister(), { hosts, only: undefined });
  return planElsewhere(job, { start: threadHere, signal: new AbortController().signal });
}

const at = (folder: string): FakeHost => ({ folders: [`playbooks/samples/${folder}`] });

/**
 * The samples of the playbooks, the packages' own files where they are there, and a balancer on which nothing
 * is yet.
 */
async function plans(): Promise<readonly (readonly [string, ClusterPlan])[]> {
  const versions = ['2.4', '2.6', '3.0', '3.0-meteor', '3.0.28', '4.0', '4.1'];
  const nodes = versions.map((version, index) => [`bbb-0${index}`, { folders: [sample(version)] }] as const);
  const proxy = {
    ...at('bigbluebutton/proxy'),
    packages: { 'ca-certificates': '1' },
    units: ['nginx.service'],
  };
  const avx = { ...at('averox/proxy'), packages: { 'ca-certificates': '1' }, units: ['nginx.service'] };
  const ams = { 'ams-1': at('antmedia/node') };
  // The packages' own files over those that an operator has besides.
  const stocks = [
    ['2.4', '2.4.8'],
    ['2.6', '2.6.14'],
    ['3.0', '3.0.x'],
  ].flatMap(([release = '', version = '']) => {
    const folder = stock(version);
    return folder === undefined ? [] : [[sample(release), folder]];
  });
  const all: readonly (readonly [string, Promise<ClusterPlan>])[] = [
    [
      'bigbluebutton',
      planned('bigbluebutton', { proxy: { 'proxy-1': proxy }, node: Object.fromEntries(nodes) }),
    ],
    ['averox', planned('averox', { proxy: { 'proxy-1': avx }, node: { 'avx-01': at('averox/3.0') } })],
    ...['balancer', 'balancer-red-hat'].map(
      (balancer) =>
        [
          `wcs ${balancer}`,
          planned('wcs', {
            balancer: { 'lb-1': at(`wcs/${balancer}`) },
            node: { 'wcs-01': at('wcs/node'), 'wcs-02': at('wcs/node-xinetd') },
          }),
        ] as const,
    ),
    ...['balancer', 'balancer-by-hand', 'balancer-red-hat'].map(
      (balancer) =>
        [
          `antmedia ${balancer}`,
          planned('antmedia', { balancer: { 'lb-1': at(`antmedia/${balancer}`) }, node: ams }),
        ] as const,
    ),
    ['antmedia on nothing', planned('antmedia', { balancer: { 'lb-1': {} }, node: ams })],
    ...stocks.map(
      (folders, index) =>
        [
          `stock ${index}`,
          planned('bigbluebutton', {
            proxy: { 'proxy-1': proxy },
            node: { 'bbb-01': { folders } },
          }),
        ] as const,
    ),
    ['retire', retiring()],
    ['rollback', Promise.resolve(clusterOf([undoing()]))],
    ...['bigbluebutton', 'averox', 'wcs', 'antmedia'].map(
      (name) =>
        [
          `check ${name}`,
          checkPlaybook(name, '.').then(({ hosts }) => clusterOf(hosts.map(({ plan }) => plan))),
        ] as const,
    ),
  ];
  return Promise.all(all.map(async ([name, plan]) => [name, await plan] as const));
}

/** A node leaves, and the proxy loses its location last. */
async function retiring(): Promise<ClusterPlan> {
  const inventory = await inventoryOf();
  const done = carriedOut(planOf(inventory, snapshotsOf(inventory, freshHosts())));
  const leaving = await inventoryOf(
    inventoryText.replace('bbb-02.example.com', 'bbb-02.example.com, state: retired'),
  );
  const input = planInput(leaving, done);
  const hosts = planOf(leaving, done);
  expect(await plannedElsewhere(leaving, done)).toStrictEqual(hosts);
  const last = planLastStage(input, hosts, new Set(hosts.map(({ host }) => host)));
  return clusterOf(
    hosts.map((plan) =>
      withLast(
        plan,
        last.find(({ host }) => host === plan.host),
      ),
    ),
  );
}

const whole = (content: string) => [wantedStep('whole', 'file', { path: '/etc/made', content })];
const bare = () => snapshotOf({ name: 'a' }, { ...noReads, paths: ['/etc/made', '/etc'] });

/** Files go back, then packages go. */
function undoing() {
  return withRemoval({ ...planWith(bare(), whole('made\n')), undoes: 'RUN' }, ['haproxy'], []);
}

describe('a plan is plain data', { timeout: 120_000 }, () => {
  it('that survives being sent and stored, and has the same digest then', async () => {
    const all = await plans();
    expect(all.length).toBeGreaterThanOrEqual(14);
    for (const [name, plan] of all) {
      const [digest, text] = [planDigest(plan), planText(plan)];
      expect(planText(structuredClone(plan)) === text, name).toBe(true);
      const read = planFromText<ClusterPlan>(text);
      expect([planDigest(read), planText(read) === text], name).toEqual([digest, true]);
    }
    const undone = undoing();
    expect(planFromText(planText(undone))).toEqual(undone);
    expect(withBuffers(structuredClone(undone))).toEqual(undone);
    expect(new Set(all.map(([, plan]) => planDigest(plan))).size).toBe(all.length);
    // What all of it was for is among them.
    const hosts = all.flatMap(([, plan]) => plan.hosts);
    expect(hosts.some(({ stages }) => stages.length > 2)).toBe(true);
    expect(hosts.some(({ last }) => last !== undefined)).toBe(true);
  });
});

describe('the text of a plan', () => {
  it('keeps what JSON has not got, and what would be mistaken for it', () => {
    const data = {
      bytes: Buffer.from([0, 255, 10]),
      map: new Map<unknown, unknown>([['one', new Set([1, { deep: Buffer.from('x') }])]]),
      like: [{ $bytes: 'AA==' }, { $map: [] }, { $object: { $set: 1 } }, { $bytes: 1, other: 2 }],
      ordered: { b: 1, a: null, c: false },
      nothing: undefined,
    };
    const { nothing: _nothing, ...rest } = data;
    const read = planFromText<typeof rest>(planText(data));
    expect(read).toStrictEqual(rest);
    expect(Object.keys(read.ordered)).toEqual(['b', 'a', 'c']);
    expect(Buffer.isBuffer(read.bytes)).toBe(true);
  });

  it.each([[() => 1], [new Date()], [Number.NaN], [[undefined]], [1n], [new (class Plan {})()]])(
    'is refused to what is no plain data: %s',
    (data) => {
      expect(() => planText({ deep: [data] })).toThrow('not plain data');
    },
  );
});

describe('the digest of a plan', () => {
  const digest = (...given: Parameters<typeof planWith>) => planDigest(clusterOf([planWith(...given)]));

  it('is that of what is done, whenever it was planned', () => {
    const plan = planWith(bare(), whole('made\n'));
    const later = { ...plan, durationMs: 9, warnings: ['a full disk'] };
    const guards = [{ guard: 'meetings', state: 'busy' as const, sessions: [{ name: 'Art' }] }];
    expect(planDigest(clusterOf([{ ...later, guards }]))).toBe(planDigest(clusterOf([plan])));
    expect(digest(bare(), whole('made\n'))).toBe(planDigest(clusterOf([plan])));
  });

  it('is another one for other contents, another start, another machine, other stages', () => {
    const plan = planWith(bare(), whole('made\n'));
    const there = snapshotOf(
      { name: 'a', files: { '/etc/made': 'x\n' } },
      { ...noReads, paths: ['/etc/made', '/etc'] },
    );
    const [stage] = plan.stages;
    if (stage === undefined) throw new Error('not planned');
    const cluster = (one: typeof plan) => planDigest(clusterOf([one]));
    const asking = (program: string) => {
      const guards = [{ id: 'calls', query: { kind: 'program' as const, program, args: [] } }];
      const rest = { validate: undefined, checks: [], timeout: 60, settle: 0, rewrites: [] };
      const handler = { id: 'restart', actions: [], guards, ...rest };
      return cluster({ ...plan, stages: [{ ...stage, handlers: [{ handler, because: [] }] }] });
    };
    const all = [
      cluster(plan),
      asking('exit 0\n'),
      asking('exit 1\n'),
      cluster({ ...plan, skipped: true }),
      cluster({ ...plan, stages: [] }),
      cluster({ ...plan, stages: [stage, { ...stage, number: 2 }] }),
      cluster(withLast(plan, plan)),
      cluster({ ...plan, leftovers: true }),
      digest({ ...bare(), machineId: 'f'.repeat(32) }, whole('made\n')),
      digest(bare(), whole('other\n')),
      digest(there, whole('made\n')),
      digest(
        edited(there, '/etc/made', () => 'y\n'),
        whole('made\n'),
      ),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('takes long to guess from where a secret is in it, and notices another one', () => {
    const secrets = new SecretRegister();
    for (const value of ['s3cret-One!', 's3cret-Two!']) secrets.add(value);
    const one = digest(bare(), whole('a=s3cret-One!\n'), secrets);
    expect(digest(bare(), whole('a=s3cret-One!\n'), secrets)).toBe(one);
    expect(digest(bare(), whole('a=s3cret-Two!\n'), secrets)).not.toBe(one);
  });
});
