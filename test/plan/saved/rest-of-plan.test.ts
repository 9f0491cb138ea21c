import { describe, expect, it } from 'vitest';
import { mergeReads } from '../../../src/model/merge-reads.ts';
import type { ClusterPlan, HostPlan } from '../../../src/model/plan.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import type { Resolve } from '../../../src/plan/forward/evaluate.ts';
import { planCluster } from '../../../src/plan/forward/plan-cluster.ts';
import { comparePlan } from '../../../src/plan/saved/compare-plan.ts';
import { readSavedPlan, savePlan } from '../../../src/plan/saved/saved-plan.ts';
import { edited, wantedStep, withState } from '../../support/recorded-run.ts';
import {
  carriedOut,
  freshHosts,
  inventoryOf,
  inventoryText,
  planOf,
  snapshotsOf,
} from '../../support/sample-cluster.ts';
import { type FakeHost, snapshotOf } from '../../support/snapshot-from-folder.ts';

/** What is left of an agreed plan after a run that did a part of it. */

const sources = { text: 'inventory', playbookText: 'playbook' };
const run = '20261121T074501Z-4f2a9c';
const web = '/etc/bigbluebutton/bbb-web.properties';

const whole = (hosts: readonly HostPlan[]): ClusterPlan => ({ hosts, byHand: [], warnings: [] });
const agreedOn = async (hosts: readonly HostPlan[]) =>
  readSavedPlan(await savePlan(whole(hosts), sources), 'plan.json');

async function cluster(text = inventoryText) {
  const inventory = await inventoryOf(text);
  const fresh = snapshotsOf(inventory, freshHosts());
  const plans = planOf(inventory, fresh);
  const done = new Map([...carriedOut(plans)].map(([name, host]) => [name, ranBy(host)] as const));
  const saved = await agreedOn(plans);
  return {
    fresh,
    done,
    compare: async (hosts: ReadonlyMap<string, Snapshot>) => {
      const { differences, done } = await comparePlan(saved, whole(planOf(inventory, hosts)), sources);
      return { differences, done: Object.fromEntries(done) };
    },
  };
}

function ranBy(host: Snapshot, by = run): Snapshot {
  return host.ledger === undefined ? host : { ...host, ledger: { ...host.ledger, run: by } };
}

describe('an agreed plan of which a part is done', () => {
  const names = ['proxy-1', 'bbb-01', 'bbb-02', 'bbb-03'];

  it.each([
    [['proxy-1']],
    [['proxy-1', 'bbb-01', 'bbb-03']],
    [['bbb-02']],
    [['bbb-01', 'bbb-02', 'bbb-03']],
    [names],
  ])('can be completed after %s', async (hosts) => {
    const { fresh, done, compare } = await cluster();
    const now = new Map(
      names.flatMap((name) => [[name, (hosts.includes(name) ? done : fresh).get(name)]] as never),
    );
    expect(await compare(now as unknown as Map<string, Snapshot>)).toEqual({
      differences: [],
      done: Object.fromEntries(hosts.map((name) => [name, run])),
    });
  });

  it('names the run, not its last stage, and none where nobody knows it', async () => {
    const { fresh, done, compare } = await cluster();
    const of = (host: Snapshot | undefined) => new Map([...fresh, ['bbb-01', host as Snapshot]]);
    const bbb01 = done.get('bbb-01') as Snapshot;
    expect((await compare(of(ranBy(bbb01, `${run}-2`)))).done).toEqual({ 'bbb-01': run });
    expect((await compare(of({ ...bbb01, ledger: undefined }))).done).toEqual({ 'bbb-01': '' });
  });

  it('is refused for a host that was changed afterwards, or of which only a part is as planned', async () => {
    const { fresh, done, compare } = await cluster();
    const bbb01 = done.get('bbb-01') as Snapshot;
    const drifted = edited(bbb01, web, (text) => text.replaceAll('bbb-proxy', 'away'));
    expect(await compare(new Map([...done, ['bbb-01', drifted]]))).toMatchObject({
      differences: [`bbb-01: the change to ${web} is now different`],
    });
    const added = edited(bbb01, web, (text) => `# a note\n${text}`);
    expect(await compare(new Map([...done, ['bbb-01', added]]))).toMatchObject({
      differences: [`bbb-01: ${web} is neither as it was nor as the plan leaves it`],
    });
    const before = fresh.get('bbb-01')?.paths.get(web);
    if (before === undefined) throw new Error(`${web} was not read`);
    const half = withState(bbb01, web, before);
    expect(await compare(new Map([...done, ['bbb-01', half]]))).toMatchObject({
      differences: ['bbb-01: only a part of what belongs together is as planned'],
    });
  });

  it('is completed for a host where only restarts are owed', async () => {
    const { done, compare } = await cluster();
    const owing = { ...(done.get('bbb-03') as Snapshot), owed: ['restart-bbb-web'] };
    const { differences, done: all } = await compare(new Map([...done, ['bbb-03', owing]]));
    expect(differences).toEqual([]);
    expect(Object.keys(all)).toEqual(['proxy-1', 'bbb-01', 'bbb-02']);
  });

  it('is completed where a node that leaves was put off, and where it has left', async () => {
    const inventory = await inventoryOf();
    const set = carriedOut(planOf(inventory, snapshotsOf(inventory, freshHosts())));
    const leaving = await inventoryOf(
      inventoryText.replace('bbb-02.example.com', 'bbb-02.example.com, state: retired'),
    );
    const plans = planOf(leaving, set);
    const saved = await agreedOn(plans);
    const compare = (hosts: ReadonlyMap<string, Snapshot>) =>
      comparePlan(saved, whole(planOf(leaving, hosts)), sources);
    expect((await compare(set)).differences).toEqual([]);
    const gone = { ...(carriedOut(plans).get('bbb-02') as Snapshot), ledger: undefined };
    const { done } = await compare(new Map([...set, ['bbb-02', gone]]));
    expect([...done]).toEqual([['bbb-02', '']]);
  });

  it('does not change hosts that --limit had left out', async () => {
    const inventory = await inventoryOf();
    const plans = planOf(inventory, snapshotsOf(inventory, freshHosts()));
    const limited = plans.map((plan) => ({ ...plan, skipped: plan.host !== 'proxy-1' }));
    const saved = await agreedOn(limited);
    expect((await comparePlan(saved, whole(limited), sources)).differences).toEqual([]);
    expect((await comparePlan(saved, whole(plans), sources)).differences).toEqual(
      ['bbb-01', 'bbb-02', 'bbb-03'].map((name) => `${name}: --limit had left it out of the plan`),
    );
  });
});

describe('an agreed plan in stages', () => {
  const configuration = '/etc/haproxy/haproxy.cfg';
  const defaults = '/etc/default/haproxy';
  const steps = [
    {
      stage: 1,
      ...wantedStep('packages', 'package', { names: ['haproxy'], provides: { paths: [defaults] } }),
    },
    { stage: 2, ...wantedStep('configuration', 'file', { path: configuration, content: 'global\n' }) },
    {
      stage: 2,
      ...wantedStep('defaults', 'shell-env', { path: defaults, create: false, set: { EXTRAOPTS: '-L x' } }),
    },
    { stage: 3, ...wantedStep('last', 'file', { path: '/etc/last', content: 'new\n' }) },
  ];
  const resolve: Resolve = (snapshots) =>
    new Map(
      [...snapshots].map(([name]) => [
        name,
        {
          ...{ recipe: undefined, steps, handlers: [], units: [], warnings: [], notifyOf: () => [] },
          stages: ['packages', 'files', 'last'],
        },
      ]),
    );
  function planOn(host: FakeHost): HostPlan {
    const reads = steps.map(({ module, parameters }) => ({
      ...noReads,
      ...module.reads(parameters as never),
    }));
    const snapshot = snapshotOf({ name: 'a', ...host }, mergeReads(reads));
    const input = { name: 'a', role: 'balancer', snapshot, problem: undefined, durationMs: 0 };
    const of = { cluster: 'prod', playbook: 'test', hosts: [input], resolve, crossChecks: [] };
    const [plan] = planCluster(of);
    if (plan?.problem !== undefined || plan === undefined) throw new Error(plan?.problem?.message);
    return plan;
  }
  const compare = async (now: FakeHost) =>
    comparePlan(
      await agreedOn([planOn({ files: old })]),
      whole([planOn({ ...now, files: { ...old, ...now.files } })]),
      sources,
    );
  const old = { '/etc/last': 'old\n' };
  const packages = { haproxy: '2.6.12' };
  const brought = { [defaults]: 'CONFIG="/etc/haproxy/haproxy.cfg"\n', [configuration]: 'defaults\n' };
  const second = { [defaults]: `${brought[defaults]}EXTRAOPTS="-L x"\n`, [configuration]: 'global\n' };

  it('can be completed after each of them, whatever a package has brought', async () => {
    for (const files of [brought, { ...brought, [configuration]: 'global\n' }, second]) {
      const { differences, done } = await compare({ packages, files });
      expect(differences).toEqual([]);
      expect(done.size).toBe(0);
    }
  });

  it('is done after the last one', async () => {
    const { differences, done } = await compare({ packages, files: { ...second, '/etc/last': 'new\n' } });
    expect(differences).toEqual([]);
    expect([...done]).toEqual([['a', '']]);
  });

  it('is refused where a later one was done before an earlier one, or where an action is due again', async () => {
    const early = await compare({ packages, files: { ...brought, '/etc/last': 'new\n' } });
    expect(early.differences).toEqual(['a: only a part of what belongs together is as planned']);
    const again = await compare({ files: { '/etc/last': 'new\n' } });
    expect(again.differences).toHaveLength(1);
  });
});
