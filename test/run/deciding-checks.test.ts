import { describe, expect, it } from 'vitest';
import type { Confirmer, DecidingCheck } from '../../src/model/deciding-check.ts';
import type { HostPlan, Stage } from '../../src/model/plan.ts';
import { type Snapshot, unitPath } from '../../src/model/snapshot.ts';
import { decidingChecks, decidingInPlan } from '../../src/run/deciding-checks.ts';
import { stageOf } from '../support/host-plan.ts';
import {
  carriedOut,
  freshHosts,
  inventoryOf,
  inventoryText,
  planFor,
  planOf,
  snapshotsOf,
} from '../support/sample-cluster.ts';

const inventory = await inventoryOf();
const fresh = snapshotsOf(inventory, freshHosts());
const setUp = carriedOut(planOf(inventory, fresh));

/** What decides for a host if it is changed: `HOST CHECK`, with `!` where it must pass in any case. */
async function decidersOf(
  host: string,
  snapshots: ReadonlyMap<string, Snapshot>,
  text: string = inventoryText,
  confirm: Confirmer = 'outside',
): Promise<readonly string[]> {
  const own = text === inventoryText ? inventory : await inventoryOf(text);
  const plans = planOf(own, snapshots);
  const plan = planFor(plans, host);
  return decidingChecks(own, plans)(plan, stageOf(plan), confirm).map(words);
}

function words({ host, check, always }: DecidingCheck): string {
  return `${host} ${check.id}${always ? '!' : ''}`;
}

const ofNode3 = [
  ...['certificate', 'client-page', 'client-path', 'client-redirect', 'api-addresses', 'api', 'api-origin'],
  ...['api-other-origin', 'graphql', 'graphql-other-origin'],
];
const throughProxy = [
  ...['bbb-01 meteor-page', 'bbb-02 meteor-page'],
  ...['bbb-03 client-page', 'bbb-03 client-redirect', 'bbb-03 api-addresses'],
];

describe('which checks from outside decide', () => {
  it('for a proxy: its own, and what passed through it before', async () => {
    expect(await decidersOf('proxy-1', setUp)).toEqual(['proxy-1 certificate', ...throughProxy]);
  });

  it('for a node: its own, as far as they passed before, and nothing of other nodes', async () => {
    const found = await decidersOf('bbb-03', setUp);
    expect(found.filter((one) => !one.endsWith('pads-origin'))).toEqual(ofNode3.map((id) => `bbb-03 ${id}`));
  });

  it('for a host that joins: its own in any case, as there was nothing to pass before', async () => {
    const joining = new Map(setUp).set('bbb-03', fresh.get('bbb-03') as Snapshot);
    const found = await decidersOf('bbb-03', joining);
    expect(found.every((one) => one.endsWith('!'))).toBe(true);
    expect(found).toContain('bbb-03 client-page!');
    // What is asked through the proxy for a node that isn't there yet can't have passed.
    expect(await decidersOf('proxy-1', joining)).toEqual(['proxy-1 certificate', ...throughProxy]);
  });

  it('for a proxy that is set up first: its certificate; the way to its nodes is decided with them', async () => {
    expect(await decidersOf('proxy-1', fresh)).toEqual(['proxy-1 certificate!', ...throughProxy]);
    const plans = planOf(inventory, fresh);
    const plan = planFor(plans, 'proxy-1');
    const found = decidingChecks(inventory, plans)(plan, stageOf(plan), 'outside');
    expect(found.map(({ before, later }) => [before, later])).toEqual([
      [undefined, undefined],
      ...throughProxy.map(() => [undefined, true]),
    ]);
  });

  it('for a host whose cluster gets another address: what is asked about the new one, in any case', async () => {
    const text = inventoryText.replace('bbb-proxy.example.com', 'bbb.example.org');
    expect(await decidersOf('proxy-1', setUp, text)).toContain('proxy-1 certificate!');
    // Who was reached by the old name before has to be reached by the new one.
    const own = await inventoryOf(text);
    const plans = planOf(own, setUp);
    const plan = planFor(plans, 'proxy-1');
    const through = decidingChecks(own, plans)(plan, stageOf(plan), 'outside').filter(
      ({ host }) => host !== 'proxy-1',
    );
    const urls = (all: readonly (DecidingCheck['check'] | undefined)[]) =>
      all.map((one) => (one?.question.kind === 'http' ? one.question.url : undefined));
    const now = urls(through.map(({ check }) => check));
    expect(now).toHaveLength(throughProxy.length);
    expect(urls(through.map(({ before }) => before))).toEqual(
      now.map((url) => url?.replace('bbb.example.org', 'bbb-proxy.example.com')),
    );
    expect(through.every(({ later }) => later)).toBe(true);
    const node = await decidersOf('bbb-03', setUp, text);
    expect(node).toContain('bbb-03 client-page!');
    expect(node).toContain('bbb-03 api-origin!');
    expect(node).toContain('bbb-03 certificate');
  });

  it('for a host that leaves: nothing', async () => {
    const text = inventoryText.replace(
      'hostname: bbb-03.example.com',
      'hostname: bbb-03.example.com, state: retired',
    );
    expect(await decidersOf('bbb-03', setUp, text)).toEqual([]);
    expect((await decidersOf('proxy-1', setUp, text)).filter((one) => one.startsWith('bbb-03'))).toEqual([]);
  });

  it('for a host that could not be looked at: nothing, and through a proxy nothing of such a host', async () => {
    const partly = new Map(setUp);
    partly.delete('bbb-03');
    const plans = planOf(inventory, partly);
    const lost = planFor(plans, 'bbb-03');
    expect(decidingInPlan(lost, decidingChecks(inventory, plans), 'outside')).toEqual([]);
    expect(await decidersOf('proxy-1', partly)).not.toContain('bbb-03 client-page');
  });

  it('with facts as they are after the change', async () => {
    const hosts = freshHosts();
    const node = { ...hosts['bbb-03'], units: ['etherpad.service'] } as (typeof hosts)[string];
    const plans = planOf(inventory, snapshotsOf(inventory, { ...hosts, 'bbb-03': node }));
    const plan = planFor(plans, 'bbb-03');
    const stage = stageOf(plan);
    const path = unitPath('etherpad.service');
    const masked = { kind: 'unit', enabled: 'masked', active: 'inactive' } as const;
    const without = { ...stage, changes: [{ path, after: masked } as Stage['changes'][number]] };
    const deciding = decidingChecks(inventory, plans);
    expect(deciding(plan, stage, 'outside').map(words)).toContain('bbb-03 pads-origin!');
    const found = deciding({ ...plan, stages: [without] }, without, 'outside').map(words);
    expect(found).not.toContain('bbb-03 pads-origin!');
    expect(found).toContain('bbb-03 api!');
  });

  it('with --confirm browser: all of that, and what a browser shows of the clients', async () => {
    const inBrowser = ['origin', 'permissions', 'sockets', 'console'].map((one) => `browser-${one}`);
    const outside = await decidersOf('bbb-03', setUp);
    const found = await decidersOf('bbb-03', setUp, inventoryText, 'browser');
    expect(found).toEqual([...outside, ...inBrowser.map((id) => `bbb-03 ${id}`)]);
    // The pages are at the cluster's address: the proxy answers for them.
    const proxy = await decidersOf('proxy-1', setUp, inventoryText, 'browser');
    expect(proxy.filter((one) => one.includes(' browser-'))).toEqual(
      ['bbb-01', 'bbb-02', 'bbb-03'].flatMap((host) => inBrowser.map((id) => `${host} ${id}`)),
    );
    const joining = new Map(setUp).set('bbb-03', fresh.get('bbb-03') as Snapshot);
    expect(await decidersOf('bbb-03', joining, inventoryText, 'browser')).toContain(
      'bbb-03 browser-sockets!',
    );
  });

  it('before the last stage of a host: nothing that is to pass for the first time', async () => {
    const plans = planOf(inventory, fresh);
    const plan = planFor(plans, 'bbb-03');
    const stage = stageOf(plan);
    const staged: HostPlan = { ...plan, stages: [stage, { ...stage, number: 2 }] };
    const deciding = decidingChecks(inventory, plans);
    expect(deciding(staged, stage, 'outside').some(({ always }) => always)).toBe(false);
    expect(decidingInPlan(staged, deciding, 'outside').every(({ always }) => always)).toBe(true);
  });
});
