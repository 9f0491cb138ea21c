import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSampleHost } from '../../src/demo/sample-host.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { sha256 } from '../../src/model/change.ts';
import { OperatorError, type Problem } from '../../src/model/operator-error.ts';
import { hasWork } from '../../src/model/plan.ts';
import { applyRun } from '../../src/run/apply-run.ts';
import { planUpgrade, type UpgradeOptions } from '../../src/run/upgrade/plan-upgrade.ts';
import { applyOptions, problems, startCluster, statuses, type TestCluster } from './cluster.ts';

let cluster: TestCluster;

/** What the usual script does, as far as it can be done to a folder: another version's files come. */
const script = `#!/bin/sh
set -e
echo "$1 $(ls "$2/before" 2>/dev/null)" >>"$2/runs"
[ ! -e "$2/fail" ] || { echo 'E: the key is not known'; exit 2; }
cp -R "$2/version/." "$CLUSTERPROXY_ROOT/"
[ ! -e "$2/class" ] || cp "$2/class" "$CLUSTERPROXY_ROOT/run/stand-in/meetings"
for unit in bbb-graphql-server bbb-graphql-middleware bbb-apps-akka bbb-web; do systemctl restart $unit; done
`;
const at = (name: string) => join(cluster.folder, name);
const runs = () => (existsSync(at('runs')) ? readFileSync(at('runs'), 'utf8').trim().split('\n') : []);
/** The proxy's file with a location for each node, and its text. */
const locations = () => {
  const [found] = Object.entries(cluster.etc('proxy-1')).filter(([, text]) => text.includes('/bbb-02/'));
  if (found === undefined) throw new Error('the proxy knows no node');
  return found;
};

async function inventoryWith(more: string): Promise<Inventory> {
  return cluster.inventory((text) => text.replace('\nhosts:\n', `\n${more}\nhosts:\n`));
}
const byScript = (argument: string, sum = sha256(Buffer.from(script))) =>
  inventoryWith(`upgrade_command: {script: up.sh, sha256: '${sum}', args: [${argument}, ${cluster.folder}]}`);
const optionsFor = (inventory: Inventory, more: Partial<UpgradeOptions> = {}): UpgradeOptions => ({
  ...applyOptions(inventory, { command: 'upgrade', parallel: 1, limit: ['bbb-02'] }),
  ...{ soak: 0, again: false, dryRun: false, call: 'clusterproxy upgrade --inventory x' },
  ...more,
});
async function upgrade(inventory: Inventory, more: Partial<UpgradeOptions> = {}) {
  const options = optionsFor(inventory, more);
  const planned = await planUpgrade(options);
  return { ...planned, result: await applyRun(planned, options) };
}

beforeAll(async () => {
  cluster = await startCluster();
  writeFileSync(at('up.sh'), script);
  const inventory = await cluster.inventory();
  expect(problems(await cluster.apply(inventory))).toEqual([]);
  const host = { name: 'bbb-02', hostname: 'bbb-02.example.com', sample: '3.0' };
  await makeSampleHost(at('version'), host, [host]);
  for (const own of ['etc/machine-id', 'etc/hosts', 'etc/letsencrypt', 'var'])
    rmSync(join(at('version'), own), { recursive: true, force: true });
});
afterAll(() => cluster.close());

describe('a host that is upgraded to another version', () => {
  it('is refused before anything is done where the script is another one', async () => {
    const inventory = await byScript('one', 'b'.repeat(64));
    await expect(planUpgrade(optionsFor(inventory))).rejects.toMatchObject({
      problem: { code: 'script-differs' },
    });
    const none = await cluster.inventory();
    await expect(planUpgrade(optionsFor(none))).rejects.toMatchObject({
      problem: { code: 'no-upgrade-command' },
    });
    await expect(planUpgrade(optionsFor(inventory, { limit: ['proxy', 'bbb-01'] }))).rejects.toMatchObject({
      problem: { code: 'one-role-at-a-time' },
    });
    expect(runs()).toEqual([]);
  });

  it('is not touched where saving it fails, and neither is another', async () => {
    const base = await byScript('one');
    const inventory = { ...base, snapshotCommand: ['sh', '-c', 'echo no space; exit 7'] };
    const { result } = await upgrade(inventory, { limit: [] });
    expect(statuses(result)).toMatchObject({
      ...{ 'bbb-01': 'not-started', 'bbb-02': 'not-started', 'bbb-03': 'not-started' },
    });
    expect(problems(result)[0]).toMatch(/^bbb-01: snapshot-failed: .*no space/);
    expect(runs()).toEqual([]);
  });

  it('stays as it is where the script fails, and the same one does not run again by itself', async () => {
    writeFileSync(at('fail'), '');
    const inventory = await byScript('one');
    const { result, planner } = await upgrade(inventory);
    rmSync(at('fail'));
    expect(problems(result)).toEqual([
      expect.stringMatching(/^bbb-02: upgrade-failed: .*its command failed.*the key is not known/s),
    ]);
    const failed = result.hosts.find(({ plan }) => plan.host === 'bbb-02');
    expect(failed && planner.staysOut?.(failed)).toContain('its upgrade failed');
    const refused = await planUpgrade(optionsFor(inventory));
    expect(refused.refusal?.code).toBe('upgrade-failed');
    expect(refused.refusal?.next).toContain('--limit bbb-02 --again');
    expect(runs()).toHaveLength(1);
  });

  it('gets what its new version needs, as does the proxy before it gets people again', async () => {
    const [, before] = locations();
    const base = await byScript('two');
    const inventory = {
      ...base,
      snapshotCommand: ['sh', '-c', 'mkdir before; touch "before/{{host.name}}"'],
    };
    const { plan, result } = await upgrade(inventory);
    const planned = plan.hosts.find(({ host }) => host === 'bbb-02');
    expect(planned?.guards.map(({ guard }) => guard)).toEqual(['meetings', 'recordings']);
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toMatchObject({ 'bbb-02': 'changed', 'bbb-01': 'skipped' });
    // It was saved first.
    expect(runs()).toEqual(['one ', 'two bbb-02']);
    expect(locations()[1]).not.toBe(before);
    const after = await cluster.plan(inventory);
    // A client of the former version is still there, as the script takes nothing away.
    expect(after.hosts.find(({ host }) => host === 'bbb-02')?.recipe?.name).toBe('3.0-meteor');
    expect(after.hosts.filter(({ stages }) => stages.some(hasWork))).toEqual([]);
  });

  it('is done when it is called again; another argument is another upgrade', async () => {
    const inventory = await byScript('two');
    const { plan } = await planUpgrade(optionsFor(inventory));
    expect(plan.hosts.find(({ host }) => host === 'bbb-02')?.done).toBeDefined();
    const other = await planUpgrade(optionsFor(await byScript('three')));
    const [stage] = other.plan.hosts.find(({ host }) => host === 'bbb-02')?.stages ?? [];
    expect(stage?.actions[0]?.action.name).toBe('upgrade by up.sh');
  });

  it('is brought to its end where an earlier call did not get that far', async () => {
    const inventory = await byScript('two');
    cluster.edit('bbb-02', '/etc/bigbluebutton/bbb-web.properties', (text) =>
      text.replace(/^accessControlAllowOrigin.*\n/m, ''),
    );
    const { result } = await upgrade(inventory);
    expect(problems(result)).toEqual([]);
    expect(statuses(result)['bbb-02']).toBe('changed');
    expect(cluster.text('bbb-02', '/etc/bigbluebutton/bbb-web.properties')).toContain(
      'accessControlAllowOrigin',
    );
    expect(runs()).toHaveLength(2);
  });

  it('is known as upgraded, however few runs it remembers', async () => {
    const inventory = await byScript('two');
    for (let time = 1; time <= 2; time++) {
      cluster.edit('bbb-02', '/etc/bigbluebutton/bbb-web.properties', (text) =>
        text.replace(/^accessControlAllowOrigin.*\n/m, ''),
      );
      expect(statuses(await cluster.apply(inventory, { keep: 1 }))['bbb-02']).toBe('changed');
    }
    const { plan } = await planUpgrade(optionsFor(inventory));
    expect(plan.hosts.find(({ host }) => host === 'bbb-02')?.done).toBeDefined();
    // The upgrade, the last one that changed files, and the last one that did not: the upgrade that failed.
    const ended = readdirSync(cluster.path('bbb-02', '/var/lib/clusterproxy/runs')).map((run) =>
      cluster.text('bbb-02', `/var/lib/clusterproxy/runs/${run}/state`).trim(),
    );
    expect(ended.sort()).toEqual(['committed', 'committed', 'refused']);
  });

  it('is not upgraded once more where it could not be asked what it remembers', async () => {
    const inventory = await byScript('two');
    const options = optionsFor(inventory);
    let isFirst = true;
    const connect: UpgradeOptions['connect'] = async (...asked) => {
      if (asked[0] === inventory.hosts.find(({ name }) => name === 'bbb-02')?.ssh && isFirst) {
        isFirst = false;
        throw new OperatorError({ code: 'unreachable', message: 'no route', next: 'wait' });
      }
      return options.connect(...asked);
    };
    const { refusal } = await planUpgrade({ ...options, connect });
    expect(isFirst).toBe(false);
    expect(refusal).toMatchObject({ code: 'upgrade-under-way', host: 'bbb-02' });
  });

  it('waits until people have used the first one for a while, and tells how to go on', async () => {
    const inventory = await byScript('two');
    const interrupt = new AbortController();
    const more = {
      ...{ limit: ['bbb-02', 'bbb-03'], soak: 3_600, signal: interrupt.signal },
      progress: (event: Parameters<UpgradeOptions['progress']>[0]) => {
        if (event.kind === 'host' && event.phase === 'waiting') interrupt.abort();
      },
    };
    const { plan, result } = await upgrade(inventory, more);
    expect(plan.notes).toEqual([]);
    expect(statuses(result)).toMatchObject({ 'bbb-02': 'done', 'bbb-03': 'not-started' });
    const problem = result.hosts.find((one) => one.plan.host === 'bbb-03')?.problem as Problem;
    expect(problem.message).toMatch(/people use bbb-02 with its new version first, until \d{4}-/);
    expect(problem.next).toContain('clusterproxy upgrade --inventory x');
  });

  it('waits for a class that is created before all is done, and does not run the command again', async () => {
    const base = await byScript('four');
    const class_ = cluster.path('bbb-02', '/run/stand-in/meetings');
    const stale = () =>
      cluster.edit('bbb-02', '/etc/bigbluebutton/bbb-web.properties', (text) =>
        text.replace(/^accessControlAllowOrigin.*\n/m, ''),
      );
    stale();
    writeFileSync(at('class'), '5 Maths\n');
    const before = runs().length;
    const late = await upgrade(base, { whenBusy: 'wait', waitTimeout: 1 });
    expect(statuses(late.result)['bbb-02']).toBe('failed');
    expect(problems(late.result)).toEqual([
      expect.stringMatching(
        /^bbb-02: upgrade-unfinished: .*running meetings: 1, with 5 people, after \d+s of waiting.*no other host/,
      ),
    ]);
    expect(runs()).toHaveLength(before + 1);
    rmSync(class_);
    rmSync(at('class'));
    expect(statuses((await upgrade(base)).result)['bbb-02']).toBe('changed');
    expect(runs()).toHaveLength(before + 1);
    // Somebody else's upgrade, and this time they go.
    writeFileSync(at('class'), '5 Maths\n');
    stale();
    const waited: string[] = [];
    const { result } = await upgrade(await byScript('five'), {
      ...{ whenBusy: 'wait', waitTimeout: 60 },
      progress: (event) => {
        if (event.kind !== 'host' || event.phase !== 'waiting') return;
        waited.push(event.detail ?? '');
        rmSync(class_, { force: true });
      },
    });
    rmSync(at('class'));
    expect(problems(result)).toEqual([]);
    expect(waited).toEqual([
      expect.stringMatching(/^running meetings: 1, with 5 people; waits until \d\d:\d\d$/),
    ]);
    expect(statuses(result)['bbb-02']).toBe('changed');
    expect(runs()).toHaveLength(before + 2);
  });

  it('is refused as long as a proxy would be changed on the way, unseen', async () => {
    const inventory = await byScript('three');
    const [path, kept] = locations();
    writeFileSync(cluster.path('proxy-1', path), kept.replaceAll('/bbb-02/', '/other/'));
    const { refusal } = await planUpgrade(optionsFor(inventory));
    expect(refusal?.code).toBe('door-differs');
    writeFileSync(cluster.path('proxy-1', path), kept);
  });
});
