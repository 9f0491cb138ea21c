import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `clusterproxy-PID-RANDOM` */
const pattern = /^clusterproxy-(\d+)-\w{6}$/;

/**
 * A newer folder may belong to a process that is not visible from here: /tmp can be shared with containers.
 * Milliseconds.
 */
const leftAlone = 60 * 60 * 1_000;

/**
 * A folder for sockets that only this user can enter (0700). It is in XDG_RUNTIME_DIR if that is set, as it
 * is private and in memory, otherwise in the folder for temporary files. Folders of processes that have ended
 * are removed.
 *
 * The path contains nothing that ssh_config(5) or a shell would interpret, and is short: on some systems the
 * path of a Unix socket has at most 104 bytes.
 */
export async function createPrivateDirectory(): Promise<string> {
  const bases = [process.env.XDG_RUNTIME_DIR ?? '', tmpdir(), '/tmp'].filter(isPlain);
  let failure: unknown;
  for (const base of bases) {
    await removeLeftovers(base);
    try {
      return await mkdtemp(join(base, `clusterproxy-${process.pid}-`));
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function isPlain(path: string): boolean {
  return /^\/[\w./+-]+$/.test(path) && path.length <= 55;
}

async function removeLeftovers(base: string): Promise<void> {
  const names = await readdir(base).catch(() => []);
  for (const name of names) {
    const pid = Number(pattern.exec(name)?.[1]);
    if (!Number.isInteger(pid) || pid <= 0 || isAlive(pid)) continue;
    const path = join(base, name);
    const state = await lstat(path).catch(() => undefined);
    if (state?.isDirectory() !== true || state.uid !== process.getuid?.()) continue;
    if (Date.now() - state.mtimeMs < leftAlone) continue;
    await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
