import { describe, expect, it } from 'vitest';
import { textOf } from '../../../src/plan/items.ts';
import { stageOf } from '../../support/host-plan.ts';
import {
  carriedOut,
  freshHosts,
  inventoryOf,
  inventoryText,
  planFor,
  planOf,
  sampleNode,
  snapshotsOf,
} from '../../support/sample-cluster.ts';

describe('a plan for a cluster', () => {
  it('changes every host, and once carried out nothing any more', async () => {
    const inventory = await inventoryOf();
    const plans = planOf(inventory, snapshotsOf(inventory, freshHosts()));
    expect(plans.map((plan) => [plan.host, plan.problem?.message, stageOf(plan).changes.length > 0])).toEqual(
      [
        ['proxy-1', undefined, true],
        ['bbb-01', undefined, true],
        ['bbb-02', undefined, true],
        ['bbb-03', undefined, true],
      ],
    );
    expect(plans.map((plan) => plan.recipe?.name)).toEqual(['nginx', '2.4', '2.5-2.7', '3.0']);
    const again = planOf(inventory, carriedOut(plans));
    expect(again.map((plan) => [plan.problem, stageOf(plan).changes, stageOf(plan).handlers])).toEqual(
      again.map(() => [undefined, [], []]),
    );
  });

  it('names the steps that ask for each handler', async () => {
    const inventory = await inventoryOf();
    const plans = planOf(inventory, snapshotsOf(inventory, freshHosts()));
    const restart = stageOf(planFor(plans, 'bbb-03')).handlers.find(
      ({ handler }) => handler.id === 'restart-bbb-web',
    );
    expect(restart?.because).toContain('client-url');
    expect(stageOf(planFor(plans, 'proxy-1')).handlers.map(({ handler }) => handler.id)).toEqual([
      'reload-nginx',
    ]);
  });

  it.each([
    ['a malformed escape', '/etc/bigbluebutton/bbb-web.properties', 'presentationBaseURL=\\u12zz\n'],
    ['broken YAML', '/etc/bigbluebutton/bbb-html5.yml', 'public: [\n'],
    ['two documents', '/etc/bigbluebutton/bbb-html5.yml', 'public: {}\n---\npublic: {}\n'],
    ['an unfinished block', '/etc/bigbluebutton/nginx/zz-clusterproxy.nginx', 'location / {\n'],
    ['no UTF-8', '/etc/bigbluebutton/bbb-web.properties', '\xff\xfe\0'],
  ])('with %s on one host plans the others', async (_, path, content) => {
    const inventory = await inventoryOf();
    const hosts = freshHosts();
    for (const before of [false, true]) {
      // Before the first run, and where the keys are ours already.
      const snapshots = snapshotsOf(inventory, hosts);
      const all = before ? carriedOut(planOf(inventory, snapshots)) : snapshots;
      const one = all.get('bbb-02');
      if (one === undefined) throw new Error('no bbb-02');
      const broken = {
        kind: 'file',
        content: Buffer.from(content, 'latin1'),
        mode: 0o644,
        user: 'root',
        group: 'root',
      } as const;
      all.set('bbb-02', { ...one, paths: new Map([...one.paths, [path, broken]]) });
      const plans = planOf(inventory, all);
      const { problem } = planFor(plans, 'bbb-02');
      if (problem !== undefined) {
        expect(problem.host).toBe('bbb-02');
        expect([problem.location?.file ?? '', problem.message].join(' ')).toContain(path);
        expect(problem.code).not.toBe('unexpected');
      }
      expect(planFor(plans, 'bbb-01').problem).toBeUndefined();
      expect(planFor(plans, 'bbb-03').problem).toBeUndefined();
    }
  });

  it('keeps the locations of a node that can’t be reached, and plans the others', async () => {
    const inventory = await inventoryOf();
    const done = carriedOut(planOf(inventory, snapshotsOf(inventory, freshHosts())));
    done.delete('bbb-02');
    const plans = planOf(inventory, done);
    expect(planFor(plans, 'bbb-02').unreachable).toBe(true);
    expect(stageOf(planFor(plans, 'proxy-1')).changes).toEqual([]);
    expect(planFor(plans, 'proxy-1').warnings.join()).toContain('bbb-02');
  });

  it('keeps the locations of a node that is missing from the inventory, with a warning', async () => {
    const all = await inventoryOf();
    const done = carriedOut(planOf(all, snapshotsOf(all, freshHosts())));
    const fewer = await inventoryOf(inventoryText.replace(/^.*bbb-03.*\n/m, ''));
    const plan = planFor(planOf(fewer, done), 'proxy-1');
    expect(stageOf(plan).changes).toEqual([]);
    expect(plan.warnings.join()).toContain("bbb-03 isn't in the inventory");
  });

  it('makes a name that does not resolve on the proxy the error of its node only', async () => {
    const inventory = await inventoryOf();
    const hosts = freshHosts();
    const names = ['bbb-01.example.com', 'bbb-03.example.com'];
    const plans = planOf(
      inventory,
      snapshotsOf(inventory, { ...hosts, 'proxy-1': { ...hosts['proxy-1'], names } }),
    );
    expect(plans.map((plan) => plan.problem?.code)).toEqual([
      undefined,
      undefined,
      'name-does-not-resolve',
      undefined,
    ]);
    const written = stageOf(planFor(plans, 'proxy-1'))
      .changes.map(({ after }) => textOf(after) ?? '')
      .join();
    expect(written).toContain('location ^~ /bbb-01/html5client/');
    expect(written).not.toContain('bbb-02');
  });

  it('refuses a version that isn’t known and names those that are', async () => {
    const inventory = await inventoryOf();
    const hosts = freshHosts();
    const release = { '/etc/bigbluebutton/bigbluebutton-release': 'BIGBLUEBUTTON_RELEASE=1.9.1\n' };
    const plans = planOf(
      inventory,
      snapshotsOf(inventory, { ...hosts, 'bbb-01': { ...hosts['bbb-01'], files: release } }),
    );
    const { problem } = planFor(plans, 'bbb-01');
    expect(problem?.code).toBe('unknown-version');
    expect(`${problem?.message} ${problem?.next}`).toContain('2.5-2.7');
  });

  it('gives back what another recipe wrote after an upgrade', async () => {
    const inventory = await inventoryOf();
    const hosts = freshHosts();
    const before = carriedOut(planOf(inventory, snapshotsOf(inventory, hosts)));
    const ledger = before.get('bbb-02')?.ledger;
    expect(ledger?.created).toContain('/etc/bigbluebutton/nginx/zz-clusterproxy.nginx');

    const upgraded = snapshotsOf(inventory, {
      ...hosts,
      'bbb-02': { ...sampleNode('3.0', 'bbb-02'), ...(ledger && { ledger }) },
    });
    const node = upgraded.get('bbb-02');
    if (node === undefined) throw new Error('bbb-02 was not looked at');
    // The files of the old recipe that no package owns are still there.
    for (const item of ledger?.items ?? []) {
      const state = before.get('bbb-02')?.paths.get(item.path);
      if (state !== undefined && ledger?.created.includes(item.path))
        (node.paths as Map<string, unknown>).set(item.path, state);
    }
    const plan = planFor(planOf(inventory, upgraded), 'bbb-02');
    expect(plan.problem).toBeUndefined();
    expect(plan.recipe?.name).toBe('3.0');
    const gone = stageOf(plan)
      .changes.filter(({ action }) => action === 'delete')
      .map(({ path }) => path);
    expect(gone).toContain('/etc/bigbluebutton/nginx/zz-clusterproxy.nginx');
    expect(gone).toContain('/etc/systemd/system/bbb-html5-frontend@.service.d/zz-clusterproxy.conf');
  });

  it('warns of a host that is unwell before anything is changed', async () => {
    const inventory = await inventoryOf();
    const snapshots = snapshotsOf(inventory, freshHosts());
    const node = snapshots.get('bbb-01');
    if (node === undefined) throw new Error('bbb-01 was not looked at');
    snapshots.set('bbb-01', {
      ...node,
      failedUnits: ['freeswitch.service'],
      freeSpace: new Map([['/', 2]]),
      clockOffset: -90,
    });
    const words = planFor(planOf(inventory, snapshots), 'bbb-01').warnings.join('\n');
    expect(words).toContain('freeswitch.service');
    expect(words).toContain('nearly full');
    expect(words).toContain('90 s behind');
  });
});

describe('a proxy and a node under different registrable domains', () => {
  it('are warned of, since browsers may not send the session cookie', async () => {
    const text = inventoryText.replace('hostname: bbb-03.example.com', 'hostname: bbb-03.example.org');
    const inventory = await inventoryOf(text);
    const plans = planOf(inventory, snapshotsOf(inventory, freshHosts()));
    expect(planFor(plans, 'bbb-03').warnings.join()).toContain('different registrable domains');
    expect(planFor(plans, 'bbb-02').warnings.join()).not.toContain('registrable');
  });
});
