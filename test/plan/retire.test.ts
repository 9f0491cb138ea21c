import { describe, expect, it } from 'vitest';
import type { HostPlan } from '../../src/model/plan.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { crossChecksOf } from '../../src/plan/forward/cross-checks.ts';
import type { PlanInput } from '../../src/plan/forward/plan-cluster.ts';
import { textOf } from '../../src/plan/items.ts';
import { resolveAll } from '../../src/run/wanted.ts';
import { stageOf } from '../support/host-plan.ts';
import { edited, withState } from '../support/recorded-run.ts';
import {
  carriedOut,
  freshHosts,
  inventoryOf,
  inventoryText,
  planFor,
  planInput,
  planLastStage,
  planOf,
  snapshotsOf,
} from '../support/sample-cluster.ts';

const retiredText = (...names: readonly string[]) =>
  names.reduce(
    (text, name) =>
      text.replace(`hostname: ${name}.example.com`, `hostname: ${name}.example.com, state: retired`),
    inventoryText,
  );

/** The cluster set up, before anybody leaves it. */
async function setUp(): Promise<{ fresh: Map<string, Snapshot>; done: Map<string, Snapshot> }> {
  const inventory = await inventoryOf();
  const fresh = snapshotsOf(inventory, freshHosts());
  return { fresh, done: carriedOut(planOf(inventory, fresh)) };
}

async function retire(done: ReadonlyMap<string, Snapshot>, ...names: readonly string[]) {
  const inventory = await inventoryOf(retiredText(...names));
  const input: PlanInput = planInput(inventory, done);
  const plans = planOf(inventory, done);
  const last = (succeeded: readonly string[]) => planLastStage(input, plans, new Set(succeeded));
  return { plans, last };
}

const nodesFile = '/etc/nginx/clusterproxy/prod/nodes.conf';
const everybody = ['proxy-1', 'bbb-01', 'bbb-02', 'bbb-03'];

/** Every file of a host whose bytes, mode or owner aren't as they were before the cluster was set up. */
function remains(before: Snapshot | undefined, plan: HostPlan): readonly string[] {
  const now = new Map(plan.snapshot?.paths ?? []);
  for (const change of stageOf(plan).changes) now.set(change.path, change.after);
  return [...now].flatMap(([path, state]) => {
    const was = before?.paths.get(path) ?? { kind: 'absent' };
    return JSON.stringify(was) === JSON.stringify(state) ? [] : [path];
  });
}

describe('a node that leaves the cluster', () => {
  it.each(['bbb-01', 'bbb-02', 'bbb-03'])('gets every byte back: %s', async (name) => {
    const { fresh, done } = await setUp();
    const { plans } = await retire(done, name);
    const plan = planFor(plans, name);
    expect(plan.problem).toBeUndefined();
    expect(plan).toMatchObject({ retires: true, leftovers: true });
    expect(stageOf(plan).ledger?.items).toEqual([]);
    expect(stageOf(plan).ledger?.created).toEqual([]);
    expect(stageOf(plan).handlers.map(({ handler }) => handler.id)).toContain('restart-bbb-web');
    const left = remains(fresh.get(name), plan);
    // What is a default of the playbook's is nobody's, and stays: see the step web-addresses.
    expect(left).toEqual(['/etc/bigbluebutton/bbb-web.properties']);
    const text = (state: Snapshot['paths']) =>
      textOf(state.get('/etc/bigbluebutton/bbb-web.properties') ?? { kind: 'absent' }) ?? '';
    const after = new Map([
      ...(plan.snapshot?.paths ?? []),
      ...stageOf(plan).changes.map((c) => [c.path, c.after] as const),
    ]);
    expect(
      text(after)
        .replace(/^bigbluebutton\.web\.logoutURL=default\n?/m, '')
        .trimEnd(),
    ).toBe(text(fresh.get(name)?.paths ?? new Map()).trimEnd());
  });

  it('is asked nothing of what only the cluster wants', async () => {
    const { done } = await setUp();
    const { plans } = await retire(done, 'bbb-03');
    const checks = stageOf(planFor(plans, 'bbb-03')).handlers.flatMap(({ handler }) => handler.checks);
    expect(checks.filter((check) => check.kind === 'http').map(({ contains }) => contains)).toEqual([[]]);
  });

  it('keeps its locations on the proxy until it is given back, and loses them last', async () => {
    const { done } = await setUp();
    const { plans, last } = await retire(done, 'bbb-02');
    expect(stageOf(planFor(plans, 'proxy-1')).changes).toEqual([]);
    const [proxy, ...others] = last(everybody);
    expect(others).toEqual([]);
    expect(proxy?.host).toBe('proxy-1');
    expect(stageOf(proxy).changes.map(({ path }) => path)).toEqual([nodesFile]);
    const text = textOf(stageOf(proxy).changes[0]?.after ?? { kind: 'absent' });
    expect(text).toContain('/bbb-01/');
    expect(text).not.toContain('bbb-02');
    expect(stageOf(proxy).handlers.map(({ handler }) => handler.id)).toEqual(['reload-nginx']);
  });

  it('is the last one of a cluster: the proxy stays, without locations', async () => {
    const { done } = await setUp();
    const { last } = await retire(done, 'bbb-01', 'bbb-02', 'bbb-03');
    const [proxy] = last(everybody);
    expect(proxy?.problem).toBe(undefined);
    expect(stageOf(proxy).changes.map(({ action, path }) => [action, path])).toContainEqual([
      'delete',
      nodesFile,
    ]);
  });

  it('keeps them where it was put off, and loses those of the node that was given back', async () => {
    const { done } = await setUp();
    const { last } = await retire(done, 'bbb-02', 'bbb-03');
    expect(last(['proxy-1', 'bbb-01'])).toEqual([]);
    const [proxy] = last(['proxy-1', 'bbb-01', 'bbb-03']);
    const text = textOf(stageOf(proxy).changes[0]?.after ?? { kind: 'absent' });
    expect(text).toContain('/bbb-02/');
    expect(text).not.toContain('/bbb-03/');
  });

  it('keeps them where the proxy itself is not as planned', async () => {
    const { done } = await setUp();
    const { last } = await retire(done, 'bbb-02');
    expect(last(['bbb-01', 'bbb-02', 'bbb-03'])).toEqual([]);
  });

  it('keeps them where it can not be reached', async () => {
    const { done } = await setUp();
    done.delete('bbb-02');
    const { plans, last } = await retire(done, 'bbb-02');
    expect(planFor(plans, 'bbb-02')).toMatchObject({ unreachable: true, retires: true });
    expect(stageOf(planFor(plans, 'proxy-1')).changes).toEqual([]);
    expect(planFor(plans, 'proxy-1').warnings.join()).toContain('bbb-02 could not be inspected');
    expect(last(['proxy-1', 'bbb-01', 'bbb-03'])).toEqual([]);
  });

  it('is done once nothing of ours is on it: the proxy goes on by itself, and the host needs no recipe', async () => {
    const { fresh, done } = await setUp();
    const bare = fresh.get('bbb-02');
    if (bare === undefined) throw new Error('bbb-02 was not looked at');
    const release = '/etc/bigbluebutton/bigbluebutton-release';
    done.set(
      'bbb-02',
      edited(bare, release, () => 'BIGBLUEBUTTON_RELEASE=9.9\n'),
    );
    const { plans } = await retire(done, 'bbb-02');
    expect(planFor(plans, 'bbb-02')).toMatchObject({ problem: undefined, leftovers: false });
    expect(stageOf(planFor(plans, 'bbb-02')).changes).toEqual([]);
    expect(stageOf(planFor(plans, 'proxy-1')).changes.map(({ path }) => path)).toEqual([nodesFile]);
  });

  it('leaves nothing on a host that remembers nothing but runs that came to nothing', async () => {
    const { fresh, done } = await setUp();
    const bare = fresh.get('bbb-02');
    if (bare === undefined) throw new Error('bbb-02 was not looked at');
    done.set('bbb-02', { ...bare, remembers: true });
    const { plans } = await retire(done, 'bbb-02');
    expect(planFor(plans, 'bbb-02')).toMatchObject({ leftovers: true });
    expect(stageOf(planFor(plans, 'bbb-02')).changes).toEqual([]);
  });

  it('keeps what other people have written into the same files since', async () => {
    const { done } = await setUp();
    const path = '/etc/bigbluebutton/bbb-web.properties';
    const node = done.get('bbb-03');
    if (node === undefined) throw new Error('bbb-03 was not looked at');
    done.set(
      'bbb-03',
      edited(
        node,
        path,
        (text) => `# theirs\n${text.replace(/^graphqlApiUrl=.*$/m, 'graphqlApiUrl=https://mine.example')}`,
      ),
    );
    const plan = planFor((await retire(done, 'bbb-03')).plans, 'bbb-03');
    const text =
      textOf(stageOf(plan).changes.find((change) => change.path === path)?.after ?? { kind: 'absent' }) ?? '';
    expect(text).toContain('# theirs\n');
    expect(text).toContain('graphqlApiUrl=https://mine.example');
    expect(text).not.toContain('bbb-proxy.example.com');
    expect(plan.warnings.join()).toContain('graphqlApiUrl');
    expect(stageOf(plan).ledger?.items).toEqual([]);
  });

  it('keeps a directory of ours in which others have put something', async () => {
    const { done } = await setUp();
    const folder = '/etc/systemd/system/bbb-web.service.d';
    const node = done.get('bbb-03');
    if (node === undefined) throw new Error('bbb-03 was not looked at');
    const gone = (plan: HostPlan) =>
      stageOf(plan)
        .changes.filter(({ action }) => action === 'delete')
        .map(({ path }) => path);
    expect(gone(planFor((await retire(done, 'bbb-03')).plans, 'bbb-03'))).toContain(folder);
    const file = {
      kind: 'file',
      content: Buffer.from('[Service]\n'),
      mode: 0o644,
      user: 'root',
      group: 'root',
    } as const;
    done.set('bbb-03', withState(node, `${folder}/mine.conf`, file));
    const plan = planFor((await retire(done, 'bbb-03')).plans, 'bbb-03');
    expect(gone(plan)).not.toContain(folder);
    expect(gone(plan)).toContain(`${folder}/zz-clusterproxy.conf`);
  });

  it('goes by the same road for the proxy: the include line in the operator’s server block goes, the rest stays', async () => {
    const site = '/etc/nginx/conf.d/site.conf';
    const server = `server {\n    listen 443 ssl;\n    server_name bbb-proxy.example.com;\n    # mine\n}\n`;
    const text = inventoryText.replace(
      'hosts:',
      `vars: {proxy_server: include, server_file: ${site}}\nhosts:`,
    );
    const inventory = await inventoryOf(text);
    const hosts = freshHosts();
    const fresh = snapshotsOf(inventory, {
      ...hosts,
      'proxy-1': { ...hosts['proxy-1'], files: { [site]: server } },
    });
    const done = carriedOut(planOf(inventory, fresh));
    expect(textOf(done.get('proxy-1')?.paths.get(site) ?? { kind: 'absent' })).toContain(
      'include /etc/nginx/clusterproxy',
    );
    const leaving = await inventoryOf(text.replace('192.0.2.5', '192.0.2.5, state: retired'));
    const plan = planFor(planOf(leaving, done), 'proxy-1');
    expect(plan.problem).toBeUndefined();
    expect(remains(fresh.get('proxy-1'), plan)).toEqual([]);
  });
});

describe('a node that was set up by hand and adopted', () => {
  it('keeps an operator’s own lines in the guide’s file', async () => {
    const text = inventoryText.replace('hosts:', 'vars: {adopt: true}\nhosts:');
    const inventory = await inventoryOf(text);
    const hosts = freshHosts();
    const path = '/etc/bigbluebutton/nginx/bbb-cluster.nginx';
    const own = 'location = /exporter { return 200; }\n';
    const byHand = { [path]: `location /bbb-03/html5client { return 200; }\n${own}` };
    const snapshots = snapshotsOf(inventory, { ...hosts, 'bbb-03': { ...hosts['bbb-03'], files: byHand } });
    const done = carriedOut(planOf(inventory, snapshots));
    expect(textOf(done.get('bbb-03')?.paths.get(path) ?? { kind: 'absent' })).toBe(own);
    const leaving = await inventoryOf(
      text.replace('hostname: bbb-03.example.com', 'hostname: bbb-03.example.com, state: retired'),
    );
    const plan = planFor(planOf(leaving, done), 'bbb-03');
    expect(plan.problem).toBeUndefined();
    const changed = stageOf(plan).changes.map((change) => change.path);
    expect(changed).toContain('/etc/bigbluebutton/nginx/aa-clusterproxy.nginx');
    expect(changed).not.toContain(path);
  });

  it('gets the package’s own values, not those that made it part of a cluster', async () => {
    const text = inventoryText.replace('hosts:', 'vars: {adopt: true}\nhosts:');
    const inventory = await inventoryOf(text);
    const hosts = freshHosts();
    const path = '/etc/bigbluebutton/bbb-web.properties';
    const stock = snapshotsOf(inventory, hosts).get('bbb-03');
    const properties = textOf(stock?.paths.get(path) ?? { kind: 'absent' }) ?? '';
    const byHand = {
      [path]: `${properties.trimEnd()}\ndefaultHTML5ClientUrl=https://bbb-proxy.example.com/bbb-03/html5client/\n`,
      '/etc/systemd/system/bbb-web.service.d/override.conf':
        '[Service]\nEnvironment="JDK_JAVA_OPTIONS=-Dgrails.cors.enabled=true -Xmx1g"\n',
    };
    const snapshots = snapshotsOf(inventory, { ...hosts, 'bbb-03': { ...hosts['bbb-03'], files: byHand } });
    const done = carriedOut(planOf(inventory, snapshots));
    const first = done
      .get('bbb-03')
      ?.ledger?.items.find(({ key }) => key[0] === 'defaultHTML5ClientUrl')?.first;
    expect(first).toEqual({ kind: 'absent' });
    const leaving = await inventoryOf(
      text.replace('hostname: bbb-03.example.com', 'hostname: bbb-03.example.com, state: retired'),
    );
    const plan = planFor(planOf(leaving, done), 'bbb-03');
    expect(plan.problem).toBeUndefined();
    const after = textOf(
      stageOf(plan).changes.find((change) => change.path === path)?.after ?? { kind: 'absent' },
    );
    expect(after).not.toContain('bbb-proxy');
    expect(after).not.toContain('defaultHTML5ClientUrl');
    expect(stageOf(plan).ledger?.items).toEqual([]);
  });
});

describe('a package’s file that was edited in place', () => {
  const text = inventoryText.replace('hosts:', 'vars: {client_locations: stock-file}\nhosts:');
  const source = '/usr/share/bigbluebutton/nginx/bbb-html5.nginx';
  const leave = (name: string) =>
    text.replace(`hostname: ${name}.example.com`, `hostname: ${name}.example.com, state: retired`);
  const at = (snapshot: Snapshot | undefined) => textOf(snapshot?.paths.get(source) ?? { kind: 'absent' });

  it('is given back as the latest upgrade has brought it', async () => {
    const inventory = await inventoryOf(text);
    const fresh = snapshotsOf(inventory, freshHosts());
    const done = carriedOut(planOf(inventory, fresh));
    const [before, node] = [fresh.get('bbb-02'), done.get('bbb-02')];
    if (before === undefined || node === undefined) throw new Error('bbb-02 was not looked at');
    expect(at(node)).toContain('/bbb-02/html5client');
    const upgraded = `# a new version\n${at(before)}`;
    done.set(
      'bbb-02',
      edited(node, source, () => upgraded),
    );
    const again = carriedOut(planOf(inventory, done));
    expect(at(again.get('bbb-02'))).toContain('/bbb-02/html5client');
    const plan = planFor(planOf(await inventoryOf(leave('bbb-02')), again), 'bbb-02');
    expect(plan.problem).toBeUndefined();
    expect(
      textOf(stageOf(plan).changes.find(({ path }) => path === source)?.after ?? { kind: 'absent' }),
    ).toBe(upgraded);
  });

  it('is given back as it was first where somebody has only added something to it', async () => {
    const inventory = await inventoryOf(text);
    const fresh = snapshotsOf(inventory, freshHosts());
    const done = carriedOut(planOf(inventory, fresh));
    const node = done.get('bbb-02');
    if (node === undefined) throw new Error('bbb-02 was not looked at');
    done.set(
      'bbb-02',
      edited(node, source, (old) => `# a note\n${old}`),
    );
    const first = carriedOut(planOf(inventory, done))
      .get('bbb-02')
      ?.ledger?.items.find(({ path }) => path === source)?.first;
    const content = first?.kind === 'file' ? Buffer.from(first.content, 'base64').toString() : undefined;
    expect(content).toBe(at(fresh.get('bbb-02')));
  });
});

it('the checks over a whole cluster hold with a node that leaves', async () => {
  const inventory = await inventoryOf(retiredText('bbb-02'));
  expect(crossChecksOf(inventory.playbook).length).toBeGreaterThan(0);
  const { done } = await setUp();
  expect(planOf(inventory, done).map(({ problem }) => problem)).toEqual(everybody.map(() => undefined));
  expect(resolveAll(inventory)(done).get('bbb-02')).toMatchObject({ steps: [] });
});
