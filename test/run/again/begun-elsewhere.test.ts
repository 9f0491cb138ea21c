import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { readAgreement, storedText } from '../../../src/plan/saved/agreement.ts';
import type { ReportDocument } from '../../../src/report/document/schema.ts';
import { buildProgram, clusterproxyAt, main } from '../../cli/program.ts';
import { long, seed } from '../../support/random.ts';
import { startCluster, type TestCluster } from '../cluster.ts';

/** One cluster for all tests of this file, each of which begins with nodes that are to be changed. */
let cluster: TestCluster;
let inventory: Inventory;
beforeAll(async () => {
  await buildProgram();
  cluster = await startCluster();
  inventory = await cluster.inventory();
  mkdirSync(join(cluster.folder, 'elsewhere'));
  await cluster.apply(inventory);
}, 240_000);
afterAll(() => cluster.close());

const web = '/etc/bigbluebutton/bbb-web.properties';
const leaseOf = (host: string) => cluster.path(host, '/var/lib/clusterproxy/clusters/demo/lease');
const runsOf = (host: string) => readdirSync(cluster.path(host, '/var/lib/clusterproxy/runs'));
/** A change of one key: the next apply has these hosts to do. */
function differ(...hosts: readonly string[]): void {
  for (const host of hosts)
    cluster.edit(host, web, (text) => text.replace(/^defaultHTML5ClientUrl=.*$/m, 'defaultHTML5ClientUrl=/'));
}
const isChanged = (host: string) => !/^defaultHTML5ClientUrl=\/$/m.test(cluster.text(host, web));
const meetings = (host: string, text: string | undefined) => {
  const file = cluster.path(host, '/run/stand-in/meetings');
  if (text === undefined) rmSync(file, { force: true });
  else writeFileSync(file, `${text}\n`);
};

beforeEach(() => {
  for (const host of ['bbb-01', 'bbb-02', 'bbb-03']) meetings(host, undefined);
});

/** An inventory with whose playbook a node restarts bbb-web for as long as it has a file `gate`. */
function gated(): string {
  const restart = "restart: '{{ names.short }}-web.service'";
  const wait = 'while test -e "$CLUSTERPROXY_ROOT/run/stand-in/gate"; do sleep 0.1; done';
  const playbook = readFileSync(join(cluster.folder, 'bigbluebutton.yaml'), 'utf8');
  expect(playbook).toContain(restart);
  writeFileSync(
    join(cluster.folder, 'gated.yaml'),
    playbook.replace(restart, `command: [sh, -c, '${wait}']`),
  );
  const file = join(cluster.folder, 'gated-inventory.yaml');
  writeFileSync(file, inventory.text.replace('./bigbluebutton.yaml', './gated.yaml'));
  return file;
}

interface Told {
  readonly code: number | null;
  readonly document: ReportDocument;
  readonly stderr: string;
}
/** The program on another machine: nothing is there but the inventory. */
async function elsewhere(...words: readonly string[]): Promise<Told> {
  const argv = [...words, '--inventory', inventory.file, '--json'];
  const { status, stdout, stderr } = await clusterproxyAt(main, argv, {
    HOME: join(cluster.folder, 'elsewhere'),
  });
  return { code: status, document: JSON.parse(stdout), stderr };
}
const statusesIn = ({ document }: Told) =>
  Object.fromEntries(document.hosts.map(({ name, status }) => [name, status]));
const codesIn = ({ document }: Told) => [
  ...(document.errors ?? []).map(({ code }) => code),
  ...document.hosts.flatMap(({ error }) => error?.code ?? []),
];

interface Controller {
  readonly child: ChildProcess;
  readonly ended: Promise<readonly [number | null]>;
  /** resolves once it has said that */
  readonly said: (words: string) => Promise<void>;
  /** resolves once it has said so many lines, or has ended */
  readonly saidLines: (lines: number) => Promise<void>;
  readonly stdout: () => string;
  /** all that it has said */
  readonly told: () => string;
}
/** A controller that goes on by itself. */
function begin(...words: readonly string[]): Controller {
  const [command = '', ...rest] = words;
  return startProgram([command, '--inventory', inventory.file, ...rest, '--yes', '--now', '--json']);
}

function startProgram(words: readonly string[]): Controller {
  const argv = [main, ...words];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  const listeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const listener of listeners) listener();
  });
  const whenever = (holds: () => boolean, atTheEnd: () => Error | undefined) =>
    new Promise<void>((resolve, reject) => {
      const listener = () => {
        if (!holds()) return;
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
      child.once('close', () => {
        const error = atTheEnd();
        if (error === undefined) resolve();
        else reject(error);
      });
      listener();
    });
  const said = (text: string) =>
    whenever(
      () => stderr.includes(text),
      () => new Error(`it ended and never said ${text}: ${stderr} ${stdout}`),
    );
  const saidLines = (lines: number) =>
    whenever(
      () => stderr.split('\n').length > lines,
      () => undefined,
    );
  const ended = once(child, 'close') as Promise<[number | null]>;
  return { child, ended, said, saidLines, stdout: () => stdout, told: () => stderr };
}

describe('a run whose controller was killed', { timeout: 280_000 }, () => {
  it('between two hosts: it is told, and resumed from elsewhere; what is done stays done', async () => {
    differ('bbb-01', 'bbb-02', 'bbb-03');
    meetings('bbb-02', '12 Maths');
    const { child, ended, said } = begin('apply', '--run-id', 'killed-between', '--when-busy', 'wait');
    await said('bbb-03: done');
    child.kill('SIGKILL');
    await ended;
    expect([isChanged('bbb-01'), isChanged('bbb-02'), isChanged('bbb-03')]).toEqual([true, false, true]);

    const told = await elsewhere('follow', 'killed-between');
    expect(told.code, told.stderr).toBe(3);
    expect(told.document.followed).toMatchObject({ run: 'killed-between', command: 'apply', phase: 'lost' });
    expect(statusesIn(told)).toEqual({
      'proxy-1': 'in-sync',
      'bbb-01': 'changed',
      'bbb-02': 'not-started',
      'bbb-03': 'changed',
    });
    expect(codesIn(told)).toEqual(['controller-lost']);

    meetings('bbb-02', undefined);
    const resumed = await elsewhere('resume', 'killed-between', '--yes', '--now');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(statusesIn(resumed)).toMatchObject({ 'bbb-01': 'done', 'bbb-02': 'changed', 'bbb-03': 'done' });
    expect(resumed.document.hosts.find(({ name }) => name === 'bbb-01')?.doneBy).toBe('killed-between');
    expect(isChanged('bbb-02')).toBe(true);
    expect(runsOf('bbb-01')).not.toContain(resumed.document.run);

    // Whoever follows the first hears how the second ended.
    const first = await elsewhere('follow', 'killed-between');
    expect(first.code, first.stderr).toBe(0);
    expect(first.document.followed).toMatchObject({ run: resumed.document.run, resumes: 'killed-between' });
    expect(statusesIn(first)).toMatchObject({ 'bbb-01': 'done', 'bbb-02': 'changed', 'bbb-03': 'done' });
    for (const name of ['bbb-01', 'bbb-02', 'bbb-03']) expect(existsSync(leaseOf(name)), name).toBe(false);

    // Once more: nothing is left.
    const again = await elsewhere('resume', 'killed-between', '--yes', '--now');
    expect(again.code).toBe(0);
    expect(statusesIn(again)).toMatchObject({ 'bbb-01': 'done', 'bbb-02': 'done', 'bbb-03': 'done' });
    // And so says the run that resumed it, to others.
    const other = await elsewhere('follow', resumed.document.run ?? '');
    expect(other.code).toBe(0);
    expect(other.document.followed).toMatchObject({
      command: 'resume',
      resumes: 'killed-between',
      phase: 'ended',
    });
  });

  it('in the middle of a host: that finishes by itself, and resume waits for it', async () => {
    differ('bbb-01', 'bbb-02');
    const { child, ended, said } = begin('apply', '--run-id', 'killed-within');
    await said('bbb-01: the new files are in place');
    child.kill('SIGKILL');
    await ended;
    const resumed = await elsewhere('resume', 'killed-within', '--yes', '--now');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(statusesIn(resumed)).toMatchObject({ 'bbb-01': 'done', 'bbb-02': 'changed' });
    expect([isChanged('bbb-01'), isChanged('bbb-02')]).toEqual([true, true]);
  });

  it('at any moment: the same call and resume bring it to its end, and nothing is done twice', async () => {
    // The lines that it says of its progress; of the last ones it never says so many.
    const lines = fc.sample(fc.integer({ min: 2, max: 36 }), { seed, numRuns: long ? 20 : 3 });
    for (const [round, line] of lines.entries()) {
      differ('bbb-01', 'bbb-02');
      const before = [runsOf('bbb-01').length, runsOf('bbb-02').length];
      const id = `killed-at-line-${line}-r${round + 1}`;
      const controller = begin('apply', '--run-id', id, '--verbose');
      await controller.saidLines(line);
      controller.child.kill('SIGKILL');
      await controller.ended;
      const again = await elsewhere('apply', '--run-id', id, '--yes', '--now');
      const told = `line ${line}, seed ${seed}: ${again.stderr}`;
      if (again.code !== 0) {
        expect(again.code, told).toBe(3);
        expect(codesIn(again), told).toContain('controller-lost');
        const resumed = await elsewhere('resume', id, '--yes', '--now');
        // Killed while it reserved its hosts: one of them knows nothing of it yet.
        const isUnknown = codesIn(resumed).includes('agreement-differs');
        const last = isUnknown ? await elsewhere('apply', '--yes', '--now') : resumed;
        expect(last.code, `${told} ${last.stderr}`).toBe(0);
      }
      expect([isChanged('bbb-01'), isChanged('bbb-02')], told).toEqual([true, true]);
      expect([runsOf('bbb-01').length, runsOf('bbb-02').length], told).toEqual(
        before.map((count) => Math.min(20, count + 1)),
      );
    }
  });

  it('changes no host of which only another says that it was agreed on', async () => {
    differ('bbb-01', 'bbb-02');
    meetings('bbb-02', '12 Physics');
    const limited = ['--limit', 'bbb-02', '--when-busy', 'wait'];
    const { child, ended, said } = begin('apply', '--run-id', 'altered-there', ...limited);
    await said('bbb-02: running meetings');
    child.kill('SIGKILL');
    await ended;
    const stored = cluster.path(
      'bbb-02',
      '/var/lib/clusterproxy/clusters/demo/agreements/altered-there/agreement',
    );
    const agreed = readAgreement(readFileSync(stored));
    if (agreed?.options === undefined || agreed.plan === undefined) throw new Error('nothing was stored');
    const altered = {
      options: { ...agreed.options, limit: [], whenBusy: 'force' as const },
      plan: { ...agreed.plan, hosts: agreed.plan.hosts.map((host) => ({ ...host, skipped: false })) },
    };
    writeFileSync(stored, storedText({ ...agreed, ...altered }));
    meetings('bbb-01', '12 Maths');
    const refused = await elsewhere('resume', 'altered-there', '--yes', '--now');
    expect([refused.code, codesIn(refused)]).toEqual([1, ['agreement-differs']]);
    expect(refused.document.errors?.[0]?.message).toContain('bbb-01 would be changed, but knows nothing of');
    expect([isChanged('bbb-01'), isChanged('bbb-02')]).toEqual([false, false]);
    writeFileSync(stored, storedText(agreed));
    meetings('bbb-01', undefined);
    meetings('bbb-02', undefined);
    const resumed = await elsewhere('resume', 'altered-there', '--yes', '--now');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect([isChanged('bbb-01'), isChanged('bbb-02')]).toEqual([false, true]);
  });

  it('refuses what is not as agreed on, and says what', async () => {
    differ('bbb-01', 'bbb-02');
    meetings('bbb-01', '12 Maths');
    meetings('bbb-02', '12 Physics');
    const { child, ended, said } = begin('apply', '--run-id', 'killed-waiting', '--when-busy', 'wait');
    await said('bbb-02: running meetings');
    child.kill('SIGKILL');
    await ended;
    meetings('bbb-01', undefined);
    meetings('bbb-02', undefined);
    cluster.edit('bbb-02', web, (text) => `# edited meanwhile\n${text}`);
    const refused = await elsewhere('resume', 'killed-waiting', '--yes', '--now');
    expect(refused.code).toBe(1);
    expect(refused.document.errors).toMatchObject([
      {
        code: 'plan-differs',
        detail: expect.stringContaining(`bbb-02: the change to ${web} is now different`),
      },
    ]);
    expect(isChanged('bbb-01')).toBe(false);
    cluster.edit('bbb-02', web, (text) => text.replace('# edited meanwhile\n', ''));
    expect(statusesIn(await elsewhere('resume', 'killed-waiting', '--yes', '--now'))).toMatchObject({
      'bbb-01': 'changed',
      'bbb-02': 'changed',
    });
  });
});

describe('a run that waits for people', { timeout: 280_000 }, () => {
  it('is followed from elsewhere with who is waited for, as its own screen says', async () => {
    differ('bbb-01', 'bbb-02');
    meetings('bbb-02', '28 Biology 7b');
    const controller = begin('apply', '--when-busy', 'wait', '--run-id', 'waits');
    await controller.said('; waits until ');
    const follower = startProgram(['follow', '--inventory', inventory.file, '--json', 'waits']);
    await follower.said('bbb-02: running meetings: 1, with 28 people; waits 2h at most');
    expect(follower.told()).not.toMatch(/bbb-0[13]: running/);
    meetings('bbb-02', undefined);
    expect([(await controller.ended)[0], (await follower.ended)[0]]).toEqual([0, 0]);
    expect(follower.told()).toMatch(/bbb-02: running meetings: [\s\S]*bbb-02: done/);
  });
});

describe('a call with an id', { timeout: 280_000 }, () => {
  it('made twice at the same moment runs once: the other follows', async () => {
    differ('bbb-01', 'bbb-02');
    const before = runsOf('bbb-01').length;
    const both = [begin('apply', '--run-id', 'twice'), begin('apply', '--run-id', 'twice')];
    expect(await Promise.all(both.map(async ({ ended }) => (await ended)[0]))).toEqual([0, 0]);
    const documents = both.map(({ stdout }) => JSON.parse(stdout()) as ReportDocument);
    for (const { run, hosts } of documents) {
      expect(run).toBe('twice');
      const told = Object.fromEntries(hosts.map(({ name, status }) => [name, status]));
      expect(told).toMatchObject({ 'bbb-01': 'changed', 'bbb-02': 'changed', 'bbb-03': 'in-sync' });
    }
    expect(runsOf('bbb-01').length).toBe(before + 1);
  });

  it('whose answer was lost tells the outcome, however the cluster is by now', async () => {
    differ('bbb-01');
    const before = runsOf('bbb-01').length;
    const told = await elsewhere('apply', '--run-id', 'twice', '--yes', '--now');
    expect(told.code, told.stderr).toBe(0);
    expect(statusesIn(told)).toMatchObject({ 'bbb-01': 'changed', 'bbb-02': 'changed', 'bbb-03': 'in-sync' });
    expect(told.document.command).toBe('apply');
    expect(runsOf('bbb-01').length).toBe(before);
    expect(isChanged('bbb-01')).toBe(false);
  });

  it('is refused if it is another one', async () => {
    for (const more of [
      ['--limit', 'bbb-01'],
      ['--max-failures', '1'],
      ['--when-busy', 'force'],
    ]) {
      const refused = await elsewhere('apply', '--run-id', 'twice', '--yes', '--now', ...more);
      expect(refused.code).toBe(1);
      expect(codesIn(refused)).toEqual(['run-id-taken']);
    }
    const edited = join(cluster.folder, 'changed.yaml');
    writeFileSync(edited, `${inventory.text}\n# another\n`);
    const { status, stdout } = await clusterproxyAt(main, [
      ...['apply', '--run-id', 'twice', '--yes', '--now', '--json', '--inventory', edited],
    ]);
    expect(status).toBe(1);
    expect(JSON.parse(stdout).errors).toMatchObject([{ code: 'run-id-taken' }]);
    expect(isChanged('bbb-01')).toBe(false);
    expect((await elsewhere('apply', '--yes', '--now')).code).toBe(0);
  });
});

describe('abort', { timeout: 280_000 }, () => {
  it('ends a run that waits for people, and says to its controller who did it', async () => {
    differ('bbb-01', 'bbb-02');
    meetings('bbb-01', '12 Maths');
    meetings('bbb-02', '12 Physics');
    const { ended, said, stdout } = begin('apply', '--run-id', 'aborted-waiting', '--when-busy', 'wait');
    await said('bbb-02: running meetings');
    const follower = elsewhere('follow', 'aborted-waiting');
    const told = await elsewhere('abort', 'aborted-waiting', '--yes');
    expect(told.code, told.stderr).toBe(0);
    expect(told.document.aborted).toMatchObject({ by: expect.any(String), from: expect.any(String) });
    expect((await ended)[0]).toBe(130);
    const document: ReportDocument = JSON.parse(stdout());
    expect(document.aborted).toEqual(told.document.aborted);
    expect(document.summary).toMatchObject({ interrupted: true, statuses: { 'not-started': 2 } });
    expect([isChanged('bbb-01'), isChanged('bbb-02')]).toEqual([false, false]);
    expect(existsSync(leaseOf('bbb-01'))).toBe(false);
    expect((await follower).code).toBe(130);
    expect(codesIn(await elsewhere('abort', 'aborted-waiting', '--yes'))).toEqual(['run-ended']);

    meetings('bbb-01', undefined);
    meetings('bbb-02', undefined);
    expect(codesIn(await elsewhere('resume', 'aborted-waiting', '--yes', '--now'))).toEqual(['run-aborted']);
    const resumed = await elsewhere('resume', 'aborted-waiting', '--aborted', '--yes', '--now');
    expect(statusesIn(resumed)).toMatchObject({ 'bbb-01': 'changed', 'bbb-02': 'changed' });
  });

  it('between two hosts lets the one in work finish, and the others themselves begin nothing', async () => {
    differ('bbb-01', 'bbb-02', 'bbb-03');
    const gate = cluster.path('bbb-01', '/run/stand-in/gate');
    writeFileSync(gate, '');
    const { ended, said, stdout } = begin('apply', '--run-id', 'aborted-between', '--inventory', gated());
    await said('bbb-01: restart-bbb-web');
    const aborting = elsewhere('abort', 'aborted-between', '--yes');
    const mark = '/var/lib/clusterproxy/clusters/demo/agreements/aborted-between/aborted';
    await expect.poll(() => existsSync(cluster.path('bbb-03', mark)), { timeout: 60_000 }).toBe(true);
    rmSync(gate);
    const told = await aborting;
    expect(told.code, told.stderr).toBe(0);
    expect((await ended)[0]).toBe(130);
    const document: ReportDocument = JSON.parse(stdout());
    const statuses = { 'bbb-01': 'changed', 'bbb-02': 'not-started', 'bbb-03': 'not-started' };
    for (const one of [{ ...told, document }, told]) expect(statusesIn(one)).toMatchObject(statuses);
    expect(document.aborted).toEqual(told.document.aborted);
    expect([isChanged('bbb-01'), isChanged('bbb-02'), isChanged('bbb-03')]).toEqual([true, false, false]);
    expect((await elsewhere('apply', '--yes', '--now')).code).toBe(0);
  });

  it('of a run whose controller is gone ends its leases, and says so', async () => {
    differ('bbb-01', 'bbb-02');
    meetings('bbb-01', '12 Maths');
    meetings('bbb-02', '12 Physics');
    const { child, ended, said } = begin('apply', '--run-id', 'aborted-dead', '--when-busy', 'wait');
    await said('bbb-02: running meetings');
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(leaseOf('bbb-01'))).toBe(true);
    const told = await elsewhere('abort', 'aborted-dead', '--yes');
    expect(told.code, told.stderr).toBe(0);
    expect(told.stderr).toContain(
      'its controller does not answer, so the hosts that it had reserved are free again',
    );
    expect(existsSync(leaseOf('bbb-01'))).toBe(false);
    expect(existsSync(leaseOf('bbb-02'))).toBe(false);
    meetings('bbb-01', undefined);
    meetings('bbb-02', undefined);
    expect((await elsewhere('apply', '--yes', '--now')).code).toBe(0);
  });
});

describe('a run over one host', { timeout: 280_000 }, () => {
  it('is followed while it goes on, and known afterwards, although it reserves nothing', async () => {
    differ('bbb-01');
    const gate = cluster.path('bbb-01', '/run/stand-in/gate');
    writeFileSync(gate, '');
    const controller = begin('apply', '--inventory', gated());
    await controller.said('bbb-01: restart-bbb-web');
    const [run = ''] = runsOf('bbb-01')
      .filter((name) => name.startsWith('20'))
      .sort()
      .slice(-1);
    const asked = () => cluster.demo.hosts.get('bbb-01')?.commands.length ?? 0;
    const before = asked();
    const following = elsewhere('follow', run);
    // It has seen the run go on, and asks again.
    await expect.poll(asked, { timeout: 60_000 }).toBeGreaterThan(before + 1);
    rmSync(gate);
    const told = await following;
    expect(told.code, told.stderr).toBe(0);
    expect(statusesIn(told)).toEqual({
      'proxy-1': 'in-sync',
      'bbb-01': 'changed',
      'bbb-02': 'in-sync',
      'bbb-03': 'in-sync',
    });
    expect(told.stderr).toContain('bbb-01: the new files are in place');
    expect((await controller.ended)[0]).toBe(0);
    const wrong = await elsewhere('follow', `${run.slice(0, -1)}x`);
    expect(wrong.document.errors).toMatchObject([
      { code: 'run-unknown', next: expect.stringContaining(`did you mean ${run}?`) },
    ]);
  });

  it('is not known to be unknown while a host is away', async () => {
    cluster.demo.hosts.get('bbb-02')?.unplug(true);
    const wrong = await elsewhere('follow', 'nothing-like-it');
    cluster.demo.hosts.get('bbb-02')?.unplug(false);
    expect(wrong.code).toBe(1);
    expect(wrong.document.errors).toMatchObject([
      { code: 'run-unknown', message: expect.stringContaining('(not reached: bbb-02)') },
    ]);
  });
});
