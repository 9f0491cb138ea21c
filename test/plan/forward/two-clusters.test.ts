import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../../src/model/ledger.ts';
import type { HostPlan } from '../../../src/model/plan.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { OtherCluster, Snapshot } from '../../../src/model/snapshot.ts';
import type { Wanted } from '../../../src/plan/forward/evaluate.ts';
import { planCluster } from '../../../src/plan/forward/plan-cluster.ts';
import { readsOf } from '../../../src/playbook/resolve/reads.ts';
import { resolveAll } from '../../../src/run/wanted.ts';
import { selfSigned } from '../../support/certificates.ts';
import { stageOf } from '../../support/host-plan.ts';
import { inventoryFrom } from '../../support/plan-playbook.ts';
import { carriedOutHost, wantedStep, wants } from '../../support/recorded-run.ts';
import { type FakeHost, snapshotOf } from '../../support/snapshot-from-folder.ts';

const path = '/etc/test.properties';
const made = '/etc/new/made.conf';
const unit = 'haproxy.service';

function host(): Snapshot {
  const reads = { ...noReads, paths: [path, '/etc', '/etc/new', made], units: [unit] };
  return snapshotOf({ name: 'a', files: { [path]: 'theirs=1\n' }, units: [unit] }, reads);
}

const key = (name: string, value: string) => [
  wantedStep(name, 'properties', { path, set: { [name]: value } }),
];
const whole = (content: string) => [wantedStep('whole', 'file', { path: made, content })];

/** The plan of a cluster whose role may be shared. */
function planFor(cluster: string, snapshot: Snapshot, steps: Wanted['steps'], retired = false): HostPlan {
  const looked = { name: 'a', role: 'door', snapshot, problem: undefined, durationMs: 0 };
  const [plan] = planCluster({
    cluster,
    playbook: 'test',
    hosts: [{ ...looked, retired, shared: true }],
    resolve: wants(steps),
    crossChecks: [],
  });
  if (plan === undefined) throw new Error('not planned');
  return plan;
}

/** The host as its plan left it, as another cluster finds it. */
function afterwards(plan: HostPlan, more: Partial<OtherCluster> = {}): Snapshot {
  expect(plan.problem).toBe(undefined);
  const { ledger, ...done } = carriedOutHost(plan);
  const one = {
    cluster: stageOf(plan).ledger?.cluster ?? '',
    role: 'door',
    shared: true,
    units: [],
    ...more,
  };
  const others = [...(plan.snapshot?.others ?? []).filter(({ cluster }) => cluster !== one.cluster)];
  return { ...done, ledger: undefined, others: [...others, { ...one, ledger: ledger as Ledger }] };
}

/** The host as `cluster` finds it again. */
function foundBy(cluster: string, snapshot: Snapshot): Snapshot {
  const own = snapshot.others?.find((one) => one.cluster === cluster);
  return {
    ...snapshot,
    ledger: own?.ledger,
    others: snapshot.others?.filter((one) => one !== own),
  };
}

const textAfter = (plan: HostPlan, at: string) => {
  const state = stageOf(plan).changes.find((change) => change.path === at)?.after;
  return state?.kind === 'file' ? state.content.toString() : state?.kind;
};

describe('two clusters on one host', () => {
  it('have each their keys in one file, and take theirs alone away', () => {
    const first = afterwards(planFor('one', host(), key('a', '1')));
    const second = planFor('two', first, key('b', '2'));
    expect(textAfter(second, path)).toBe('theirs=1\na=1\nb=2\n');
    const both = afterwards(second);
    const leaving = planFor('one', foundBy('one', both), [], true);
    expect(leaving.problem).toBe(undefined);
    expect(textAfter(leaving, path)).toBe('theirs=1\nb=2\n');
  });

  it('can’t want one key otherwise, nor one file, and it is said whose it is', () => {
    const keyed = afterwards(planFor('one', host(), key('a', '1')));
    expect(planFor('two', keyed, key('a', '2')).problem).toMatchObject({
      code: 'two-clusters',
      message: `the cluster one manages a in ${path} on this host (in its step a), so two can't`,
    });
    expect(planFor('two', keyed, key('a', '1')).problem).toBe(undefined);
    const filed = afterwards(planFor('one', host(), whole('x\n')));
    for (const text of ['x\n', 'y\n']) {
      expect(planFor('two', filed, whole(text)).problem).toMatchObject({
        code: 'two-clusters',
        step: 'whole',
        message: `the cluster one manages ${made} on this host, as a whole (in its step whole), so two can't`,
      });
    }
  });

  it('give a key that both have back when the second one leaves, as it was before the first', () => {
    const first = afterwards(planFor('one', host(), key('theirs', '2')));
    const second = planFor('two', first, key('theirs', '2'));
    expect(stageOf(second).changes).toEqual([]);
    const both = afterwards(second);
    const leaving = planFor('one', foundBy('one', both), [], true);
    expect(stageOf(leaving).changes).toEqual([]);
    expect(leaving.warnings.join()).toContain('the cluster two also uses it on this host');
    const alone = foundBy('two', {
      ...both,
      others: both.others?.filter(({ cluster }) => cluster === 'two'),
    });
    expect(textAfter(planFor('two', alone, [], true), path)).toBe('theirs=1\n');
  });

  it('stop no unit that the other one needs', () => {
    const running = [wantedStep('runs', 'unit', { name: unit, active: true })];
    const stopped = [wantedStep('stops', 'unit', { name: unit, active: false })];
    const needed = afterwards(planFor('one', host(), key('a', '1')), { units: ['haproxy'] });
    expect(planFor('two', needed, stopped).problem).toMatchObject({
      code: 'two-clusters',
      message: `the cluster one needs ${unit} on this host, so two can't stop it`,
    });
    const idle = { ...host(), units: new Map([[unit, { ...host().units.get(unit), active: 'inactive' }]]) };
    const started = afterwards(planFor('two', idle as Snapshot, running));
    const joined = afterwards(planFor('one', started, key('a', '1')), { units: [unit] });
    const leaving = planFor('two', foundBy('two', joined), [], true);
    expect(stageOf(leaving).changes).toEqual([]);
    expect(leaving.warnings.join()).toContain('whether haproxy.service runs');
  });

  it('don’t share a host that one of them has for itself', () => {
    for (const [shared, code] of [
      [true, undefined],
      [undefined, undefined],
      [false, 'another-cluster'],
    ] as const) {
      const other = afterwards(planFor('one', host(), key('a', '1')), { shared });
      const plan = planFor('two', other, key('b', '2'));
      expect(plan.problem?.code).toBe(code);
      if (code !== undefined) expect(plan.stages).toEqual([]);
    }
  });
});

/** A cluster of the program's own playbooks whose door is this host. */
async function doorOf(name: string, playbook: string, role: string, vars: object = {}) {
  const hostname = `${name}.example.com`;
  const inventory = await inventoryFrom(
    JSON.stringify({
      playbook,
      cluster: { name, hostname },
      vars,
      hosts: {
        [role]: [{ name: 'door', address: '192.0.2.5' }],
        node: [{ name: `${name}-01`, hostname: `${name}-01.example.com`, address: '192.0.2.11' }],
      },
    }),
  );
  const [door] = inventory.hosts;
  if (door === undefined) throw new Error('no door');
  return { inventory, reads: readsOf(inventory, door) };
}

const samples = `${import.meta.dirname}/../../../playbooks/samples`;

function doorHost(): FakeHost {
  const certificates = ['one', 'two', 'calls'].flatMap((name) => {
    const pair = selfSigned(`${name}.example.com`, { algorithm: 'ec' });
    const live = `/etc/letsencrypt/live/${name}.example.com`;
    return [
      [`${live}/fullchain.pem`, pair.certificate],
      [`${live}/privkey.pem`, pair.key],
    ];
  });
  return {
    name: 'door',
    folders: [`${samples}/bigbluebutton/proxy`, `${samples}/wcs/balancer`],
    files: Object.fromEntries(certificates),
    packages: { haproxy: '2.6.12', nginx: '1.22.1', curl: '7.88.1' },
  };
}

describe('doors of the program’s own playbooks on one host', () => {
  async function planDoor(of: Awaited<ReturnType<typeof doorOf>>, others: readonly OtherCluster[] = []) {
    const { inventory, reads } = of;
    const snapshot = { ...snapshotOf(doorHost(), reads), others };
    const [plan] = planCluster({
      cluster: inventory.cluster.name,
      playbook: inventory.playbook.name,
      hosts: [
        { name: 'door', role: 'door', snapshot, problem: undefined, durationMs: 0, shared: true },
        {
          name: `${inventory.cluster.name}-01`,
          role: 'node',
          snapshot: undefined,
          problem: undefined,
          durationMs: 0,
        },
      ],
      resolve: resolveAll(inventory),
      crossChecks: [],
    });
    if (plan === undefined) throw new Error('not planned');
    return plan;
  }
  const asOther = (plan: HostPlan): OtherCluster => {
    const ledger = plan.stages.at(-1)?.ledger;
    if (ledger === undefined) throw new Error(plan.problem?.message);
    return { cluster: ledger.cluster, role: 'door', shared: true, units: [], ledger };
  };

  it('BigBlueButton twice, and beside HAProxy', async () => {
    const named = { proxy_software: 'nginx' };
    const unnamed = await planDoor(await doorOf('one', 'bigbluebutton', 'proxy'));
    expect(unnamed.problem).toMatchObject({
      code: 'unsuitable-host',
      message: 'both nginx.service and haproxy.service are enabled on this host',
    });
    const one = await planDoor(await doorOf('one', 'bigbluebutton', 'proxy', named));
    expect(one.problem).toBe(undefined);
    const two = await planDoor(await doorOf('two', 'bigbluebutton', 'proxy', named), [asOther(one)]);
    expect(two.problem).toBe(undefined);
    const others = [one, two].map(asOther);
    const calls = await planDoor(await doorOf('calls', 'wcs', 'balancer', { https_port: 8443 }), others);
    expect(calls.problem).toBe(undefined);
  });

  it('HAProxy for two clusters is refused: its configuration is one file', async () => {
    const one = asOther(await planDoor(await doorOf('one', 'wcs', 'balancer')));
    for (const playbook of ['wcs', 'antmedia']) {
      const vars = playbook === 'antmedia' ? { certificate_from: 'none' } : {};
      const two = await planDoor(await doorOf('two', playbook, 'balancer', vars), [one]);
      expect(two.problem?.code, playbook).toBe('two-clusters');
      expect(`${two.problem?.message} ${two.problem?.detail}`).toContain('one: /etc/haproxy/haproxy.cfg');
    }
  });
});
