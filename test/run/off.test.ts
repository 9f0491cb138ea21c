import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventoryName } from '../../src/demo/cluster.ts';
import { buildProgram, clusterproxy } from '../cli/program.ts';
import { problems, startCluster, statuses, type TestCluster } from './cluster.ts';

/** One cluster for all tests of this file, which follow one another; bbb-03 may be off. */
let cluster: TestCluster;
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(), buildProgram()]);
}, 120_000);
afterAll(() => cluster.close());

const entry = /- name: bbb-03\n/;
const mayBeOff = (text: string) => text.replace(entry, '$&      state: off\n');
/** Nothing listens on this port. */
const silent = (text: string) => mayBeOff(text).replace(/(- name: bbb-03\n(?:.*\n)*? +port: )\d+/, '$19');
const save = (name: string, edit: (text: string) => string) => {
  const file = join(cluster.folder, name);
  writeFileSync(file, edit(readFileSync(join(cluster.folder, inventoryName), 'utf8')));
  return file;
};
const nodesConf = () => cluster.text('proxy-1', '/etc/nginx/clusterproxy/demo/nodes.conf');
interface Told {
  readonly hosts: readonly { readonly name: string; readonly status: string; readonly warnings: unknown[] }[];
  readonly checks?: readonly { readonly host: string; readonly outcome: string; readonly found: string }[];
  readonly troubles?: readonly { readonly host: string; readonly outcome: string; readonly found: string }[];
}
const json = async (command: string, ...args: readonly string[]) => {
  const off = save('off.yaml', silent);
  const [name = '', ...more] = command.split(' ');
  const { status, stdout, stderr } = await clusterproxy([name, '-i', off, '--json', ...more, ...args]);
  return { status, stderr, document: JSON.parse(stdout) as Told };
};

describe('a host that may be off', { timeout: 240_000 }, () => {
  it('is looked at and changed like any other while it answers', async () => {
    const result = await cluster.apply(await cluster.inventory(mayBeOff));
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toEqual({
      ...{ 'proxy-1': 'changed', 'bbb-01': 'changed', 'bbb-02': 'changed', 'bbb-03': 'changed' },
    });
    expect(nodesConf()).toContain('bbb-03.example.com');
  });

  it.each([
    ['check', 0],
    ['status', 0],
    ['today', 0],
    ['plan', 0],
    ['apply --yes', 0],
    ['trust --yes', 0],
    ['history', 0],
    ['hold --reason exams --until 1h', 0],
    ['hold --release', 0],
  ])('is off, and no failure, for %s', async (command, status) => {
    const told = await json(command);
    expect(told.status, told.stderr).toBe(status);
    expect(told.document.hosts.find(({ name }) => name === 'bbb-03')?.status).toBe('off');
    // Nobody is told every night that it could not be inspected.
    expect(told.document.hosts.flatMap(({ warnings }) => warnings)).toEqual([]);
    expect(nodesConf()).toContain('bbb-03.example.com');
  });

  it('is shown as that on a terminal', async () => {
    const off = save('off.yaml', silent);
    const status = await clusterproxy(['status', '-i', off]);
    expect(status.stdout).toContain('bbb-03: node: off\n');
    const today = await clusterproxy(['today', '-i', off]);
    expect(today.stdout).toContain('node: 2 of 3; 1 may be out at once; out: bbb-03 (off)\n');
    const plan = await clusterproxy(['plan', '-i', off]);
    expect(plan.stdout).toContain('bbb-03: off, and changed once it answers\n');
    expect(plan.stdout).toMatch(/4 hosts: 3 in sync, 1 off/);
  });

  it('is asked nothing by verify, and is no trouble for doctor', async () => {
    const verified = await json('verify');
    const own = verified.document.checks?.filter(({ host }) => host === 'bbb-03') ?? [];
    expect(new Set(own.map(({ outcome, found }) => `${outcome}: ${found}`))).toEqual(
      new Set(['not-applicable: this host is off']),
    );
    const doctor = await json('doctor');
    expect(doctor.document.troubles?.filter(({ host }) => host === 'bbb-03')).toMatchObject([
      { outcome: 'unknown', found: 'it is off' },
    ]);
  });

  it('counts as out, so that no more are interrupted than may be', async () => {
    const old = (text: string) => text.replace(/^defaultHTML5ClientUrl=.*$/m, 'defaultHTML5ClientUrl=/');
    cluster.edit('bbb-01', '/etc/bigbluebutton/bbb-web.properties', old);
    const held = await cluster.apply(await cluster.inventory(silent));
    expect(statuses(held)).toMatchObject({ 'bbb-01': 'not-started', 'bbb-03': 'off' });
    expect(problems(held)).toEqual([
      expect.stringMatching(/^bbb-01: too-many-out: .*at most 1 .* and 1 is: bbb-03 \(off\)/),
    ]);
    const more = await cluster.apply(await cluster.inventory(silent), { maxUnavailable: { count: 2 } });
    expect(problems(more)).toEqual([]);
    expect(statuses(more)).toMatchObject({ 'proxy-1': 'in-sync', 'bbb-01': 'changed', 'bbb-03': 'off' });
  });

  it('is changed when it is back', async () => {
    const old = (text: string) => text.replace(/^defaultHTML5ClientUrl=.*$/m, 'defaultHTML5ClientUrl=/');
    cluster.edit('bbb-03', '/etc/bigbluebutton/bbb-web.properties', old);
    expect(statuses(await cluster.apply(await cluster.inventory(silent)))).toMatchObject({ 'bbb-03': 'off' });
    const back = await cluster.apply(await cluster.inventory(mayBeOff));
    expect(statuses(back)).toMatchObject({ 'bbb-01': 'in-sync', 'bbb-03': 'changed' });
  });

  it('is unreachable if it answers, but not as it should', async () => {
    const wrong = (text: string) =>
      mayBeOff(text).replace(
        /(- name: bbb-03\n(?:.*\n)*? +host_keys: )\S+/,
        `$1['SHA256:${'A'.repeat(43)}']`,
      );
    const plan = await cluster.plan(await cluster.inventory(wrong));
    expect(plan.hosts.find(({ host }) => host === 'bbb-03')).toMatchObject({
      unreachable: true,
      problem: { code: 'host-key-changed' },
    });
  });
});
