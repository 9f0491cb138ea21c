import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { probe } from '../../src/host/probe.ts';
import { hasEnded } from '../../src/host/run-state.ts';
import type { ClusterPlan } from '../../src/model/plan.ts';
import { noReads } from '../../src/model/reads.ts';
import { loadInventory } from '../../src/playbook/resolve/load-inventory.ts';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { planRun } from '../../src/run/plan-run.ts';
import { retiring } from '../../src/run/retire.ts';
import { planRollback } from '../../src/run/rollback-run.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { main } from '../e2e/program.ts';
import type { LabHost } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { applyOptions } from '../run/cluster.ts';
import { stageOf } from '../support/host-plan.ts';
import { targetOf } from './attempt.ts';
import { disarm, leftovers, setTrap } from './host-under-test.ts';
import type { Crash, Edit, Operation } from './operations.ts';
import { wordsOf } from './operations.ts';
import {
  callsOf,
  differing,
  dropIn,
  extra,
  keys,
  ours,
  packageFiles,
  planned,
  reset,
  site,
  standsStill,
  stopAtCall,
  stopCounting,
  type Tree,
  takenUp,
  treeOf,
  writeInventory,
} from './sequence-host.ts';

type Run = Extract<Operation, { crash: unknown }>;

/** Longest that a host may take to come to an end. Milliseconds. */
const patience = 120_000;

/** One host's life: what happens to it, and whether all that must hold does after each thing. */
export class Life {
  readonly #lab: Lab;
  readonly #host: LabHost;
  #value = `${ours}1`;
  #extra = false;
  #version = 1;
  #edits = 0;
  /**
   * what others have in the file with keys, without the line that is ours while the host is in the cluster
   */
  #theirs = '';
  /**
   * Files of ours that somebody had edited when the host was given back: such a file is left alone, and from
   * then on it is what was there before the host came into the cluster.
   */
  readonly #leftAlone = new Set<string>();
  readonly wrong: string[] = [];
  /** what was done, for whoever looks for the cause */
  readonly told: string[] = [];

  constructor(lab: Lab, host: LabHost) {
    this.#lab = lab;
    this.#host = host;
  }

  async begin(): Promise<void> {
    await reset(this.#host);
    this.#theirs = withoutOurs(packageFiles(1)[keys] ?? '');
  }

  /** False as soon as something isn't as it must be. */
  async live(operation: Operation): Promise<boolean> {
    const before = this.wrong.length;
    this.told.push(wordsOf(operation));
    switch (operation.kind) {
      case 'edit':
        await this.#edit(operation.what);
        break;
      case 'upgrade':
        await this.#upgrade(operation.restart);
        break;
      default:
        await this.#run(operation);
    }
    return this.wrong.length === before;
  }

  /** In the end the host can be brought in sync, and given back without a trace. */
  async end(): Promise<void> {
    const last = { kind: 'apply', generation: 9, extra: true, crash: undefined } as const;
    if (!(await this.live(last))) return;
    if (!(await this.live({ kind: 'retire', crash: undefined }))) return;
  }

  /** Nothing of ours is left on a host that was given back, but for what somebody has edited. */
  async #givenBack(): Promise<void> {
    this.#expect(!(await exists(this.#host, '/var/lib/clusterproxy')), 'something is still remembered');
    for (const [path, text] of await treeOf(this.#host)) {
      if (!text.includes(ours)) continue;
      const edited = path === site && text.includes('# theirs');
      this.#expect(
        edited || this.#leftAlone.has(path),
        `after retire something of ours is in ${path}: ${text}`,
      );
      this.#leftAlone.add(path);
    }
  }

  #expect(holds: boolean, words: string): void {
    if (!holds) this.wrong.push(`${this.told.at(-1)}: ${words}`);
  }

  async #run(run: Run): Promise<void> {
    if (run.kind === 'apply') {
      // A variable that nginx doesn't know.
      this.#value = `${ours}${run.generation}${run.broken ? '$nowhere' : ''}`;
      this.#extra = run.extra;
    }
    const file = await writeInventory(this.#lab, this.#host, {
      generation: this.#value,
      extra: this.#extra,
    });
    const before = await treeOf(this.#host);
    const running = await takenUp(this.#host);
    const changes = (await this.#plan(run, file))?.hosts.flatMap((host) => stageOf(host).changes) ?? [];
    const after = planned(before, changes);
    const words = run.kind === 'retire' ? [run.kind, this.#host.name] : [run.kind];
    const { code, document } = await this.#carryOut([...words, '--inventory', file], run.crash);
    const status = document?.hosts[0]?.status;
    this.told.push(`  ${status ?? 'nothing was said'}, exit ${code}`);

    const now = await treeOf(this.#host);
    const edited = run.crash?.how === 'somebody edits a file' ? [keys] : [];
    const isNow = (tree: Tree) => differing(now, tree).every((path) => edited.includes(path));
    const kind = isNow(after) ? 'after' : isNow(before) ? 'before' : undefined;
    if (kind === undefined)
      this.#expect(
        false,
        `neither as before (${differing(now, before)}) nor as planned (${differing(now, after)}): ${JSON.stringify(document?.hosts[0]?.error)}`,
      );
    if (status === 'changed') this.#expect(isNow(after), `changed, but files are as before`);
    if (status === 'rolled-back') this.#expect(isNow(before), 'rolled back, but files are as planned');
    if (document !== undefined && run.crash === undefined) this.#ended(run, code, document);
    await this.#invariants();
    await this.#services(run, { kind, running, status });
    if (run.kind === 'apply' && code === 0) await this.#inSync(file);
    if (run.kind === 'retire' && code === 0) await this.#givenBack();
  }

  /** What nobody has disturbed ends well, or as it has to. */
  #ended(run: Run, code: number | null, { hosts, ...rest }: ReportDocument): void {
    const status = hosts[0]?.status;
    const words = `it ended ${status} (${code}): ${JSON.stringify(hosts[0]?.error ?? rest)}`;
    if (run.kind === 'apply' && run.broken) this.#expect(status === 'rolled-back', words);
    else if (run.kind === 'rollback' && (status === 'conflict' || code === 1)) return;
    else this.#expect(status === 'changed' || status === 'in-sync', words);
  }

  /** What a run would do; undefined where it is refused. */
  async #plan(run: Run, file: string): Promise<ClusterPlan | undefined> {
    const inventory = await loadInventory(file);
    const given = run.kind === 'retire' ? retiring(inventory, this.#host.name) : inventory;
    const options = applyOptions(given);
    if (run.kind !== 'rollback') return (await planRun(options)).plan;
    const undoing = { ...options, run: undefined, removePackages: false };
    return planRollback(undoing)
      .then(({ plan }) => plan)
      .catch(() => undefined);
  }

  async #carryOut(
    words: readonly string[],
    crash: Crash | undefined,
  ): Promise<{ readonly code: number | null; readonly document: ReportDocument | undefined }> {
    if (crash !== undefined) await this.#aim(crash.at);
    const child = spawn(process.execPath, [main, ...words, '--yes', '--json'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const closed = once(child, 'close');
    let over = false;
    closed.then(
      () => {
        over = true;
      },
      () => undefined,
    );
    while (!over && !standsStill(this.#host)) await sleep(15);
    if (!over && crash !== undefined) {
      this.told.push(`  before: ${(await callsOf(this.#host)).at(-1) ?? ''}`);
      await this.#happen(crash, () => child.kill('SIGKILL'));
    } else if (crash !== undefined) this.told.push(`  it made ${(await callsOf(this.#host)).length} calls`);
    await disarm(this.#host);
    await stopCounting(this.#host);
    if (crash?.how === 'power') await this.#host.boot();
    const [code] = await closed;
    await this.#atRest();
    const whole = crash?.how !== 'controller' || code !== null;
    return { code, document: whole && output !== '' ? JSON.parse(output) : undefined };
  }

  #aim(at: Crash['at']): Promise<void> {
    if (typeof at === 'number') return stopAtCall(this.#host, at);
    return setTrap(this.#host, { moment: at.moment, patterns: [at.pattern] });
  }

  async #happen({ how }: Crash, killController: () => void): Promise<void> {
    const kill = (whom: string) =>
      this.#host.exec(`/usr/bin/systemctl kill -s KILL --kill-whom=${whom} 'clusterproxy-2*.service'`);
    switch (how) {
      case 'power':
        return this.#host.powerOff();
      case 'runner':
        await kill('main');
        return;
      case 'runner and all its processes':
        await kill('all');
        return;
      case 'controller':
        return killController();
      case 'somebody edits a file':
        return this.#edit('a line of theirs among the keys');
    }
  }

  /** Until the host has done what it can do by itself. */
  async #atRest(): Promise<void> {
    const deadline = Date.now() + patience;
    while (Date.now() < deadline) {
      const { stdout } = await this.#host.exec(
        `/usr/bin/systemctl list-units --all --no-legend --plain 'clusterproxy-*'; pgrep -f '[w]hile IFS= read -r l; do'`,
      );
      if (stdout.trim() === '') return;
      await sleep(50);
    }
    this.#expect(false, 'the host did not come to rest');
  }

  async #invariants(): Promise<void> {
    const connection = await connect(targetOf(this.#lab, this.#host));
    try {
      const { unsettled } = await probe(connection, this.#host.name, noReads);
      const open = unsettled.filter(({ state }) => !hasEnded(state) || state === 'stuck');
      this.#expect(open.length === 0, `left in state ${open.map(({ state }) => state)}`);
    } finally {
      await connection.close();
    }
    const left = await leftovers(this.#host);
    this.#expect(left.length === 0, `left: ${left.join(', ')}`);
    const text = withoutOurs(await readFile(join(this.#host.root, keys), 'utf8'));
    this.#expect(text === this.#theirs, `of others there was\n${this.#theirs}and now is\n${text}`);
  }

  /** Active, and run with the files that are there, as far as a run had to do with it. */
  async #services(
    run: Run,
    was: {
      readonly kind: 'before' | 'after' | undefined;
      readonly running: string;
      readonly status: string | undefined;
    },
  ): Promise<void> {
    const now = await takenUp(this.#host);
    this.#expect(!/ is /.test(now), now);
    const value = this.#value;
    if (run.kind === 'apply' && (was.status === 'changed' || was.status === 'in-sync'))
      this.#expect(now === `${value}, ${value}, ${value}`, `planned was ${value}, but services have ${now}`);
    if (was.kind === 'before' && was.running !== now) {
      const there = await this.#inFiles();
      const parts = now.split(', ');
      const known = was.running.split(', ');
      this.#expect(
        parts.every((part, index) => part === there[index] || part === known[index]),
        `files are as before (${there}), services had ${was.running} and have ${now}`,
      );
    }
  }

  /** What services would take up if they were started now. */
  async #inFiles(): Promise<readonly string[]> {
    const text = (path: string) => readFile(join(this.#host.root, path), 'utf8').catch(() => '');
    return [
      /^generation=(.*)$/m.exec(await text(keys))?.[1] ?? '',
      /^Environment=.*GENERATION=([^"\s]*)/m.exec(await text(dropIn))?.[1] ?? '',
      /return 200 "([^"]*)"/.exec(await text(site))?.[1] ?? '',
    ];
  }

  async #inSync(file: string): Promise<void> {
    const { plan } = await planRun(applyOptions(await loadInventory(file)));
    for (const host of plan.hosts) {
      const { problem } = host;
      const { changes, handlers } = stageOf(host);
      this.#expect(problem === undefined, `the next plan: ${problem?.message}`);
      this.#expect(changes.length === 0, `still to be changed: ${changes.map(({ path }) => path)}`);
      this.#expect(handlers.length === 0, `still owed: ${handlers.map(({ handler }) => handler.id)}`);
    }
  }

  async #edit(what: Edit): Promise<void> {
    const number = ++this.#edits;
    const at = (path: string) => join(this.#host.root, path);
    const change = async (path: string, edit: (text: string) => string) => {
      if (!(await exists(this.#host, path))) return;
      await writeFile(at(path), edit(await readFile(at(path), 'utf8')));
    };
    switch (what) {
      case 'a line of theirs among the keys':
        this.#theirs += `theirs.${number}=yes\n`;
        return change(keys, (text) => `${text}theirs.${number}=yes\n`);
      case 'our key':
        return change(keys, (text) => text.replace(/^generation=.*$/m, `generation=mine-${number}`));
      case 'the whole file of ours':
        return change(site, (text) => `# theirs ${number}\n${text}`);
      case 'a variable of theirs in our drop-in':
        return change(dropIn, (text) => `${text.trimEnd()}\nEnvironment=THEIRS_${number}=yes\n`);
      case 'a file of theirs in our directory':
        if (await exists(this.#host, extra)) await writeFile(at(`${extra}/theirs-${number}`), 'theirs\n');
        return;
      case 'our file is removed':
        return rm(at(`${extra}/deep/file`), { force: true });
      case 'our link is turned':
        await rm(at('/etc/lab/link'), { force: true });
        return symlink(`mine-${number}`, at('/etc/lab/link'));
    }
  }

  /** As dpkg does it: a new file with the time that it has in the package is renamed into place. */
  async #upgrade(restart: boolean): Promise<void> {
    this.#version++;
    for (const [path, text] of Object.entries(packageFiles(this.#version))) {
      const real = join(this.#host.root, path);
      await mkdir(join(real, '..'), { recursive: true });
      await writeFile(`${real}.dpkg-new`, text);
      await utimes(`${real}.dpkg-new`, 1_000_000_000, 1_000_000_000);
      await rename(`${real}.dpkg-new`, real);
      if (path === keys) this.#theirs = withoutOurs(text);
    }
    if (restart) await this.#host.mustExec('/usr/bin/systemctl restart lab-web nginx');
  }
}

/** The text without the one line of which the value is the cluster's. */
function withoutOurs(text: string): string {
  return text.replace(/^generation=.*\n/m, '');
}

async function exists(host: LabHost, path: string): Promise<boolean> {
  return (await lstat(join(host.root, path)).catch(() => undefined)) !== undefined;
}
