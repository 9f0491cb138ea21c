import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { releaseHold, setHold } from '../../src/host/hold.ts';
import { readRuns } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
import { withdrawQueued } from '../../src/host/withdraw.ts';
import type { Handler } from '../../src/model/handler.ts';
import type { QueueRules } from '../../src/model/queue.ts';
import type { PathState } from '../../src/model/snapshot.ts';
import type { Transaction } from '../../src/model/transaction.ts';
import { createConnector } from '../../src/ssh/connector.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { change, transaction } from '../host/sample.ts';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { long, seed } from '../support/random.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';

/** Whoever asks, and whoever begins, is noted with the host's time since its start, and with which start. */
const GUARD = [
  `start=$(cut -d' ' -f22 /proc/1/stat); up=$(cut -d' ' -f1 /proc/uptime)`,
  `if [ -e /root/people ]; then echo "busy $up $start" >>/root/asked; echo a class; exit 1; fi`,
  `echo "none $up $start" >>/root/asked`,
].join('; ');
const BEGIN =
  'echo "begun $(cut -d" " -f1 /proc/uptime) $(cut -d" " -f22 /proc/1/stat) $(date +%s)" >>/root/asked';

const idleFor = 1;
const target = '/etc/lab-idle.conf';
const now = () => Math.floor(Date.now() / 1_000);

/** A host that is asked by its own timer, and what becomes of its runs. */
class IdleHost {
  readonly host: LabHost;
  readonly #connect: () => Promise<Connection>;
  readonly #machineId: string;
  #count = 0;

  constructor(host: LabHost, connect: () => Promise<Connection>) {
    this.host = host;
    this.#connect = connect;
    this.#machineId = readFileSync(this.path('/etc/machine-id'), 'utf8').trim();
  }

  path(name: string): string {
    return join(this.host.root, name);
  }

  people(there: boolean): void {
    if (there) writeFileSync(this.path('/root/people'), '');
    else rmSync(this.path('/root/people'), { force: true });
  }

  async over<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await this.#connect();
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  }

  /** Queues a change of a file, of what it is now; returns the run's id. */
  async queue(rules: Partial<QueueRules> = {}): Promise<string> {
    const before: PathState = existsSync(this.path(target))
      ? { ...owned, kind: 'file', content: readFileSync(this.path(target)) }
      : { kind: 'absent' };
    this.#count += 1;
    const content = Buffer.from(`changed ${this.#count} times\n`);
    const number = String(this.#count).padStart(6, '0');
    const plan: Transaction = transaction(
      [change(target, before, { ...owned, kind: 'file', content })],
      [handler],
      {
        ...{ host: this.host.name, machineId: this.#machineId, units: [] },
        run: `20261126T${number}Z-1d1e00`,
        queue: {
          ...{ idleFor, every: 1, since: now(), until: now() + 3_600 },
          slots: [{ from: now() - 60, to: now() + 3_600 }],
          ...rules,
        },
      },
    );
    rmSync(this.path('/root/asked'), { force: true });
    expect(await transact(this.#connect, plan)).toMatchObject({ state: 'queued' });
    return plan.run;
  }

  state(run: string): string {
    return readFileSync(this.path(`/var/lib/clusterproxy/runs/${run}/state`), 'utf8').trim();
  }

  async ended(run: string, state: string): Promise<void> {
    await eventually(async () => expect(this.state(run)).toBe(state));
    await eventually(async () => expect(this.units()).toEqual([]));
  }

  units(): readonly string[] {
    return readdirSync(this.path('/etc/systemd/system')).filter((name) => name.startsWith('clusterproxy-'));
  }

  async problem(run: string): Promise<string | undefined> {
    const runs = await this.over((connection) => readRuns(connection));
    return runs.find((one) => one.run === run)?.problem?.code;
  }

  withdraw(): Promise<readonly string[]> {
    const asked = { machineId: this.#machineId, cluster: 'prod', who: 'ada from laptop' };
    return this.over((connection) => withdrawQueued(connection, asked));
  }

  asked(): readonly Asked[] {
    if (!existsSync(this.path('/root/asked'))) return [];
    const lines = readFileSync(this.path('/root/asked'), 'utf8').trim().split('\n');
    return lines.map((line) => {
      const [kind = '', up = '', start = '', clock = ''] = line.split(' ');
      return { kind, up: Number(up), start, clock: Number(clock) };
    });
  }

  /** Whether the run has begun at all, and if so only after nobody had been there for long enough. */
  begun(): Asked | undefined {
    const asked = this.asked();
    const all = asked.filter(({ kind }) => kind === 'begun');
    const [begun] = all;
    if (begun === undefined) return undefined;
    expect(all).toHaveLength(1);
    const before = asked.slice(0, asked.indexOf(begun)).reverse();
    const broken = before.findIndex(({ kind, start }) => kind !== 'none' || start !== begun.start);
    const calm = broken < 0 ? before : before.slice(0, broken);
    const [last, first] = [calm[0], calm.at(-1)];
    expect(last, JSON.stringify(asked)).toBeDefined();
    expect((last?.up ?? 0) - (first?.up ?? 0)).toBeGreaterThanOrEqual(idleFor);
    return begun;
  }
}

interface Asked {
  readonly kind: string;
  readonly up: number;
  readonly start: string;
  /** only of `begun`; seconds since the epoch */
  readonly clock: number;
}

const owned = { mode: 0o644, user: 'root', group: 'root' } as const;
const handler: Handler = {
  ...{ id: 'take-up', validate: undefined, checks: [], timeout: 20, settle: 0, rewrites: [] },
  actions: [{ kind: 'command', argv: ['sh', '-c', BEGIN] }],
  guards: [{ id: 'nobody', description: 'classes', query: { kind: 'command', args: ['sh', '-c', GUARD] } }],
};

describe.skipIf(noLab)('hosts that change themselves once nobody is there', () => {
  const lab = useLab();
  let hosts: IdleHost[];

  beforeAll(async () => {
    const added = await lab().addHosts([{ name: 'idle-01' }, { name: 'idle-02' }, { name: 'idle-03' }]);
    hosts = added.map((host) => {
      const connector = createConnector();
      const settings = {
        ...{ host: host.address, config: 'none' as const, user: 'ops', become: 'sudo' as const },
        ...{ identityFiles: [lab().sshKey], knownHostsFiles: [lab().knownHosts] },
      };
      return new IdleHost(host, () => connector.connect(settings));
    });
  });
  const on = (number: number) => hosts[number - 1] ?? expect.fail('there is no such host');

  it('never begin while somebody is there, nor outside of their slots, whenever people come and go', async () => {
    console.log(`seed ${seed}`);
    const days = fc.sample(
      fc.record({
        // How long people are there and away by turns, in tenths of a second.
        turns: fc.array(fc.integer({ min: 2, max: 25 }), { maxLength: 6 }),
        opensIn: fc.constantFrom(0, 0, 4),
      }),
      { seed, numRuns: long ? 50 : 12 },
    );
    /** How long after the first moment in which it might have begun; seconds. */
    const late: number[] = [];
    const one = async (idle: IdleHost, { turns, opensIn }: (typeof days)[number]) => {
      idle.people(turns.length % 2 === 1);
      const from = now() + opensIn;
      const run = await idle.queue({ slots: [{ from, to: from + 3_600 }] });
      for (const [index, tenths] of turns.entries()) {
        await sleep(tenths * 100);
        idle.people((turns.length - index) % 2 === 0);
      }
      idle.people(false);
      const away = now();
      await idle.ended(run, 'committed');
      const begun = idle.begun();
      expect(begun?.clock).toBeGreaterThanOrEqual(from);
      late.push((begun?.clock ?? 0) - Math.max(away + idleFor, from));
    };
    await Promise.all(
      hosts.map(async (idle, number) => {
        for (let at = number; at < days.length; at += hosts.length) {
          const day = days[at];
          if (day !== undefined) await one(idle, day);
        }
      }),
    );
    console.log(`begun at most ${Math.max(...late)} s after it might have, in ${late.length} runs`);
  });

  it('do nothing once what waits there was withdrawn, and expire', async () => {
    const [withdrawn, expired] = [on(1), on(2)];
    for (const idle of [withdrawn, expired]) idle.people(true);
    const [one, two] = [await withdrawn.queue(), await expired.queue({ until: now() + 3 })];
    await eventually(async () => expect(withdrawn.asked().length).toBeGreaterThan(1));
    expect(await withdrawn.withdraw()).toEqual([one]);
    withdrawn.people(false);
    const asked = withdrawn.asked().length;
    await Promise.all([withdrawn.ended(one, 'abandoned'), expired.ended(two, 'abandoned')]);
    expect(await Promise.all([withdrawn.problem(one), expired.problem(two)])).toEqual([
      'withdrawn',
      'expired',
    ]);
    await sleep(2_500);
    expect(withdrawn.asked().length).toBeLessThanOrEqual(asked + 1);
    expect([withdrawn.begun(), expired.begun()]).toEqual([undefined, undefined]);
  });

  it('refuse what was planned from a file that has changed, and wait for the end of a hold', async () => {
    const [changed, held] = [on(1), on(2)];
    changed.people(true);
    const one = await changed.queue();
    writeFileSync(changed.path(target), 'an operator has been here\n');
    changed.people(false);
    const hold = { cluster: 'prod', by: 'ada', from: 'laptop', reason: 'exams', seconds: 600 };
    await held.over((connection) => setHold(connection, hold));
    held.people(false);
    const two = await held.queue();
    await changed.ended(one, 'refused');
    expect(await changed.problem(one)).toBe('changed-meanwhile');
    expect(changed.begun()).toBe(undefined);
    expect(readFileSync(changed.path(target), 'utf8')).toBe('an operator has been here\n');
    await eventually(async () => expect(held.asked().length).toBeGreaterThan(4));
    expect([held.state(two), held.begun()]).toEqual(['queued', undefined]);
    await held.over((connection) => releaseHold(connection, 'prod'));
    await held.ended(two, 'committed');
    expect(held.begun()).toBeDefined();
  });

  it('go on waiting after a restart of the host, and after a power cut, and count from anew', async () => {
    const [restarted, cut] = [on(1), on(2)];
    for (const idle of [restarted, cut]) idle.people(true);
    const [one, two] = [await restarted.queue(), await cut.queue()];
    await eventually(async () => expect(cut.asked().length).toBeGreaterThan(1));
    await Promise.all([restarted.host.mustExec('systemctl reboot'), cut.host.powerOff()]);
    for (const idle of [restarted, cut]) idle.people(false);
    await cut.host.boot();
    await Promise.all([restarted.ended(one, 'committed'), cut.ended(two, 'committed')]);
    for (const idle of [restarted, cut]) {
      expect(idle.begun()).toBeDefined();
      expect(new Set(idle.asked().map(({ start }) => start)).size).toBe(2);
    }
  });

  it('are put back by their next start if the power fails while they change themselves, and begin no more', async () => {
    const idle = on(3);
    idle.people(true);
    const before = existsSync(idle.path(target)) ? readFileSync(idle.path(target), 'utf8') : undefined;
    const run = await idle.queue();
    // The handler stands still until the power fails.
    const manifest = idle.path(`/var/lib/clusterproxy/runs/${run}/manifest`);
    const stands = readFileSync(manifest, 'utf8').replace('date +%s)" >>/root/asked', '$&; sleep 60');
    writeFileSync(manifest, stands);
    idle.people(false);
    await eventually(async () => expect(idle.begun()).toBeDefined());
    await idle.host.powerOff();
    await idle.host.boot();
    await idle.ended(run, 'reverted');
    expect(readFileSync(idle.path(target), 'utf8')).toBe(before);
  });
});

const MEETING =
  '<meeting><meetingName>Maths</meetingName><meetingID>7b</meetingID><running>true</running><participantCount>27</participantCount></meeting>';

describe.skipIf(noLab)('a cluster that is changed when it is idle', () => {
  const lab = useLab();
  let cluster: Cluster;
  const meetings = '/var/lib/bbb-standin/meetings.xml';

  beforeAll(async () => {
    cluster = await startCluster(lab(), { name: 'later', nodes: ['3.0', '3.0'], hasty: true });
  });

  it('has its busy node queued behind the first, shows it, and changes it when its people have gone', async () => {
    const [busy] = cluster.nodes;
    if (busy === undefined) throw new Error('a host is missing');
    await busy.writeFile(meetings, MEETING);
    const wish = ['--yes', '--when-idle', '--idle-for', '3s'];
    const refused = await cluster.json('apply', ...wish);
    expect(refused.code).toBe(1);
    expect(refused.document.errors).toMatchObject([{ code: 'without-cordon' }]);
    const { code, document, stderr } = await cluster.json('apply', ...wish, '--without-cordon');
    expect(statuses(document), stderr).toEqual({
      ...{ 'later-proxy': 'changed', 'later-01': 'queued', 'later-02': 'changed' },
    });
    expect(code).toBe(5);
    const queued = async () => hostOf((await cluster.json('status')).document, 'later-01').queued;
    await eventually(async () =>
      expect(await queued()).toMatchObject([
        {
          ...{ run: document.run, idleForSeconds: 3 },
          asked: { verdict: 'busy', words: 'running meetings: 1, with 27 people' },
        },
      ]),
    );
    await busy.mustExec(`rm ${meetings}`);
    await eventually(async () => expect(await queued()).toBe(undefined));
    await eventually(async () => {
      const { document: history } = await cluster.json('history');
      const ends = history.runs?.[0]?.hosts.map(({ name, state }) => [name, state]);
      expect(Object.fromEntries(ends ?? [])).toEqual({
        ...{ 'later-proxy': 'committed', 'later-01': 'committed', 'later-02': 'committed' },
      });
    });
    expect((await cluster.run('check')).code).toBe(0);
    expect((await busy.exec('ls /etc/systemd/system/*clusterproxy*')).stdout).toBe('');
  });

  it('does nothing any more once it was withdrawn', async () => {
    const [busy] = cluster.nodes;
    if (busy === undefined) throw new Error('a host is missing');
    const undone = await cluster.run('rollback', '--yes', '--limit', 'later-01');
    expect(undone.code, undone.stderr).toBe(0);
    await busy.writeFile(meetings, MEETING);
    const wish = ['--yes', '--when-idle', '--idle-for', '1s', '--without-cordon'];
    const { document } = await cluster.json('apply', ...wish);
    expect(statuses(document)).toMatchObject({ 'later-01': 'queued' });
    const withdrawn = await cluster.json('withdraw');
    expect(withdrawn.code, withdrawn.stderr).toBe(0);
    expect(statuses(withdrawn.document)).toEqual({ 'later-01': 'changed' });
    await busy.mustExec(`rm ${meetings}`);
    await sleep(3_000);
    expect((await cluster.run('check')).code).toBe(2);
    const [last] = (await cluster.json('history')).document.runs ?? [];
    expect(last?.hosts).toMatchObject([{ state: 'abandoned', error: { code: 'withdrawn' } }]);
  });
});
