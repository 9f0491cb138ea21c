import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serialize } from 'node:v8';
import { probe } from '../../src/host/probe.ts';
import { hasEnded } from '../../src/host/run-state.ts';
import { transact } from '../../src/host/transact.ts';
import { noReads } from '../../src/model/reads.ts';
import type { UnsettledRun } from '../../src/model/snapshot.ts';
import type { Transaction, TransactionResult } from '../../src/model/transaction.ts';
import { plainTarget } from '../../src/ssh/resolve-target.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import type { SshTarget } from '../../src/ssh/target.ts';
import { mustRun } from '../lab/command.ts';
import type { LabHost } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { type Boundary, type Fault, state } from './boundaries.ts';
import {
  disarm,
  fillDisk,
  generationOf,
  leftovers,
  release,
  reloadNginx,
  restartWeb,
  served,
  setTrap,
  spoil,
  step,
  trapped,
} from './host-under-test.ts';
import { type Line, lineTo } from './line.ts';

/** How a fault at a boundary ended, and all that was not as it must be. */
export interface Ending {
  /** `after`, `before`, or what had to be mended first */
  readonly word: string;
  readonly wrong: readonly string[];
}

export interface Attempt {
  readonly lab: Lab;
  readonly host: LabHost;
  readonly boundary: Boundary;
  readonly fault: Fault;
  readonly confirm: 'host' | 'outside';
  /** path of the bundled controller that can be killed */
  readonly controller: string;
  /** of the hosts' keys; over a broken line they have another address */
  readonly fingerprints: readonly string[];
}

/** Longest that a host may take to come to an end. Milliseconds. */
const patience = 120_000;

/**
 * Brings a host that is in sync to the boundary, lets the fault happen there, mends it, and looks what became
 * of the host.
 */
export async function attempt(options: Attempt): Promise<Ending> {
  const { host, boundary, fault } = options;
  const from = await generationOf(host);
  if (from === undefined) return { word: '?', wrong: ['the host was not in order before'] };
  const waits = options.confirm === 'outside' || boundary.story === 'decline';
  const plan = step(host, from, from + 1, {
    handlers: [restartWeb, reloadNginx].map((handler) => ({
      ...handler,
      timeout: fault === 'handler hangs' ? 3 : handler.timeout,
      settle: fault === 'unit dies' ? 4 : 0,
    })),
    ...(waits ? { confirm: 'outside', confirmTimeout: fault === 'controller killed' ? 3 : 12 } : {}),
  });
  const line = await lineTo(host.address, host.port);
  const wrong: string[] = [];
  const [lead, next] = storyOf(boundary);
  await setTrap(host, lead);
  const controller = control(options, plan, line);
  const reach = async () => {
    if (!(await trapped(host, controller.ended))) throw new Error('the boundary was never reached');
  };
  try {
    await reach();
    let booted: Promise<unknown> | undefined;
    if (next !== undefined) {
      if (boundary.story === 'power-cut') await host.powerOff();
      await setTrap(host, next);
      await release(host);
      // A host that loses power while it boots never gets there.
      if (boundary.story === 'power-cut') booted = host.boot().catch(() => undefined);
      await reach();
    }
    await disarm(host);
    const mend = await happen(options, { line, controller, wrong: from + 1 });
    await release(host);
    await booted;
    await atRest(options, plan.run, controller.ended);
    line.reset();
    await controller.ended;
    await mend();
    return await judge(options, { from, plan, told: controller.result(), wrong });
  } catch (error) {
    return { word: '?', wrong: [error instanceof Error ? error.message : String(error)] };
  } finally {
    controller.kill();
    line.close();
    await disarm(host);
    await release(host);
  }
}

type Moment = Pick<Boundary, 'moment' | 'patterns'>;

/** Where the host is to stand first, so that what comes then is not taken for something earlier. */
function storyOf(boundary: Boundary): readonly [Moment, Moment?] {
  if (boundary.name === 'validation') return [{ moment: 'after', patterns: state('open') }, boundary];
  if (boundary.story === 'apply' || boundary.name === 'waiting for the word') return [boundary];
  if (boundary.story === 'decline')
    return [{ moment: 'after', patterns: ['mv*/states/waiting *'] }, boundary];
  return [{ moment: 'after', patterns: ['systemctl restart lab-web'] }, boundary];
}

interface Controller {
  readonly ended: Promise<unknown>;
  result(): TransactionResult | undefined;
  kill(): void;
}

/** The one that is to be killed is a process of its own. */
function control(
  { lab, host, fault, boundary, controller, fingerprints }: Attempt,
  transaction: Transaction,
  line: Line,
): Controller {
  const target: SshTarget = {
    ...targetOf(lab, host),
    host: '127.0.0.1',
    port: line.port,
    hostKeys: [...fingerprints],
  };
  const word = boundary.story !== 'decline';
  let result: TransactionResult | undefined;
  if (fault === 'controller killed') {
    const child = spawn(process.execPath, [controller], { stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.on('error', () => undefined);
    child.stdin.end(serialize({ transaction, target, word }));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    return { ended, result: () => undefined, kill: () => child.kill('SIGKILL') };
  }
  const abort = new AbortController();
  const ended = transact(() => connect(target, { signal: abort.signal }), transaction, {
    signal: abort.signal,
    confirm: async () => word,
  }).then(
    (value) => {
      result = value;
    },
    () => undefined,
  );
  return { ended, result: () => result, kill: () => abort.abort() };
}

export function targetOf(lab: Lab, host: LabHost): SshTarget {
  return plainTarget({
    host: host.address,
    user: 'root',
    identityFiles: [lab.sshKey],
    knownHostsFiles: [lab.knownHosts],
  });
}

const disks = ['/etc', '/var/lib/clusterproxy'];

/** Returns what mends it again. */
async function happen(
  { lab, host, fault, boundary }: Attempt,
  {
    line,
    controller,
    wrong,
  }: { readonly line: Line; readonly controller: Controller; readonly wrong: number },
): Promise<() => Promise<unknown>> {
  const nothing = async () => undefined;
  // Laid over what is there, as nobody can make a file system read-only that has files open to be written.
  const each = (command: string) =>
    host.mustExec(['sh', '-c', disks.map((disk) => command.replaceAll('DISK', disk)).join(' && ')]);
  switch (fault) {
    case 'controller killed':
      controller.kill();
      return nothing;
    case 'TCP reset':
      line.reset();
      return nothing;
    case 'TCP silent':
      line.silence();
      return nothing;
    case 'power lost':
      await host.powerOff();
      await release(host);
      await host.boot();
      return nothing;
    case 'disk full':
      return fillDisk(host, lab);
    case 'read-only':
      await each('mount --bind DISK DISK && mount -o remount,bind,ro DISK');
      return () => each('umount --lazy DISK');
    case 'file immutable': {
      const path = boundary.name.includes('last') ? '/etc/nginx/conf.d/lab.conf' : '/etc/lab/web.conf';
      await mustRun('chattr', ['+i', join(host.root, path)]);
      return () =>
        mustRun('find', [
          join(host.root, 'etc/lab'),
          join(host.root, 'etc/nginx/conf.d'),
          ...['-type', 'f', '-exec', 'chattr', '-i', '{}', '+'],
        ]);
    }
    case 'handler hangs':
      await spoil(host, 'hang', wrong);
      return () => disarm(host);
    case 'handler fails':
      await spoil(host, 'fail', wrong);
      return () => disarm(host);
    case 'unit dies':
      await spoil(host, 'dies', wrong);
      return () => disarm(host);
  }
}

/** Until the host has done what it can do by itself. */
async function atRest({ host, fault }: Attempt, run: string, told: Promise<unknown>): Promise<void> {
  const deadline = Date.now() + patience;
  let over = false;
  const end = () => {
    over = true;
  };
  told.then(end, end);
  let quietSince: number | undefined;
  for (let round = 0; Date.now() < deadline; round++) {
    const state = stateOf(host, run);
    // The host is asked seldom as long as its files say that it works.
    if (hasEnded(state) || round % 10 === 9) {
      const { stdout } = await host.exec([
        '/usr/bin/systemctl',
        'show',
        '-p',
        'ActiveState',
        `clusterproxy-${run}.service`,
      ]);
      const works = /=(active|activating|deactivating)/.test(stdout);
      if (!works && hasEnded(stateOf(host, run))) return;
      quietSince = works ? undefined : (quietSince ?? Date.now());
      // It can't go on, or never began: a controller that lives says so, or begins again.
      const quiet = quietSince !== undefined && Date.now() - quietSince > 1_000;
      if (quiet && (over || fault === 'controller killed')) return;
    }
    await sleep(50);
  }
  throw new Error(`the host did not come to an end (${stateOf(host, run)})`);
}

function stateOf(host: LabHost, run: string): string {
  try {
    return readFileSync(join(host.root, 'var/lib/clusterproxy/runs', run, 'state'), 'utf8').trim();
  } catch {
    return 'none';
  }
}

function statesOf(host: LabHost): readonly string[] {
  // What a power cut leaves of a run that had not arrived begins with a dot; nobody takes it for one.
  const runs = readdirSync(join(host.root, 'var/lib/clusterproxy/runs')).filter(
    (run) => !run.startsWith('.'),
  );
  return runs.map((run) => stateOf(host, run));
}

interface Found {
  readonly from: number;
  readonly plan: Transaction;
  readonly told: TransactionResult | undefined;
  readonly wrong: readonly string[];
}

/** What must hold whatever happened, then what the next command makes of it. */
async function judge(
  { lab, host, fault }: Attempt,
  { from, plan, told, wrong: before }: Found,
): Promise<Ending> {
  const wrong = [...before];
  const to = from + 1;
  const expect = (holds: boolean, words: string) => {
    if (!holds) wrong.push(words);
  };
  const now = await generationOf(host);
  const state = stateOf(host, plan.run);
  const unsettled = await look(lab, host);
  const open = unsettled.some((run) => run.state !== 'kept' && run.state !== 'conflict');
  if (now === undefined) {
    // Where nothing can be written, nothing can be put back: it has to be told, and mended.
    expect(
      open && (fault === 'read-only' || fault === 'file immutable'),
      `files are of two kinds, in state ${state}`,
    );
  } else {
    expect(now === from || now === to, `files of generation ${now}`);
    if (!open) expect((await served(host)) === services(now), `files of ${now}, but ${await served(host)}`);
    if (told?.state === 'committed') expect(now === to, 'committed, but the files are as before');
    if (told?.state === 'reverted' || told?.state === 'refused')
      expect(now === from, `${told.state}, but the files are new`);
  }
  // On a disk that can't be written to nothing can be removed either; the next run does.
  if (!open && fault !== 'read-only')
    expect((await leftovers(host)).length === 0, `left: ${(await leftovers(host)).join(', ')}`);
  if (fault === 'controller killed' || fault.startsWith('TCP') || fault === 'power lost') {
    expect(!open, `left in state ${unsettled.map((run) => run.state).join()}`);
  }
  await nextApply(lab, host, { to, open, wrong });
  const kind = now === undefined ? 'mixed' : now === to ? 'after' : 'before';
  return { word: open ? `${kind}, ${told?.state ?? state}, until fixed` : kind, wrong };
}

async function nextApply(
  lab: Lab,
  host: LabHost,
  { to, open, wrong }: { readonly to: number; readonly open: boolean; readonly wrong: string[] },
): Promise<void> {
  const carry = async (transaction: Transaction) => {
    const result = await transact(() => connect(targetOf(lab, host)), transaction);
    if (result.state === 'committed') return;
    wrong.push(`the next apply: ${result.state}, ${result.problem?.message} ${result.problem?.detail ?? ''}`);
  };
  // What is open is settled first; then it is planned from what is there.
  if (open) await carry(step(host, to, to));
  const now = await generationOf(host);
  if (now === undefined) wrong.push('files are of two kinds after the next command');
  await carry(step(host, now ?? to, to));
  const end = { files: await generationOf(host), services: await served(host), left: await leftovers(host) };
  if (end.files !== to) wrong.push(`in the end files of ${end.files}`);
  if (end.services !== services(to)) wrong.push(`in the end ${end.services}`);
  if (end.left.length > 0) wrong.push(`in the end left: ${end.left.join(', ')}`);
  const unended = statesOf(host).filter((state) => !hasEnded(state) || state === 'stuck');
  if (unended.length > 0) wrong.push(`in the end ${unended.join()}`);
}

function services(generation: number): string {
  return `nginx generation ${generation}; lab-web generation ${generation};`;
}

async function look(lab: Lab, host: LabHost): Promise<readonly UnsettledRun[]> {
  const connection = await connect(targetOf(lab, host));
  try {
    return (await probe(connection, host.name, noReads)).unsettled;
  } finally {
    await connection.close();
  }
}
