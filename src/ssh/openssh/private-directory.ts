import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `clusterproxy-PID-RANDOM` */
const pattern = /^clusterproxy-(\d+)-\w{6}$/;

/**
 * Younger ones may belong to a process that this one doesn't see: /tmp can be shared with containers.
 * Milliseconds.
 */
const leftAlone = 60 * 60 * 1_000;

/**
 * A folder that only this user can enter (0700), for sockets. In XDG_RUNTIME_DIR where there is one, which is
 * in memory and nobody else's, else where temporary files go. Folders of processes that are gone are removed.
 *
 * The path has nothing in it that ssh_config(5) or a shell would read in another way, and is short: the path
 * of a Unix socket has at most 104 bytes on some systems.
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
