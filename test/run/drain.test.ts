import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedHost, startEmbeddedHost } from '../../src/demo/embedded-host.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { OperatorError } from '../../src/model/operator-error.ts';
import { hasWork } from '../../src/model/plan.ts';
import type { ProgressEvent } from '../../src/model/progress.ts';
import { exitStatusOf } from '../../src/model/result.ts';
import { type AbortOutcome, abortRun } from '../../src/run/again/abort-run.ts';
import { findRun } from '../../src/run/again/follow-run.ts';
import { RunWatch } from '../../src/run/again/run-watch.ts';
import { waitingTeller } from '../../src/run/again/waited-for.ts';
import { drainRefusal } from '../../src/run/busy/drain-refusal.ts';
import { releaseRun } from '../../src/run/busy/release-run.ts';
import { operatorHere } from '../../src/run/operator.ts';
import type { ApplyOptions } from '../../src/run/options.ts';
import { applyOptions, problems, startCluster, statuses, type TestCluster } from './cluster.ts';

/** A balancer that keeps the state of each node in a file, and notes what it is told. */
const balancer = `#!/bin/sh
folder=$(dirname "$0")
echo "$1 $2" >>"$folder/calls"
file=$folder/$2
case $1 in
  state)
    if [ -e "$folder/forgets" ]; then rm "$folder/forgets"; echo enabled >"$file"; fi
    printf 'state\\037%s\\nhealth\\037online\\nothers\\0372\\n' "$(cat "$file")"
    ;;
  cordon)
    [ ! -e "$folder/out" ] || echo "$2 beside $(cat "$folder/out")" >>"$folder/broken"
    echo "$2" >"$folder/out"
    echo cordoned >"$file"
    ;;
  enable) rm -f "$folder/out"; echo enabled >"$file" ;;
esac
`;
/** The proxy comes first, if it is to be changed. */
const onlyOne = ['proxy', 'bbb-01'];
const nodes = ['bbb-01', 'bbb-02', 'bbb-03'];

let cluster: TestCluster;
let teller: EmbeddedHost;
let inventory: Inventory;
const at = (name: string) => join(cluster.folder, 'hosts/lb/balancer', name);
const told = () => (existsSync(at('calls')) ? readFileSync(at('calls'), 'utf8').trim().split('\n') : []);
const changes = () => told().filter((call) => !call.startsWith('state'));
const stateOf = (node: string) => readFileSync(at(`${node}.example.com`), 'utf8').trim();
const meetings = (node: string, text: string | undefined) => {
  const file = cluster.path(node, '/run/stand-in/meetings');
  if (text === undefined) rmSync(file, { force: true });
  else writeFileSync(file, `${text}\n`);
};

beforeAll(async () => {
  cluster = await startCluster();
  const root = join(cluster.folder, 'hosts/lb');
  mkdirSync(join(root, 'etc'), { recursive: true });
  mkdirSync(join(root, 'var/lib'), { recursive: true });
  // Whether nodes answer rightly is asked of a stand-in for curl, which goes by this unit of the same host.
  mkdirSync(join(root, 'usr/lib/systemd/system'), { recursive: true });
  writeFileSync(join(root, 'usr/lib/systemd/system/bbb-web.service'), '[Service]\n');
  mkdirSync(join(root, 'balancer'));
  writeFileSync(join(root, 'etc/machine-id'), 'ffff456789abcdef0123456789abcdef\n');
  writeFileSync(join(root, 'etc/os-release'), 'ID=debian\n');
  writeFileSync(at('lb'), balancer, { mode: 0o755 });
  const work = join(cluster.folder, 'ssh/lb');
  mkdirSync(work);
  teller = await startEmbeddedHost({ name: 'lb', root, work, units: ['bbb-web'] });
  const identity = teller.target.identityFiles.join(', ');
  inventory = await cluster.inventory((text) =>
    text.replace(
      'hosts:\n',
      `vars: {meeting_balancer_kind: command, meeting_balancer_command: ${at('lb')}}
hosts:
  balancer:
    - name: lb
      ssh: {address: 127.0.0.1, port: ${teller.port}, host_keys: ['${teller.hostKey}'], identity_files: [${identity}]}
`,
    ),
  );
});
afterAll(async () => {
  await teller.close();
  await cluster.close();
});
beforeEach(() => {
  for (const node of nodes) writeFileSync(at(`${node}.example.com`), 'enabled\n');
  for (const file of ['calls', 'broken', 'out', 'forgets']) rmSync(at(file), { force: true });
});

/** Every test begins with hosts that are to be changed. */
afterEach(async () => {
  for (const node of nodes) meetings(node, undefined);
  rmSync(cluster.path('bbb-01', '/run/stand-in/fail-bbb-web'), { force: true });
  rmSync(join(cluster.folder, 'hosts/lb/var/lib/clusterproxy'), { recursive: true, force: true });
  const plan = await cluster.plan(inventory);
  const changed = plan.hosts.some(({ host, stages }) => host === 'bbb-01' && !stages.some(hasWork));
  if (changed) await cluster.rollback(inventory, { whenBusy: 'force' });
});
const apply = (more: Partial<ApplyOptions> = {}) =>
  cluster.apply(inventory, { whenBusy: 'drain', drainTimeout: 60, ...more });

describe('a run that drains', () => {
  it('takes out one node after the other, asks again where people come, and gives each back', async () => {
    meetings('bbb-02', '12 Maths');
    const waited: string[] = [];
    const result = await apply({
      progress: (event: ProgressEvent) => {
        if (event.kind !== 'host' || event.phase !== 'waiting') return;
        waited.push(`${event.host}: ${event.detail}`);
        // They end their class in the middle of the wait.
        meetings('bbb-02', undefined);
      },
    });
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toMatchObject({
      ...{
        lb: 'in-sync',
        'proxy-1': 'changed',
        'bbb-01': 'changed',
        'bbb-02': 'changed',
        'bbb-03': 'changed',
      },
    });
    expect(waited).toEqual([
      expect.stringMatching(/^bbb-02: running meetings: 1, with 12 people; waits until \d\d:\d\d$/),
    ]);
    expect(changes()).toEqual(
      nodes.flatMap((node) => [`cordon ${node}.example.com`, `enable ${node}.example.com`]),
    );
    expect(existsSync(at('broken'))).toBe(false);
  });

  it('changes a node after all to which people came in the last moment, once they have left', async () => {
    let came = 0;
    const left: string[] = [];
    const result = await apply({
      limit: onlyOne,
      progress: (event: ProgressEvent) => {
        if (event.kind !== 'host' || event.host !== 'bbb-01') return;
        if (event.phase === 'connecting' && came < 2) {
          came += 1;
          meetings('bbb-01', '4 Maths');
        }
        if (event.phase !== 'waiting') return;
        left.push(event.detail ?? '');
        meetings('bbb-01', undefined);
      },
    });
    expect(problems(result)).toEqual([]);
    expect(statuses(result)['bbb-01']).toBe('changed');
    expect(left).toHaveLength(2);
  });

  it('gives a node back whose people stay, and puts it off', async () => {
    meetings('bbb-01', '3 Physics');
    const result = await apply({ drainTimeout: 1, limit: onlyOne });
    expect(statuses(result)).toMatchObject({ 'bbb-01': 'deferred' });
    expect(problems(result)).toEqual([
      expect.stringMatching(/^bbb-01: busy: running meetings: 1, with \d+ people, after 1s of waiting/),
    ]);
    expect(changes()).toEqual(['cordon bbb-01.example.com', 'enable bbb-01.example.com']);
    meetings('bbb-01', undefined);
  });

  it('leaves a node out that does not answer rightly, until it does', async () => {
    const answers = (state: string) =>
      writeFileSync(join(cluster.folder, 'hosts/lb/run/stand-in/units/bbb-web.service'), `${state}\n`);
    answers('inactive');
    const result = await apply({ limit: onlyOne });
    expect(problems(result)).toEqual([
      expect.stringMatching(/^bbb-01: stays-out: bbb-01 still gets no new people: .*api does not answer/),
    ]);
    expect(stateOf('bbb-01')).toBe('cordoned');
    const look = (await cluster.plan(inventory)).hosts.find(({ host }) => host === 'bbb-01');
    expect(look?.down).toBe('it gets no new people');
    expect(look?.warnings.join()).toMatch(
      /it has been getting no new people since .*: it stays out because .*answer/,
    );
    const release = () => releaseRun(['bbb-01'], applyOptions(inventory));
    expect(problems(await release())).toEqual([expect.stringContaining('stays-out')]);
    answers('active');
    expect(statuses(await release())).toEqual({ 'bbb-01': 'changed' });
    expect(stateOf('bbb-01')).toBe('enabled');
    await expect(release()).rejects.toMatchObject({ problem: { code: 'not-cordoned' } });
  });

  it('leaves a node out that needs a person, and gives it back in the next run', async () => {
    const fault = cluster.path('bbb-01', '/run/stand-in/fail-bbb-web');
    writeFileSync(fault, '');
    const result = await apply({ limit: onlyOne });
    expect(statuses(result)['bbb-01']).toBe('stuck');
    expect(stateOf('bbb-01')).toBe('cordoned');
    const release = await releaseRun(['bbb-01'], applyOptions(inventory));
    expect(problems(release)).toEqual([expect.stringContaining('stuck')]);
    expect(stateOf('bbb-01')).toBe('cordoned');
    // As an operator would: until then nobody can tell whether somebody is there.
    rmSync(fault);
    await cluster.demo.hosts.get('bbb-01')?.run('systemctl', 'start', 'bbb-web');
    expect(statuses(await apply({ limit: onlyOne }))['bbb-01']).toBe('changed');
    expect(stateOf('bbb-01')).toBe('enabled');
  });

  it('does not give a node back that needs a person, because it could do nothing there either', async () => {
    const fault = cluster.path('bbb-01', '/run/stand-in/fail-bbb-web');
    writeFileSync(fault, '');
    expect(statuses(await apply({ limit: onlyOne }))['bbb-01']).toBe('stuck');
    const again = await apply({ limit: onlyOne, drainTimeout: 1 });
    expect(statuses(again)['bbb-01']).toBe('deferred');
    expect(stateOf('bbb-01')).toBe('cordoned');
    rmSync(fault);
    await cluster.demo.hosts.get('bbb-01')?.run('systemctl', 'start', 'bbb-web');
    expect(statuses(await apply({ limit: onlyOne }))['bbb-01']).toBe('changed');
    expect(stateOf('bbb-01')).toBe('enabled');
  });

  it('gives a node back if the answer that it is out was lost', async () => {
    const { connect } = applyOptions(inventory);
    let lost = false;
    const result = await apply({
      limit: onlyOne,
      connect: async (target, options) => {
        const connection = await connect(target, options);
        if (target.port !== teller.port) return connection;
        return {
          ...connection,
          exec: async (command, input, limits) => {
            const said = await connection.exec(command, input, limits);
            if (lost || !changes().includes('cordon bbb-01.example.com')) return said;
            lost = true;
            throw new OperatorError({ code: 'connection-lost', message: 'gone', next: 'again' });
          },
          close: () => connection.close(),
        };
      },
    });
    expect(lost).toBe(true);
    expect(statuses(result)['bbb-01']).toBe('not-started');
    expect(stateOf('bbb-01')).toBe('enabled');
  });

  it('is not given back by an operator where nobody can tell what is going on there', async () => {
    writeFileSync(join(cluster.folder, 'hosts/lb/run/stand-in/units/bbb-web.service'), 'inactive\n');
    await apply({ limit: onlyOne });
    writeFileSync(join(cluster.folder, 'hosts/lb/run/stand-in/units/bbb-web.service'), 'active\n');
    const { connect } = applyOptions(inventory);
    const node = inventory.hosts.find(({ name }) => name === 'bbb-01');
    const away = await releaseRun(
      ['bbb-01'],
      applyOptions(inventory, {
        connect: async (target, options) => {
          if (target.port === node?.ssh.port) {
            throw new OperatorError({ code: 'unreachable', message: 'gone', next: 'again' });
          }
          return connect(target, options);
        },
      }),
    );
    expect(problems(away)).toEqual([expect.stringContaining('nobody can tell whether a run works on it')]);
    expect(stateOf('bbb-01')).toBe('cordoned');
    expect(statuses(await releaseRun(['bbb-01'], applyOptions(inventory)))).toEqual({ 'bbb-01': 'changed' });
  });

  it('leaves a node out that somebody else has taken out before', async () => {
    writeFileSync(at('bbb-01.example.com'), 'cordoned\n');
    const result = await apply({ limit: onlyOne });
    expect(statuses(result)['bbb-01']).toBe('changed');
    expect(changes()).toEqual([]);
    expect(result.hosts.find(({ plan }) => plan.host === 'bbb-01')?.warnings).toContain(
      'somebody has taken bbb-01 out on lb already (cordoned); that stays as it is',
    );
  });

  it('tells a balancer again that forgets', async () => {
    let armed = false;
    const result = await apply({
      limit: onlyOne,
      progress: (event: ProgressEvent) => {
        if (event.kind === 'host' && event.phase === 'draining' && !armed) {
          armed = true;
          setTimeout(() => writeFileSync(at('forgets'), ''), 0);
        }
      },
    });
    expect(statuses(result)['bbb-01']).toBe('changed');
    expect(stateOf('bbb-01')).toBe('enabled');
  });

  it('does nothing to a node where the balancer can not be told', async () => {
    writeFileSync(at('lb'), '#!/bin/sh\necho "no such node" >&2; exit 1\n', { mode: 0o755 });
    const result = await apply({ limit: onlyOne });
    writeFileSync(at('lb'), balancer, { mode: 0o755 });
    expect(statuses(result)['bbb-01']).toBe('not-started');
    expect(problems(result)).toEqual([
      expect.stringMatching(/^bbb-01: cordon-failed: nothing was done on this host.*no such node/),
    ]);
  });

  it('gives a node back that it has taken out when somebody aborts it from elsewhere', async () => {
    meetings('bbb-01', '3 Physics');
    const followed: string[] = [];
    const options = applyOptions(inventory, {
      progress: (event: ProgressEvent) => {
        if (event.kind === 'host') followed.push(`${event.host} ${event.phase}: ${event.detail}`);
      },
    });
    const watch = new RunWatch('drained', options);
    const agreed = {
      ...{ limit: onlyOne, prune: false, whenBusy: 'drain' as const, waitTimeout: 60, drainTimeout: 60 },
      ...{ maxFailures: 0, confirm: 'host' as const, confirmTimeout: 60, window: [] },
    };
    let aborting: Promise<AbortOutcome> | undefined;
    const result = await apply({
      limit: onlyOne,
      identity: { id: 'drained', call: 'this', options: agreed },
      listening: 1,
      progress: (event: ProgressEvent) => {
        if (event.kind !== 'host' || event.phase !== 'waiting') return;
        aborting ??= findRun(watch, options).then(async (found) => {
          await waitingTeller(options)(found);
          return abortRun(watch, found, options);
        });
      },
    });
    const told = await aborting;
    await watch.close();
    // Whoever follows it sees who is there, as does whoever aborts it.
    expect([...new Set(followed.filter((one) => one.includes('people')))]).toEqual([
      'bbb-01 waiting: running meetings: 1, with 3 people; gets nobody new, and waits 1m at most',
    ]);
    expect(result).toMatchObject({ interrupted: true, aborted: { by: operatorHere().operator } });
    expect(statuses(result)['bbb-01']).toBe('not-started');
    expect(exitStatusOf(result, { comparing: false })).toBe(130);
    expect(changes()).toEqual(['cordon bbb-01.example.com', 'enable bbb-01.example.com']);
    expect(told).toMatchObject({ exitStatus: 0, phase: 'ended' });
    expect(told && statuses(told.result)).toMatchObject({ 'bbb-01': 'not-started' });
  });

  it('is refused where nobody tells a balancer', async () => {
    const without = await cluster.inventory();
    const plan = await cluster.plan(without);
    expect(drainRefusal(plan.hosts, { inventory: without, whenBusy: 'drain' })).toMatchObject({
      code: 'no-drain',
      message: expect.stringContaining('the inventory has no host of the role balancer'),
    });
    expect(drainRefusal(plan.hosts, { inventory: without, whenBusy: 'wait' })).toBe(undefined);
  });
});

describe('a run that waits', () => {
  it('changes the others meanwhile', async () => {
    meetings('bbb-01', '12 Maths');
    const ended: string[] = [];
    const result = await cluster.apply(inventory, {
      whenBusy: 'wait',
      waitTimeout: 60,
      progress: (event: ProgressEvent) => {
        if (event.kind !== 'host' || event.phase !== 'done') return;
        ended.push(event.host);
        if (ended.includes('bbb-03')) meetings('bbb-01', undefined);
      },
    });
    expect(problems(result)).toEqual([]);
    expect(ended.at(-1)).toBe('bbb-01');
  });

  it('ends where people stay too long', async () => {
    meetings('bbb-01', '12 Maths');
    const result = await cluster.apply(inventory, { whenBusy: 'wait', waitTimeout: 1, limit: onlyOne });
    expect(statuses(result)['bbb-01']).toBe('deferred');
    expect(problems(result)).toEqual([
      expect.stringMatching(/running meetings: 1, with \d+ people, after 1s of waiting/),
    ]);
    meetings('bbb-01', undefined);
  });
});
