import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FleetDocument, fleetSchema } from '../../src/report/document/fleet-schema.ts';
import { buildProgram, clusterproxy, type Ended } from '../cli/program.ts';
import { startFleet, type TestFleet } from './clusters.ts';

/** Three clusters for all tests of this file, which follow one another. */
let fleet: TestFleet;
beforeAll(async () => {
  [fleet] = await Promise.all([startFleet(['alpha', 'beta', 'gamma']), buildProgram()]);
  const beta = fleet.clusters.get('beta')?.folder ?? '';
  const playbook = readFileSync(join(beta, 'bigbluebutton.yaml'), 'utf8');
  const restart = "restart: '{{ names.short }}-web.service'";
  expect(playbook).toContain(restart);
  // Back as it was, all is well again.
  const failing = `! grep -q bbb-proxy "$CLUSTERPROXY_ROOT/etc/bigbluebutton/bbb-web.properties"`;
  writeFileSync(join(beta, 'failing.yaml'), playbook.replace(restart, `command: [sh, -c, '${failing}']`));
}, 120_000);
afterAll(() => fleet?.close());

const all = () => join(fleet.folder, 'clusters/*.yaml');
const on = (command: string, ...argv: readonly string[]) =>
  clusterproxy(['fleet', command, '-i', all(), ...argv]);
const as = (name: string) => join(fleet.folder, 'clusters', `${name}.yaml`);

/** The document, which has the form that is published. */
function documentOf({ stdout }: Ended): FleetDocument {
  const document: unknown = JSON.parse(stdout);
  expect(fleetSchema.strict().safeParse(document).error).toBeUndefined();
  return document as FleetDocument;
}

const withPassphrase = (reference: string) => (text: string) =>
  text.replace('  user: root\n', `  user: root\n  passphrase: ${reference}\n`);

const turns = ({ clusters }: FleetDocument) =>
  Object.fromEntries(
    clusters.map(({ cluster, turn, document }) => [cluster, [turn, document.summary.exitStatus]]),
  );

describe('looking at three clusters', () => {
  it('plan tells of each in a line, then of each by itself', async () => {
    const { status, stdout, stderr } = await on('plan', '--summary');
    expect([status, stderr]).toEqual([0, expect.stringContaining('alpha: looking at 2 hosts\n')]);
    for (const name of ['alpha', 'beta', 'gamma']) {
      expect(stdout).toMatch(new RegExp(`^${name} +2 would change +\\d+ +2 `, 'm'));
      expect(stdout).toContain(`\n\n${name} (${as(name)})\n`);
    }
    expect(stdout).toContain('3 clusters with 6 hosts: 3 would change; ');
    // What several tell at the same time has the cluster's name before it, line by line.
    expect(stderr.split('\n').filter((line) => !/^(?:(?:alpha|beta|gamma): .+)?$/.test(line))).toEqual([]);
  });

  it('plan writes one report of all, in which each has its own part', async () => {
    const [page, summary] = [join(fleet.folder, 'plan.html'), join(fleet.folder, 'plan.md')];
    const { status, stderr } = await on('plan', '--quiet', '--html', page, '--markdown', summary);
    expect([status, stderr]).toEqual([0, '']);
    const html = readFileSync(page, 'utf8');
    const all = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, name = '']) => name);
    const ids = all(/ id="([^"]*)"/g);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    const named = [...all(/ href="#([^"]*)"/g), ...all(/ aria-labelledby="([^"]*)"/g)];
    expect(named.flatMap((names) => names.split(' ')).filter((name) => !ids.includes(name))).toEqual([]);
    expect(html).toContain('<h1>Plan for 3 clusters</h1>');
    const text = readFileSync(summary, 'utf8');
    expect(text).toContain('| cluster | hosts | changes | restarts | inventory |');
    for (const name of ['alpha', 'beta', 'gamma']) {
      expect(html).toContain(`<h2>${name}</h2>`);
      expect(text).toMatch(
        new RegExp(`^\\| ${name} \\| 🔷 2 would change \\| \\d+ \\| 2 \\| ${name}\\.yaml \\|$`, 'm'),
      );
      expect(text).toContain(`### ${name} in full`);
    }
    // Who is in it, and who talks to whom, is drawn for each.
    expect(html.match(/<svg class="cluster wide"/g)).toHaveLength(3);
    expect(text.match(/```diff/g)?.length).toBeGreaterThanOrEqual(3);
  });

  it('refuses a report that would take the place of an inventory', async () => {
    const { status, stderr } = await on('check', '--html', as('alpha'));
    expect([status, stderr]).toEqual([1, expect.stringContaining('would be written over the inventory')]);
  });

  it('check differs where any of them does, and says so to programs in one document', async () => {
    const ended = await on('check', '--json', '--cluster', '!gamma');
    const document = documentOf(ended);
    expect([ended.status, document.summary]).toEqual([
      2,
      { exitStatus: 2, clusters: 2, hosts: 4, failed: 0, notBegun: 0, interrupted: false },
    ]);
    expect(
      document.clusters.map(({ inventory, cluster, document: own }) => [inventory, cluster, own.command]),
    ).toEqual([
      [as('alpha'), 'alpha', 'check'],
      [as('beta'), 'beta', 'check'],
    ]);
  });

  it('an inventory with a mistake is a cluster that fails, and none of the others', async () => {
    fleet.write('beta', (text) => text.replace('hosts:\n', 'hots:\n'));
    const { status, stdout, stderr } = await on('status');
    expect(status).toBe(1);
    const file = join(fleet.folder, 'clusters.prom');
    expect((await on('check', '--metrics', file, '--quiet')).status).toBe(1);
    const success = readFileSync(file, 'utf8').match(/^clusterproxy_last_run_success.*$/gm);
    expect(success).toEqual(
      [
        ['alpha', 1],
        ['beta.yaml', 0],
        ['gamma', 1],
      ].map(([name, value]) => `clusterproxy_last_run_success{cluster="${name}"} ${value}`),
    );
    expect(stdout).toMatch(/^alpha +2 would change /m);
    expect(stdout).toContain('3 clusters with 4 hosts: 2 differ, 1 failed; ');
    expect(stderr).toContain(`\nbeta.yaml (${as('beta')})\nerror unknown-key: `);
  });

  it('is refused for names and patterns that mean nothing', async () => {
    const strange = await on('check', '--cluster', 'alpah');
    expect([strange.status, strange.stderr]).toEqual([
      1,
      expect.stringContaining('error fleet-no-cluster: '),
    ]);
    const nothing = await clusterproxy(['fleet', 'check', '-i', join(fleet.folder, 'none/*.yaml')]);
    expect([nothing.status, nothing.stderr]).toEqual([
      1,
      expect.stringContaining('error fleet-no-inventory: '),
    ]);
  });
});

describe('changing them', () => {
  it('begins none while one is known to fail', async () => {
    const ended = await on('apply', '--yes', '--json');
    const document = documentOf(ended);
    expect(ended.status).toBe(1);
    expect(document.errors?.map(({ code }) => code)).toEqual(['fleet-budget']);
    expect(turns(document)).toEqual({
      ...{ alpha: ['not-begun', 0], gamma: ['not-begun', 0] },
      null: ['not-planned', 1],
    });
    expect(['alpha', 'gamma'].map(fleet.isChanged)).toEqual([false, false]);
  });

  it('asks nobody where nobody can be asked', async () => {
    fleet.write('beta', (text) => text.replace('bigbluebutton.yaml', 'failing.yaml'));
    const { status, stderr } = await on('apply');
    expect(status).toBe(1);
    expect(stderr).toContain('error confirmation-needed: 6 hosts in 3 clusters would be changed');
    const dry = await on('apply', '--dry-run');
    expect([dry.status, dry.stderr]).toEqual([0, expect.stringContaining('dry run: nothing was changed')]);
    expect(['alpha', 'beta', 'gamma'].map(fleet.isChanged)).toEqual([false, false, false]);
  });

  it('begins no further ring after a failure, and says how to go on', async () => {
    const { status, stdout, stderr } = await on('apply', '--yes', '--rings', '1,1,rest', '--summary');
    expect(stderr).toContain('beta failed: 1 cluster was not begun; the same command goes on');
    expect(status).toBe(3);
    expect(stdout).toMatch(/^alpha +1 +2 changed /m);
    expect(stdout).toMatch(/^beta +2 +1 changed, 1 rolled back /m);
    expect(stdout).toMatch(/^gamma +3 +not begun /m);
    expect(stdout).toContain('3 clusters with 6 hosts: 1 done, 1 failed, 1 not begun; ');
    expect(['alpha', 'beta', 'gamma'].map(fleet.isChanged)).toEqual([true, false, false]);
  });

  it('goes on past as many failures as it may, and leaves alone what is done', async () => {
    const ended = await on('apply', '--yes', '--json', '--max-failed-clusters', '1');
    const document = documentOf(ended);
    expect(ended.status).toBe(3);
    expect(turns(document)).toEqual({ alpha: ['nothing-to-do', 0], beta: ['had', 3], gamma: ['had', 0] });
    expect(document.clusters.map(({ document: own }) => own.command)).toEqual(['plan', 'apply', 'apply']);
    expect(['alpha', 'beta', 'gamma'].map(fleet.isChanged)).toEqual([true, false, true]);
  });

  it('check says nothing to whoever wants to hear of differences only, where there are none', async () => {
    const quiet = await on('check', '--quiet', '--cluster', 'alpha,gamma');
    expect([quiet.status, quiet.stdout, quiet.stderr]).toEqual([0, '', '']);
    const differs = await on('check', '--quiet', '--cluster', 'alpha,beta');
    expect([differs.status, differs.stdout]).toEqual([2, expect.stringMatching(/^beta +1 would change/m)]);
  });

  it('says of each who has changed it last', async () => {
    const { status, stdout } = await on('status', '--cluster', 'alpha');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^alpha +2 in sync +\d{8}T\d{6}Z-\w+ +/m);
  });

  it('a cluster that is held is known to fail as well', async () => {
    const hold = await clusterproxy(['hold', '-i', as('beta'), '--reason', 'exams']);
    expect(hold.status, hold.stderr).toBe(0);
    const { status, stdout, stderr } = await on('apply', '--yes', '--summary');
    expect([status, stderr]).toEqual([1, expect.stringContaining("beta can't be changed as it is")]);
    expect(stdout).toMatch(/^beta .*\bhold\b/m);
    await clusterproxy(['release', '-i', as('beta'), '--hold', '--yes']);
  });
});

describe('inventories about the same hosts', () => {
  it('are told of, and two of the same cluster are not changed together', async () => {
    fleet.write('alpha', undefined, 'copy');
    const looked = await on('check', '--cluster', 'alpha');
    const addresses = /both have 127\.0\.0\.1:\d+ and 127\.0\.0\.1:\d+/;
    expect(looked.status).toBe(0);
    expect(looked.stdout.replace(/\s+/g, ' ')).toMatch(addresses);
    const { status, stderr } = await on('apply', '--yes');
    expect([status, stderr]).toEqual([1, expect.stringContaining('error fleet-same-cluster: ')]);
    rmSync(as('copy'));
  });
});

describe('secrets', () => {
  it('of one cluster are in no environment of a program that is run for another', async () => {
    fleet.write('alpha', withPassphrase('{env: FLEET_OF_ALPHA}'));
    fleet.write('gamma', withPassphrase(`{command: [sh, -c, '! printenv FLEET_OF_ALPHA >&2 && echo fine']}`));
    const argv = ['fleet', 'check', '-i', all(), '--cluster', 'alpha,gamma', '--json'];
    const ended = await clusterproxy(argv, { FLEET_OF_ALPHA: 'a-word-of-alpha' });
    const document = documentOf(ended);
    expect(document.clusters.map(({ document: own }) => own.errors ?? [])).toEqual([[], []]);
    expect(turns(document)).toEqual({ alpha: ['had', 0], gamma: ['had', 0] });
  });

  it('are taken from one variable by several inventories, and told of nowhere', async () => {
    const secret = 'a-word-that-nobody-guesses';
    for (const name of ['alpha', 'gamma']) fleet.write(name, withPassphrase('{env: FLEET_PASSPHRASE}'));
    const argv = ['fleet', 'check', '-i', all(), '--cluster', 'alpha,gamma', '--json'];
    const ended = await clusterproxy(argv, { FLEET_PASSPHRASE: secret });
    expect([ended.status, ended.stdout.includes(secret)]).toEqual([0, false]);
    expect(turns(documentOf(ended))).toEqual({ alpha: ['had', 0], gamma: ['had', 0] });
    const missing = await clusterproxy(argv);
    expect(missing.status).toBe(1);
    expect(documentOf(missing).clusters.map(({ document }) => document.errors?.[0]?.code)).toEqual([
      'secret-env-missing',
      'secret-env-missing',
    ]);
  });
});
