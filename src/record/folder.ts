import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Of all logs in a folder together, before a new one is begun: so many, and so many bytes. */
export const kept = { logs: 200, bytes: 256 * 1024 * 1024 };

const ending = '.jsonl';

/** A log in a folder. */
export interface LogFile {
  /** its name without the ending: the id of the run, where there was one */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** when it was written to last; milliseconds since the epoch */
  readonly at: number;
}

/** The folder of an account's logs (XDG Base Directory Specification). */
export function logsFolder(stateHome: string | undefined, home: string): string {
  const base = stateHome?.startsWith('/') ? stateHome : join(home, '.local/state');
  return join(base, 'clusterproxy/events');
}

export function pathOf(folder: string, name: string): string {
  return join(folder, `${name}${ending}`);
}

/** Makes a folder for logs, for its owner only. Throws the system's error, or one that says what is wrong. */
export async function openFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = await stat(folder);
  const mine = process.geteuid?.();
  // Whoever has it could lead us by links elsewhere.
  if (uid !== 0 && uid !== mine) throw new Error(`it belongs to another account (uid ${uid})`);
  if ((mode & 0o077) !== 0 && uid === mine) await chmod(folder, 0o700);
}

/** The logs in a folder, the latest first; none where there is no such folder. */
export async function logsIn(folder: string): Promise<readonly LogFile[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR'].includes(error.code ?? '')) return [];
    throw error;
  });
  const logs = await Promise.all(
    names
      .filter((name) => name.endsWith(ending))
      .map(async (file): Promise<readonly LogFile[]> => {
        const path = join(folder, file);
        // Another run may have removed it meanwhile.
        const found = await stat(path).catch(() => undefined);
        if (found === undefined || !found.isFile()) return [];
        return [{ name: file.slice(0, -ending.length), path, bytes: found.size, at: found.mtimeMs }];
      }),
  );
  return logs.flat().sort((one, other) => other.at - one.at || (one.name < other.name ? 1 : -1));
}

/** Which logs have to go so that a new one has its place; they are given with the latest first. Pure. */
export function tooMany<Log extends Pick<LogFile, 'bytes'>>(
  logs: readonly Log[],
  most: typeof kept = kept,
): readonly Log[] {
  let bytes = 0;
  return logs.filter((log, index) => {
    bytes += log.bytes;
    return index + 1 >= most.logs || bytes > most.bytes;
  });
}

/** Removes the oldest logs of a folder. */
export async function removeOld(folder: string, most: typeof kept = kept): Promise<void> {
  for (const { path } of tooMany(await logsIn(folder), most)) await rm(path, { force: true });
}
