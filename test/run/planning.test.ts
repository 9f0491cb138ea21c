import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { type PlanInput, planCluster } from '../../src/plan/forward/plan-cluster.ts';
import { planElsewhere, type StartThread } from '../../src/run/planning/elsewhere.ts';
import { clusterJob } from '../../src/run/planning/job.ts';
import { isLarge } from '../../src/run/planning/large.ts';
import { planHostsOf, undoOnHost } from '../../src/run/planning/plan-hosts.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import { loadInventory } from '../support/load-inventory.ts';
import { carriedOutHost, edited, recorded } from '../support/recorded-run.ts';
import { planInput, snapshotsOf } from '../support/sample-cluster.ts';
import { fakeWorker, threadHere } from '../support/thread-here.ts';

const path = '/etc/large.yml';
const token = 'opens-all-of-them-5ba1';
const never = new AbortController().signal;
const playbook = `name: large
description: for tests
modules: [own.mjs]
variables:
  token: {type: secret, description: opens doors}
roles:
  node:
    description: a host
    steps:
      - {id: keys, yaml: {path: ${path}, set: {token: '{{ vars.token }}'}}}
      - {id: own, own: {path: /etc/own.conf}}
`;
const own = `export default ({ z }) => ({
  name: 'own',
  description: 'writes a file',
  parameters: z.strictObject({ path: z.string() }),
  reads: ({ path }) => ({ paths: [path, '/etc'] }),
  apply: (host, { path }) => {
    host.manage({ path, format: 'file', key: [] });
    host.write(path, 'own\\n');
  },
});
`;

let folder: string;
let inventory: Inventory;
let input: PlanInput;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-planning-'));
  writeFileSync(join(folder, 'large.yaml'), playbook);
  writeFileSync(join(folder, 'own.mjs'), own);
  const hosts = ['node-1', 'node-2', 'node-3'].map((name) => {
    return { name, hostname: `${name}.example.com` };
  });
  const cluster = { name: 'prod', hostname: 'large.example.com' };
  const text = JSON.stringify({ playbook: './large.yaml', cluster, vars: { token }, hosts: { node: hosts } });
  writeFileSync(join(folder, 'prod.yaml'), text);
  inventory = await loadInventory(join(folder, 'prod.yaml'));
  const files = { [path]: `# ${'x'.repeat(90_000)}\na: 1\n` };
  input = planInput(inventory, snapshotsOf(inventory, { 'node-1': { files }, 'node-2': {}, 'node-3': {} }));
});
afterAll(() => rmSync(folder, { recursive: true }));

function secrets(): SecretRegister {
  const register = new SecretRegister();
  register.add(token);
  return register;
}

const elsewhere = (start: StartThread, signal = never) =>
  planElsewhere(clusterJob(inventory, secrets(), { hosts: input.hosts, only: undefined }), { start, signal });

/** A thread that ends while it works on the host with this index. */
function crashing(index: number, how: (worker: ReturnType<typeof fakeWorker>) => void): StartThread {
  return (data) => {
    if (data.job.kind === 'cluster' && data.job.failed.size > 0) return threadHere(data);
    const worker = fakeWorker();
    setImmediate(() => {
      worker.emit('online');
      Atomics.store(data.turn, 0, index);
      how(worker);
    });
    return worker;
  };
}

describe('planning on another thread', () => {
  it('gives the same plans, with steps of one’s own and with secrets', async () => {
    const plans = planCluster({ ...input, secrets: secrets() });
    expect(plans.map(({ problem }) => problem)).toEqual([undefined, undefined, undefined]);
    expect(JSON.stringify(plans[0]?.stages[0]?.changes.map(({ secret }) => secret))).toContain('***');
    expect(await elsewhere(threadHere)).toStrictEqual(plans);
  });

  it('is for hosts with a file that takes long to edit', () => {
    const { hosts } = input;
    expect(isLarge({ hosts, only: undefined })).toBe(true);
    expect(isLarge({ hosts, only: new Set(['node-2']) })).toBe(false);
    const moderate = hosts.slice(1).map((host) => {
      const content = Buffer.alloc(60_000);
      const file = { kind: 'file', content, mode: 0o644, user: 'root', group: 'root' } as const;
      const paths = new Map(['/a', '/b', '/c', '/d', '/e'].map((name) => [name, file]));
      return { ...host, snapshot: host.snapshot && { ...host.snapshot, paths } };
    });
    expect(isLarge({ hosts: moderate, only: undefined })).toBe(true);
  });

  it.each([
    ['an error of its own', (worker) => worker.emit('error', new Error('JS heap out of memory'))],
    ['an end without an answer', (worker) => worker.emit('exit', 7)],
  ] as const satisfies readonly (readonly [string, Parameters<typeof crashing>[1]])[])(
    'takes %s for a problem of the host that was worked on',
    async (_, how) => {
      const plans = await elsewhere(crashing(1, how));
      const [before, crashed, behind] = planCluster({ ...input, secrets: secrets() });
      expect(plans).toStrictEqual([
        before,
        { ...crashed, ...{ problem: expect.anything(), recipe: undefined, stages: [], guards: [] } },
        behind,
      ]);
      expect(plans?.[1]?.problem).toMatchObject({
        code: 'planning-crashed',
        host: 'node-2',
        message: expect.stringMatching(/crashed: (JS heap out of memory|it ended with the exit code 7)$/),
      });
    },
  );

  it('hides secrets of a host that its error quotes', async () => {
    const error = new Error('no idea what securitySalt=sample-5ba1 means');
    const plans = await elsewhere(crashing(1, (worker) => worker.emit('error', error)));
    expect(plans?.[1]?.problem).toMatchObject({
      message: expect.stringMatching(/crashed: no idea what securitySalt=\*+ means$/),
    });
  });

  it('ends a run in which it crashes before any host’s turn, and names the largest file', async () => {
    const always: StartThread = () => {
      const worker = fakeWorker();
      setImmediate(() => worker.emit('online') && worker.emit('exit', 1));
      return worker;
    };
    await expect(elsewhere(always)).rejects.toMatchObject({
      problem: {
        code: 'planning-crashed',
        host: 'node-1',
        next: expect.stringContaining(`${path} (88 KiB)`),
      },
    });
  });

  it('isn’t done where no thread can be had: this one does it', async () => {
    const none: StartThread = () => {
      const worker = fakeWorker();
      setImmediate(() => worker.emit('error', new Error('ERR_WORKER_INIT_FAILED')));
      return worker;
    };
    expect(await elsewhere(none)).toBe(undefined);
    const planHosts = planHostsOf(inventory, { secrets: secrets(), signal: never, startThread: none });
    expect(await planHosts(input.hosts)).toEqual(planCluster({ ...input, secrets: secrets() }));
  });

  it('ends as soon as somebody interrupts, whatever the thread does', async () => {
    const interrupting = new AbortController();
    const busy: StartThread = () => {
      const worker = fakeWorker();
      setImmediate(() => interrupting.abort());
      return worker;
    };
    await expect(elsewhere(busy, interrupting.signal)).rejects.toMatchObject({
      problem: { code: 'interrupted' },
    });
  });

  it('undoes a run in the same way, over what somebody has edited since', async () => {
    const [plan] = planCluster({ ...input, secrets: secrets() });
    if (plan === undefined) throw new Error('no plan');
    const run = recorded(plan);
    const snapshot = edited(carriedOutHost(plan), path, (text) => `${text}added: later\n`);
    const { host: name, role } = plan;
    const looked = { name, role, snapshot, problem: undefined, durationMs: 0 };
    let threads = 0;
    const startThread: StartThread = (data) => {
      threads += 1;
      return threadHere(data);
    };
    const undoing = { hosts: [looked], recorded: [run], force: false } as const;
    const options = { secrets: secrets(), signal: never };
    const here = await undoOnHost(inventory, undoing, options);
    expect(here.changes.map((change) => change.path)).toEqual([path, '/etc/own.conf']);
    expect(await undoOnHost(inventory, undoing, { ...options, startThread })).toStrictEqual(here);
    expect(threads).toBe(1);
  });

  it('refuses a step module whose file has been changed since', async () => {
    writeFileSync(join(folder, 'own.mjs'), `${own}// changed\n`);
    await expect(elsewhere(threadHere)).rejects.toMatchObject({
      problems: [{ code: 'invalid-module', message: expect.stringContaining('own.mjs was changed') }],
    });
    writeFileSync(join(folder, 'own.mjs'), own);
  });
});
