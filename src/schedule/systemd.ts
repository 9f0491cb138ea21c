import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OperatorError } from '../model/operator-error.ts';
import type { PrintedFile } from '../model/schedule.ts';
import { isTimerFor } from './names.ts';

const run = promisify(execFile);

/** A manager of systemd on this machine: that of the system, or the user's own. */
export class Systemd {
  readonly kind: 'system' | 'user';
  readonly #units: string;
  readonly #runtime: string;

  constructor(
    kind: 'system' | 'user',
    { home, variables }: { home: string; variables: Readonly<Record<string, string | undefined>> },
  ) {
    this.kind = kind;
    const config = variables.XDG_CONFIG_HOME?.startsWith('/')
      ? variables.XDG_CONFIG_HOME
      : join(home, '.config');
    this.#units = kind === 'system' ? '/etc/systemd/system' : join(config, 'systemd/user');
    const runtime = variables.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.() ?? 0}`;
    this.#runtime = kind === 'system' ? '/run' : runtime;
  }

  /** Throws OperatorError `systemd-missing` if there is no such manager. */
  async present(): Promise<void> {
    try {
      await this.systemctl('show', '--property=Version');
    } catch (error) {
      const { stderr = '', message } = error as { readonly stderr?: string; readonly message: string };
      throw new OperatorError({
        code: 'systemd-missing',
        message: `systemd's ${this.kind} manager doesn't answer on this machine`,
        next: 'see `clusterproxy schedule install --print cron` and the others for schedules elsewhere',
        detail: stderr.trim() || message,
      });
    }
  }

  async isInstalled(unit: string): Promise<boolean> {
    return access(join(this.#units, `${unit}.timer`)).then(
      () => true,
      () => false,
    );
  }

  /**
   * The schedules that are installed for an inventory, by its absolute path: whatever its cluster was called
   * then, and also where it is gone.
   */
  async installedFor(inventory: string): Promise<readonly string[]> {
    const files = await readdir(this.#units).catch((): readonly string[] => []);
    return files
      .filter((file) => isTimerFor(file, inventory))
      .map((file) => file.slice(0, -'.timer'.length))
      .sort();
  }

  /** The text of an installed unit; undefined where there is none. */
  textOf(file: string): Promise<string | undefined> {
    return readFile(join(this.#units, file), 'utf8').catch(() => undefined);
  }

  /** Writes units, and has the timer begin, now and after each start of the machine. */
  async install(unit: string, files: readonly PrintedFile[]): Promise<void> {
    await mkdir(this.#units, { recursive: true });
    for (const { file, text } of files) await writeFile(join(this.#units, file), text, { mode: 0o644 });
    await this.systemctl('daemon-reload');
    await this.systemctl('enable', `${unit}.timer`);
    // An older one goes on by what it knew.
    await this.systemctl('restart', `${unit}.timer`);
  }

  /** Ends a schedule; a run that is at work is let finish. Says whether there was one. */
  async remove(unit: string): Promise<boolean> {
    if (!(await this.isInstalled(unit))) return false;
    await this.systemctl('disable', '--now', `${unit}.timer`);
    for (const end of ['timer', 'service']) await rm(join(this.#units, `${unit}.${end}`), { force: true });
    await this.systemctl('daemon-reload');
    // When it fired last is remembered by a file of systemd's; another schedule of that name has not.
    await this.systemctl('clean', '--what=state', `${unit}.timer`).catch(() => undefined);
    // What is removed isn't to be listed as failed any longer.
    await this.systemctl('reset-failed', `${unit}.service`).catch(() => undefined);
    return true;
  }

  /**
   * Carries out a service once, in the surroundings that it will have, and returns what it wrote to standard
   * output and how it ended. `serviceText` writes to the file that it is given. Once `signal` is aborted the
   * service is ended.
   */
  async tryOut(
    unit: string,
    serviceText: (output: string) => string,
    signal: AbortSignal,
  ): Promise<{ readonly output: string; readonly status: number; readonly result: string }> {
    const folder = await mkdtemp(join(this.#runtime, 'clusterproxy-first-'));
    const file = join(this.#runtime, 'systemd', this.kind, `${unit}.service`);
    const stop = () => this.systemctl('stop', `${unit}.service`).catch(() => undefined);
    const end = () => void stop();
    signal.addEventListener('abort', end);
    try {
      await mkdir(join(this.#runtime, 'systemd', this.kind), { recursive: true });
      const output = join(folder, 'report.json');
      await writeFile(file, serviceText(output), { mode: 0o644 });
      await this.systemctl('daemon-reload');
      // One that somebody has killed in the middle stays as it ended, and would not begin anew.
      await stop();
      signal.throwIfAborted();
      await this.systemctl('start', `${unit}.service`).catch(() => undefined);
      signal.throwIfAborted();
      const shown = await this.show(`${unit}.service`, ['ExecMainStatus', 'Result']);
      return {
        output: await readFile(output, 'utf8').catch(() => ''),
        status: Number(shown.get('ExecMainStatus') ?? 1),
        result: shown.get('Result') ?? '',
      };
    } finally {
      signal.removeEventListener('abort', end);
      await stop();
      await rm(file, { force: true });
      await rm(folder, { recursive: true, force: true });
      await this.systemctl('daemon-reload').catch(() => undefined);
      await this.systemctl('reset-failed', `${unit}.service`).catch(() => undefined);
    }
  }

  /** When a timer fires next, in milliseconds since the epoch; undefined where that isn't known. */
  async next(unit: string): Promise<number | undefined> {
    const shown = await this.show(`${unit}.timer`, ['NextElapseUSecRealtime']);
    const text = shown.get('NextElapseUSecRealtime') ?? '';
    const [, seconds] = /^@(\d+)/.exec(text) ?? [];
    if (seconds !== undefined) return Number(seconds) * 1_000;
    // Of this property, not every systemd heeds how timestamps are wanted: `Fri 2026-11-27 02:33:00 UTC`.
    const written = Date.parse(text.replace(/^\w+ /, ''));
    return Number.isNaN(written) ? undefined : written;
  }

  /** Whether a run is at work. */
  async isRunning(unit: string): Promise<boolean> {
    const state = (await this.show(`${unit}.service`, ['ActiveState'])).get('ActiveState') ?? '';
    return ['activating', 'deactivating'].includes(state);
  }

  async show(unit: string, properties: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const words = ['show', '--timestamp=unix', `--property=${properties.join(',')}`, unit];
    const text = await this.systemctl(...words).catch(() => '');
    return new Map(
      text.split('\n').flatMap((line) => {
        const at = line.indexOf('=');
        return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
      }),
    );
  }

  /** The output of systemctl(1); rejects if it fails. */
  async systemctl(...words: readonly string[]): Promise<string> {
    const all = [...(this.kind === 'user' ? ['--user'] : []), '--no-pager', ...words];
    return (await run('systemctl', all, { env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } })).stdout;
  }
}

/** An account by its name, as getent(1) knows it. */
export async function findAccount(
  name: string,
): Promise<{ readonly name: string; readonly uid: number; readonly home: string } | undefined> {
  const { stdout } = await run('getent', ['passwd', '--', name]).catch(() => ({ stdout: '' }));
  const [account, , uid, , , home] = stdout.trim().split(':');
  if (account === undefined || uid === undefined || home === undefined || uid === '') return undefined;
  return { name: account, uid: Number(uid), home };
}

/** Whether a user's manager runs while the user isn't logged in (loginctl(1), enable-linger). */
export async function lingers(user: string): Promise<boolean> {
  return access(join('/var/lib/systemd/linger', user)).then(
    () => true,
    () => false,
  );
}
