import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineClient } from '../../src/cli/fleet/engine/client.ts';
import { digestOf } from '../../src/engine/digest.ts';
import type { AskedChangeOptions } from '../../src/engine/messages.ts';
import type { FleetDocument } from '../../src/report/document/fleet-schema.ts';
import { buildProgram, clusterproxy, clusterproxyAt, type Ended, main } from '../cli/program.ts';
import { startFleet, type TestFleet } from '../fleet/clusters.ts';
import { seed } from '../support/random.ts';
import { freePorts } from '../support/running-haproxy.ts';
import { startEngine, type TestEngine, withoutEngine } from './restate.ts';
import { startWorker, type TestWorker } from './worker.ts';

if (withoutEngine !== undefined) console.warn(`skipped: tests of the engine: ${withoutEngine}`);

/** One engine, one worker and some clusters for all tests of this file, which follow one another. */
let fleet: TestFleet;
let engine: TestEngine;
let worker: TestWorker;
let listen: string;
const names = ['alpha', 'beta', 'gamma', 'delta'];

beforeAll(async () => {
  if (withoutEngine !== undefined) return;
  [fleet, engine] = await Promise.all([startFleet(names), startEngine(), buildProgram()]);
  for (const name of names) gate(name);
  const [port] = await freePorts(1);
  listen = `127.0.0.1:${port}`;
  worker = await startWorker(engine, all(), { listen });
}, 240_000);
afterAll(async () => {
  await worker?.kill();
  await engine?.close();
  await fleet?.close();
});

const all = () => join(fleet.folder, 'clusters/*.yaml');
const by = () => ['--engine', engine.ingress, '--site', 'north'];
const on = (command: string, ...argv: readonly string[]) =>
  clusterproxy(['fleet', command, '-i', all(), ...argv]);
const documentOf = ({ stdout }: Ended) => JSON.parse(stdout) as FleetDocument;

/** Its node restarts bbb-web for as long as there is a file `gate` on it. */
function gate(name: string): void {
  const folder = fleet.clusters.get(name)?.folder ?? '';
  const file = join(folder, 'bigbluebutton.yaml');
  const playbook = readFileSync(file, 'utf8');
  const restart = "restart: '{{ names.short }}-web.service'";
  expect(playbook).toContain(restart);
  const wait =
    'touch "$CLUSTERPROXY_ROOT/run/stand-in/begun"; while test -e "$CLUSTERPROXY_ROOT/run/stand-in/gate"; do sleep 0.1; done';
  writeFileSync(file, playbook.replace(restart, `command: [sh, -c, '${wait}']`));
}

const onHost = (name: string, host: string, path: string) => fleet.clusters.get(name)?.path(host, path) ?? '';
const runsOf = (name: string, host: string) => {
  const folder = onHost(name, host, '/var/lib/clusterproxy/runs');
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** How a run has ended on a host; see docs/transactions.md. */
const stateOf = (name: string, host: string, run: string) =>
  readFileSync(onHost(name, host, `/var/lib/clusterproxy/runs/${run}/state`), 'utf8').trim();

/** Waits for what comes about by itself, however long that takes; the test's own patience ends it. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}

/** What is the same whoever carries it out: neither times nor how long anything took. */
const withoutTimes = (document: FleetDocument) =>
  JSON.parse(
    JSON.stringify(document, (key, value) =>
      ['durationMs', 'measured', 'inventory'].includes(key) ? undefined : value,
    ),
  ) as unknown;

const usual: AskedChangeOptions = {
  ...{ parallel: 4, prune: false, names: false, window: [], whenIdle: false, withoutCordon: false },
  ...{ onFailure: 'stop', confirm: 'host', force: false, now: true, waitTimeout: 60, drainTimeout: 60 },
  ...{ despitePolls: false, maxFailures: 0, confirmTimeout: 120, lockWait: 0, verify: false },
};

describe.skipIf(withoutEngine !== undefined)('a fleet by an engine', () => {
  it.each(['check', 'plan', 'status'])('%s tells what it tells without one', async (command) => {
    const there = await on(command, '--json', ...by());
    const here = await on(command, '--json');
    expect(there.stderr).not.toContain('error');
    expect(withoutTimes(documentOf(there))).toEqual(withoutTimes(documentOf(here)));
    expect(there.status).toBe(here.status);
  });

  it('draws the same report', async () => {
    const page = join(fleet.folder, 'check.html');
    await on('check', '--quiet', '--html', page, ...by());
    expect(readFileSync(page, 'utf8').match(/<svg class="cluster wide"/g)).toHaveLength(names.length);
  });

  it('changes what was agreed to, once', async () => {
    const ended = await on('apply', '--yes', '--now', '--cluster', 'alpha', '--json', ...by());
    expect([ended.status, ended.stderr], ended.stdout).toEqual([
      0,
      expect.stringContaining('handed to the engine as change'),
    ]);
    const [alpha] = documentOf(ended).clusters;
    expect(alpha?.document.hosts.map(({ status }) => status)).toEqual(['changed', 'changed']);
    const run = alpha?.document.run;
    expect(['proxy-1', 'bbb-01'].map((host) => runsOf('alpha', host))).toEqual([[run], [run]]);
    expect(fleet.isChanged('alpha')).toBe(true);
  });

  it('goes on where a worker was killed, and changes each host once', async () => {
    const closed = onHost('beta', 'bbb-01', '/run/stand-in/gate');
    const begun = onHost('beta', 'bbb-01', '/run/stand-in/begun');
    mkdirSync(join(closed, '..'), { recursive: true });
    writeFileSync(closed, '');
    const ending = clusterproxyAt(main, [
      ...['fleet', 'apply', '-i', all(), '--cluster', 'beta', '--yes', '--now', '--json'],
      ...by(),
    ]);
    await until(() => existsSync(begun));
    await worker.kill();
    worker = await startWorker(engine, all(), { listen });
    rmSync(closed);
    const ended = await ending;
    const [beta] = documentOf(ended).clusters;
    expect([ended.status, beta?.document.errors ?? []], ended.stderr).toEqual([0, []]);
    expect(['proxy-1', 'bbb-01'].map((host) => runsOf('beta', host).length)).toEqual([1, 1]);
    expect(fleet.isChanged('beta')).toBe(true);
    expect((await on('check', '--cluster', 'beta', ...by())).status).toBe(0);
  });

  it('waits for an approval of just this plan, which survives the engine and counts once', async () => {
    const { client, inventory, plan } = await plannedBy('gamma');
    const change = 'approved-in-the-morning';
    const request = { inventory, picture: false, options: usual, plan };
    await client.begin(change, { ...request, cluster: 'gamma', keepTrying: 0 });
    await client.begin(change, { ...request, cluster: 'gamma', keepTrying: 0 });
    await client.approve(change, digestOf({ ...plan, salt: 'another' }));
    await until(async () => (await client.state(change))?.phase === 'asking');
    await engine.kill();
    await engine.start();
    expect([await client.state(change), fleet.isChanged('gamma')]).toMatchObject([
      { phase: 'asking' },
      false,
    ]);
    await client.approve(change, digestOf(plan));
    await client.approve(change, digestOf(plan));
    const end = await client.ended(change);
    expect(end).toMatchObject({ kind: 'carried-out', answer: { document: { run: change } } });
    expect(['proxy-1', 'bbb-01'].map((host) => runsOf('gamma', host))).toEqual([[change], [change]]);
    expect(fleet.isChanged('gamma')).toBe(true);
  });

  it('waits for people to leave, whatever is restarted meanwhile', async () => {
    const people = onHost('delta', 'bbb-01', '/run/stand-in/meetings');
    mkdirSync(join(people, '..'), { recursive: true });
    writeFileSync(people, '12 Maths\n');
    const { client, inventory, plan } = await plannedBy('delta');
    const change = 'while-people-are-there';
    const request = { inventory, picture: false, options: usual, plan, cluster: 'delta', keepTrying: 86_400 };
    await client.begin(change, request);
    await client.approve(change, digestOf(plan));
    const isWaiting = async () => (await client.state(change))?.phase === 'waiting';
    await until(isWaiting);
    await Promise.all([engine.kill(), worker.kill()]);
    await engine.start();
    worker = await startWorker(engine, all(), { listen });
    expect([await isWaiting(), fleet.isChanged('delta')]).toEqual([true, false]);
    rmSync(people);
  });

  it('survives workers that are killed at any moment', async () => {
    // By the lines that a worker tells, so that it is about moments of a change, however long they take.
    const moments = fc.sample(fc.integer({ min: 1, max: 6 }), { numRuns: 3, seed });
    console.log(`CLUSTERPROXY_SEED=${seed}: killed after ${moments.join(', ')} lines`);
    let hasEnded = false;
    const ending = clusterproxyAt(main, [
      ...['fleet', 'apply', '-i', all(), '--cluster', 'delta', '--yes', '--now', '--json'],
      ...by(),
    ]).finally(() => {
      hasEnded = true;
    });
    for (const lines of moments) {
      const before = worker.told.split('\n').length;
      await until(() => hasEnded || worker.told.split('\n').length >= before + lines);
      await worker.kill();
      worker = await startWorker(engine, all(), { listen });
    }
    const ended = await ending;
    expect([ended.status, documentOf(ended).clusters.map(({ document }) => document.errors ?? [])]).toEqual([
      ...[0, [[]]],
    ]);
    // The proxy was changed before people had left the node. A run that was cut off before it touched
    // anything may have left its folder.
    const kept = (host: string) =>
      runsOf('delta', host).filter((run) => stateOf('delta', host, run) === 'committed');
    expect(['proxy-1', 'bbb-01'].map((host) => kept(host).length)).toEqual([1, 1]);
    expect(fleet.isChanged('delta')).toBe(true);
  });

  it('a worker with another inventory refuses, and so does what asks at the wrong place', async () => {
    const codesOf = (ended: Ended) =>
      documentOf(ended).clusters.map(({ document }) => document.errors?.map(({ code }) => code) ?? []);
    const check = ['fleet', 'check', '-i', all(), '--cluster', 'alpha', '--json'];
    const elsewhere = await clusterproxy([...check, '--engine', engine.ingress, '--site', 'south']);
    expect([elsewhere.status, codesOf(elsewhere)]).toEqual([1, [['engine-no-worker']]]);
    const [port] = await freePorts(1);
    const nobody = await clusterproxy([...check, '--engine', `http://127.0.0.1:${port}`, '--site', 'north']);
    expect([nobody.status, codesOf(nobody)]).toEqual([1, [['engine-unreachable']]]);
    const copy = join(fleet.folder, 'copy.yaml');
    const text = readFileSync(join(fleet.folder, 'clusters/alpha.yaml'), 'utf8');
    writeFileSync(copy, `# another version\n${text}`);
    const older = await clusterproxy(['fleet', 'check', '-i', copy, '--json', ...by()]);
    expect([older.status, codesOf(older)]).toEqual([1, [['engine-inventory-differs']]]);
  });

  it('a worker listens to others only where it can tell the engine from them', async () => {
    const argv = ['worker', '--site', 'north', '-i', all(), '--listen', '0.0.0.0:0'];
    const { status, stderr } = await clusterproxy(argv);
    expect([status, stderr]).toEqual([1, expect.stringContaining('error worker-open: ')]);
  });

  it('a worker that is asked to end has nothing left to be done by then', async () => {
    expect(await worker.stop()).toBe(0);
    worker = await startWorker(engine, all(), { listen });
  });
});

const { force, now, waitTimeout, drainTimeout, despitePolls, maxFailures, ...rest } = usual;
const { confirmTimeout, lockWait, verify, ...common } = rest;
const planned = { ...common, detailedExitcode: false };

/** A plan that somebody may agree to later. */
async function plannedBy(name: string) {
  const { url, site } = { url: engine.ingress, site: 'north' };
  const signal = AbortSignal.timeout(280_000);
  const client = new EngineClient({ url, site, signal, lost: () => undefined });
  const inventory = await hashOf(name);
  const { plan, document } = await client.look(name, {
    ...{ command: 'plan', inventory, picture: false },
    options: planned,
  });
  if (plan === undefined) throw new Error(JSON.stringify(document));
  return { client, inventory, plan };
}

/** Of the inventory as it is. */
async function hashOf(name: string): Promise<string> {
  const { readCluster } = await import('../../src/cli/fleet/clusters.ts');
  const { SecretRegister } = await import('../../src/secrets/register.ts');
  const file = join(fleet.folder, 'clusters', `${name}.yaml`);
  const { hash } = await readCluster(file, { secrets: new SecretRegister() });
  return hash ?? '';
}
