import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import v8 from 'node:v8';
import type { Inventory, InventoryHost } from '../../src/inventory/inventory.ts';
import type { HostPlan } from '../../src/model/plan.ts';
import { queriesIn } from '../../src/model/reads.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { crossChecksOf } from '../../src/plan/forward/cross-checks.ts';
import { type PlanInput, planCluster } from '../../src/plan/forward/plan-cluster.ts';
import { beforeLastStage, lastStages } from '../../src/plan/forward/stages.ts';
import { readsOf } from '../../src/playbook/resolve/reads.ts';
import { resolveAll } from '../../src/run/wanted.ts';
import { VirtualHost } from '../../src/virtual/virtual-host.ts';
import { stageOf } from './host-plan.ts';
import { loadInventory } from './load-inventory.ts';
import { type FakeHost, snapshotOf } from './snapshot-from-folder.ts';

export const sample = (name: string) => `playbooks/samples/bigbluebutton/${name}`;

/** A node of a sample, which calls itself by this name instead of bbb-01. */
export function sampleNode(version: string, name: string): FakeHost {
  const path = '/etc/bigbluebutton/bbb-web.properties';
  const text = readFileSync(`${sample(version)}${path}`, 'utf8').replaceAll('bbb-01', name);
  return { folders: [sample(version)], files: { [path]: text } };
}

/** A proxy and nodes of three versions, in their original state. */
export function freshHosts(): Record<string, FakeHost> {
  return {
    'proxy-1': { folders: [sample('proxy')], packages: { 'ca-certificates': '1' }, units: ['nginx.service'] },
    'bbb-01': sampleNode('2.4', 'bbb-01'),
    'bbb-02': sampleNode('2.6', 'bbb-02'),
    'bbb-03': sampleNode('3.0', 'bbb-03'),
  };
}

export const inventoryText = `playbook: bigbluebutton
cluster: {name: prod, hostname: bbb-proxy.example.com}
hosts:
  proxy:
    - {name: proxy-1, address: 192.0.2.5}
  node:
    - {name: bbb-01, hostname: bbb-01.example.com}
    - {name: bbb-02, hostname: bbb-02.example.com}
    - {name: bbb-03, hostname: bbb-03.example.com}
`;

const inventories = new Map<string, Promise<Inventory>>();

/** Read once for all tests of a worker, unless its playbook or something else in it is outside of it. */
export function inventoryOf(text: string = inventoryText): Promise<Inventory> {
  const others = /\b(?:env|file|command|config|identity_files|known_hosts):|\.\//;
  if (!/^playbook: *[a-z]+$/m.test(text) || others.test(text)) return readInventory(text);
  const known = inventories.get(text) ?? readInventory(text);
  inventories.set(text, known);
  return known;
}

async function readInventory(text: string): Promise<Inventory> {
  const directory = mkdtempSync(join(tmpdir(), 'clusterproxy-'));
  try {
    const file = join(directory, 'prod.yaml');
    writeFileSync(file, text);
    return await loadInventory(file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const looks = new WeakMap<Inventory, Map<string, Snapshot>>();

/**
 * What a probe of each host would return if all queries succeed; a host that isn't in `hosts` is unreachable.
 * The same host of the same inventory is looked at once.
 */
export function snapshotsOf(inventory: Inventory, hosts: Record<string, FakeHost>): Map<string, Snapshot> {
  const looked = inventory.hosts.flatMap((host) => {
    const fake = hosts[host.name];
    if (fake === undefined) return [];
    const known = looks.get(inventory) ?? new Map<string, Snapshot>();
    looks.set(inventory, known);
    const key = `${host.name} ${v8.serialize(fake).toString('latin1')}`;
    const snapshot = known.get(key) ?? lookAt(inventory, host, fake);
    known.set(key, snapshot);
    return [[host.name, snapshot] as const];
  });
  return new Map(looked);
}

function lookAt(inventory: Inventory, host: InventoryHost, fake: FakeHost): Snapshot {
  const reads = readsOf(inventory, host);
  const answers = queriesIn(reads).map((query) => [query, { status: 0, output: '' }] as const);
  return snapshotOf({ answers, ...fake, name: host.name }, reads);
}

export function planInput(inventory: Inventory, snapshots: ReadonlyMap<string, Snapshot>): PlanInput {
  return {
    cluster: inventory.cluster.name,
    playbook: inventory.playbook.name,
    hosts: inventory.hosts.map(({ name, role, state }) => ({
      name,
      role,
      retired: state === 'retired',
      snapshot: snapshots.get(name),
      problem: snapshots.has(name) ? undefined : { code: 'unreachable', message: 'no answer' },
      durationMs: 0,
    })),
    resolve: resolveAll(inventory),
    crossChecks: crossChecksOf(inventory.playbook),
  };
}

interface Planned {
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  readonly plans: readonly HostPlan[];
}
const plannedBefore = new WeakMap<Inventory, Planned[]>();

/** Many tests begin with the plan for the same hosts: it is made once. */
export function planOf(inventory: Inventory, snapshots: ReadonlyMap<string, Snapshot>): readonly HostPlan[] {
  const before = plannedBefore.get(inventory) ?? [];
  plannedBefore.set(inventory, before);
  const known = before.find((one) => same(one.snapshots, snapshots));
  if (known !== undefined) return known.plans;
  const plans = planCluster(planInput(inventory, snapshots));
  before.push({ snapshots: new Map(snapshots), plans });
  return plans;
}

function same(one: ReadonlyMap<string, Snapshot>, other: ReadonlyMap<string, Snapshot>): boolean {
  return one.size === other.size && [...one].every(([name, snapshot]) => other.get(name) === snapshot);
}

/** What is left to do once these hosts are as planned. */
export function planLastStage(
  input: PlanInput,
  first: readonly HostPlan[],
  done: ReadonlySet<string>,
): readonly HostPlan[] {
  const hosts = beforeLastStage(input.hosts, { first, done });
  return hosts === undefined ? [] : lastStages(planCluster({ ...input, hosts }), { first, done });
}

/** The hosts after their plans have been carried out, including the ledgers. */
export function carriedOut(plans: readonly HostPlan[]): Map<string, Snapshot> {
  return new Map(
    plans.flatMap((plan) => {
      if (plan.snapshot === undefined) return [];
      const host = new VirtualHost(plan.snapshot);
      const { changes, ledger } = stageOf(plan);
      for (const change of changes) host.set(change.path, change.after);
      return [[plan.host, { ...host.asSnapshot(), ledger }] as const];
    }),
  );
}

export function planFor(plans: readonly HostPlan[], host: string): HostPlan {
  const plan = plans.find((one) => one.host === host);
  if (plan === undefined) throw new Error(`there is no plan for ${host}`);
  return plan;
}
