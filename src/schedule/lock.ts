import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unusable } from './store.ts';

/** Who has it: a process of this machine, and when that was started, as numbers of processes come again. */
interface Holder {
  readonly pid: number;
  readonly started: string | undefined;
}

/**
 * Takes a schedule's lock, so that two runs never are at work at once, whoever has started them. Undefined if
 * a process that is alive has it. One that was killed leaves its lock behind, which is taken over. Throws
 * OperatorError `records-folder` where there can be none.
 */
export async function takeLock(folder: string): Promise<{ release(): Promise<void> } | undefined> {
  const lock = join(folder, 'lock');
  const mine = `${lock}.${process.pid}`;
  const holder: Holder = { pid: process.pid, started: await startOf(process.pid) };
  try {
    await writeFile(mine, JSON.stringify(holder), { mode: 0o600 });
    for (const _ of [1, 2, 3]) {
      // A link is made whole or not at all, and never over one that is there.
      const isTaken = await link(mine, lock).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
          return false;
        },
      );
      if (isTaken) return { release: () => rm(lock, { force: true }) };
      const text = await readFile(lock, 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      if (await isAlive(text)) return undefined;
      await takeAway(lock, text);
    }
    return undefined;
  } catch (error) {
    throw unusable(folder, error);
  } finally {
    await rm(mine, { force: true }).catch(() => undefined);
  }
}

/** Somebody else may have taken it away before, and have a lock there by now: that one is put back. */
async function takeAway(lock: string, text: string): Promise<void> {
  const aside = `${lock}.${process.pid}.left`;
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
  let holder: Partial<Holder>;
  try {
    holder = (JSON.parse(text) as Partial<Holder> | null) ?? {};
  } catch {
    return false;
  }
  if (typeof holder.pid !== 'number' || holder.pid <= 0) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const started = await startOf(holder.pid);
  return holder.started === undefined || started === undefined || holder.started === started;
}

/** Field 22 of /proc/PID/stat, see proc(5), behind the name in parentheses; undefined without /proc. */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const start = text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  return start === undefined ? undefined : `${boot.trim()} ${start}`;
}
