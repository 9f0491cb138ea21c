import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface ReplaceOptions {
  /** whatever the umask is */
  readonly mode: number;
  /** whose it was; kept where we may give files to others */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Replaces a file as a whole, or makes it: others see what was there or all of the new content, and a power
 * cut leaves one of the two. The fresh one has a dot before its name, which programs that read all files of
 * a folder pass over, and a name that whoever else can write there can't foresee, to lead us elsewhere by a
 * link. Throws the system's error; then nothing has changed.
 */
export async function replaceFile(
  file: string,
  content: string | Uint8Array,
  { mode, owner }: ReplaceOptions,
): Promise<void> {
  const fresh = join(dirname(file), `.${basename(file)}.${randomBytes(8).toString('hex')}`);
  try {
    // Nobody else reads it before it has its mode.
    const handle = await open(fresh, 'wx', mode & 0o600);
    try {
      await handle.writeFile(content);
      if (owner !== undefined && (owner.uid !== process.geteuid?.() || owner.gid !== process.getegid?.()))
        await handle.chown(owner.uid, owner.gid).catch(() => undefined);
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw error;
  }
}
