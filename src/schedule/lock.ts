import { randomBytes } from 'node:crypto';
import { link, readFile, readlink, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unusable } from './store.ts';

/** Who has it: a process of this machine, and when that was started, as numbers of processes come again. */
interface Holder {
  readonly pid: number;
  readonly started: string | undefined;
  /** the machine and the namespace in which it has that number: each container has one (pid_namespaces(7)) */
  readonly namespace?: string | undefined;
}

/** How often a lock is renewed, and when one of another namespace counts no longer. Milliseconds. */
const [renewal, lifetime] = [20_000, 90_000] as const;

/**
 * Takes a schedule's lock, so that two runs never are at work at once, whoever has started them. Undefined if
 * a process that is alive has it. One that was killed leaves its lock behind, which is taken over; that of
 * another container or machine, whose processes can't be seen from here, once it is no longer renewed. Throws
 * OperatorError `records-folder` where there can be none.
 */
export async function takeLock(folder: string): Promise<{ release(): Promise<void> } | undefined> {
  const lock = join(folder, 'lock');
  // Numbers of processes are not enough: each container has one of number 1.
  const mine = `${lock}.${process.pid}-${randomBytes(4).toString('hex')}`;
  const holder: Holder = {
    ...{ pid: process.pid, started: await startOf(process.pid), namespace: await namespaceHere() },
  };
  const words = JSON.stringify(holder);
  try {
    await writeFile(mine, words, { mode: 0o600 });
    for (const _ of [1, 2, 3]) {
      // A link is made whole or not at all, and never over one that is there.
      const isTaken = await link(mine, lock).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
          return false;
        },
      );
      if (isTaken) return held(lock, words);
      const text = await readFile(lock, 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      if (await isHeld(lock, text)) return undefined;
      await takeAway(lock, text);
    }
    return undefined;
  } catch (error) {
    throw unusable(folder, error);
  } finally {
    await rm(mine, { force: true }).catch(() => undefined);
  }
}

function held(lock: string, words: string): { release(): Promise<void> } {
  const renewing = setInterval(() => {
    const now = new Date();
    void utimes(lock, now, now).catch(() => undefined);
  }, renewal).unref();
  return {
    release: async () => {
      clearInterval(renewing);
      // Whoever took it for abandoned, since this machine was asleep, has another one there.
      if ((await readFile(lock, 'utf8').catch(() => words)) === words) await rm(lock, { force: true });
    },
  };
}

async function isHeld(lock: string, text: string): Promise<boolean> {
  const namespace = parsed(text)?.namespace;
  if (namespace === undefined || namespace === (await namespaceHere())) return isAlive(text);
  const age = await stat(lock).then(
    // Of a clock that was set back since, it would seem to be from later.
    ({ mtimeMs }) => Math.abs(Date.now() - mtimeMs),
    () => Number.POSITIVE_INFINITY,
  );
  return age < lifetime;
}

/** Somebody else may have taken it away before, and have a lock there by now: that one is put back. */
async function takeAway(lock: string, text: string): Promise<void> {
  const aside = `${lock}.${process.pid}-${randomBytes(4).toString('hex')}.left`;
  try {
    await rename(lock, aside);
  } catch {
    return;
  }
  const found = await readFile(aside, 'utf8').catch(() => text);
  if (found !== text) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isAlive(text: string): Promise<boolean> {
  const holder = parsed(text);
  if (holder === undefined || typeof holder.pid !== 'number' || holder.pid <= 0) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const started = await startOf(holder.pid);
  return holder.started === undefined || started === undefined || holder.started === started;
}

function parsed(text: string): Partial<Holder> | undefined {
  try {
    return (JSON.parse(text) as Partial<Holder> | null) ?? {};
  } catch {
    return undefined;
  }
}

/**
 * Undefined without /proc. The first namespace has the same number on each machine, so the start of the
 * machine counts as well.
 */
async function namespaceHere(): Promise<string | undefined> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => undefined);
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return namespace === undefined ? undefined : `${boot.trim()} ${namespace}`;
}

/** Field 22 of /proc/PID/stat, see proc(5), behind the name in parentheses; undefined without /proc. */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const start = text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  return start === undefined ? undefined : `${boot.trim()} ${start}`;
}
