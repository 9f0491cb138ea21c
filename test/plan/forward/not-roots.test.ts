import { describe, expect, it } from 'vitest';
import { manifest } from '../../../src/host/manifest.ts';
import type { HostPlan } from '../../../src/model/plan.ts';
import type { ExposedFolder, PathState, Snapshot } from '../../../src/model/snapshot.ts';
import { planCluster } from '../../../src/plan/forward/plan-cluster.ts';
import { planHostRollback } from '../../../src/plan/rollback/plan-rollback.ts';
import { transaction } from '../../host/sample.ts';
import { stageOf } from '../../support/host-plan.ts';
import { carriedOutHost, recorded, wantedStep, wants } from '../../support/recorded-run.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const folder = '/opt/app/conf';
const path = `${folder}/app.properties`;
const account = (by: ExposedFolder['by'], more: Partial<ExposedFolder> = {}): ExposedFolder => ({
  path: '/opt/app',
  mode: 0o775,
  user: 'app',
  group: 'staff',
  by,
  link: false,
  ...more,
});

const looked = (exposed: readonly ExposedFolder[], more: Partial<Snapshot> = {}): Snapshot => ({
  ...snapshotOf({ name: 'node-1', files: { [path]: 'a=1\n' } }, reads),
  exposed: new Map([[folder, exposed]]),
  ...more,
});
const step = (folderOf: readonly string[] = [], set: Record<string, string> = { a: '2' }) => ({
  ...wantedStep('settings', 'properties', { path, set }),
  folderOf,
});
const reads = { paths: [path, folder], packages: [], units: [], names: [], queries: [] };

function plan(snapshot: Snapshot, steps: Parameters<typeof wants>[0]): HostPlan {
  const [only] = planCluster({
    cluster: 'prod',
    playbook: 'test',
    hosts: [{ name: snapshot.host, role: 'node', snapshot, problem: undefined, durationMs: 0 }],
    resolve: wants(steps),
    crossChecks: [],
  });
  if (only === undefined) throw new Error('there is no plan');
  return only;
}
const codeOf = (...what: Parameters<typeof plan>) => plan(...what).problem?.code;

describe('a file in a folder of another account', () => {
  it('is refused, with who may give names there and what to do', () => {
    const { problem } = plan(looked([account(['owner'])]), [step()]);
    expect(problem).toMatchObject({ code: 'folder-not-roots', host: 'node-1', step: 'settings' });
    expect(problem?.message).toContain(`${path} is in /opt/app, where app may create or rename entries`);
    expect(problem?.next).toContain('chown root: /opt/app');
    expect(problem?.next).toContain("folder_of: 'app'");
  });

  it.each<[string, ExposedFolder['by'], readonly string[], string | undefined]>([
    ['its owner is named', ['owner'], ['app'], undefined],
    ['its owner is named with another group', ['owner'], ['app:daemon'], undefined],
    ['somebody else is named', ['owner'], ['ops'], 'folder-not-roots'],
    ['a group only is named', ['owner'], [':app'], 'folder-not-roots'],
    ['its group is named', ['group'], [':staff'], undefined],
    ['both are named', ['owner', 'group'], ['app:staff'], undefined],
    ['its owner is named, and the group may write as well', ['owner', 'group'], ['app'], 'folder-not-roots'],
    ['anybody may write', ['owner', 'others'], ['app'], 'folder-not-roots'],
  ])('%s', (_, by, folderOf, code) => {
    expect(codeOf(looked([account(by)]), [step(folderOf)])).toBe(code);
  });

  it('is no matter where nothing changes', () => {
    expect(codeOf(looked([account(['owner'])]), [step([], { a: '1' })])).toBeUndefined();
  });

  it('is refused where a link in it is on the way, whoever is named', () => {
    expect(codeOf(looked([account(['owner'], { link: true })]), [step(['app'])])).toBe('folder-not-roots');
  });

  it('is refused where its own folder would have to be made as well', () => {
    const snapshot = {
      ...snapshotOf({ name: 'node-1', files: {} }, reads),
      exposed: looked([account(['owner'])]).exposed,
    };
    const made = wantedStep('folder', 'file', { path: folder, directory: true });
    const { problem } = plan(snapshot, [made, step(['app'])]);
    expect(problem?.next).toContain('earlier stage');
  });

  it('is refused where this very plan gives the folder to the account', () => {
    const given = wantedStep('folder', 'file', { path: folder, directory: true, user: 'app' });
    expect(codeOf(looked([]), [given, step()])).toBe('folder-not-roots');
    expect(codeOf(looked([]), [given, step(['app'])])).toBeUndefined();
  });

  it('can be given back and rolled back without the step, which the ledger remembers', () => {
    const before = looked([account(['owner'])]);
    const first = plan(before, [step(['app'])]);
    expect(stageOf(first).changes[0]?.folderOf).toEqual(['app']);
    const after = carriedOutHost(first);
    const back = plan(after, []);
    expect(back.problem).toBeUndefined();
    expect(stageOf(back).changes.map((change) => [change.path, change.folderOf])).toEqual([[path, ['app']]]);
    const rollback = planHostRollback(after, [recorded(first)], { force: false });
    expect(rollback.problem).toBeUndefined();
    expect(rollback.changes.map((change) => change.folderOf)).toEqual([['app']]);
    expect(manifest(transaction(stageOf(first).changes, []))).toContain('folder-of\u001f1\u001fapp\n');
  });
});

describe('an archive', () => {
  it('is refused in a folder of another account', () => {
    const place = '/opt/app/web';
    const wanted = wantedStep('web', 'archive', {
      path: '/root/a.tar',
      sha256: 'a'.repeat(64),
      directory: place,
    });
    const all = { ...reads, paths: [place, `${place}/.clusterproxy-archive`, '/opt/app'] };
    const snapshot = {
      ...snapshotOf({ name: 'node-1', files: {} }, all),
      exposed: new Map([['/opt/app', [account(['owner'])]]]),
    };
    const { problem } = plan(snapshot, [{ ...wanted, folderOf: ['app'] }]);
    expect(problem).toMatchObject({ code: 'folder-not-roots', step: 'web' });
  });
});

it('a link in place of /var/lib/clusterproxy', () => {
  const absent: PathState = { kind: 'absent' };
  const snapshot = looked([], {
    foreignState: true,
    paths: new Map([
      [path, absent],
      [folder, absent],
    ]),
  });
  expect(codeOf(snapshot, [step()])).toBe('folder-not-roots');
});
