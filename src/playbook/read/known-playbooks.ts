import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Playbook } from '../../model/playbook.ts';
import { packageRoot } from '../../package-root.ts';

/** A playbook that was read and found valid, and all files that it was read from. */
export interface KnownPlaybook {
  /** path to SHA-256 of the bytes, in hexadecimal */
  readonly files: Readonly<Record<string, string>>;
  readonly playbook: Playbook;
}

/** What this process has read; by the playbook's file. */
const remembered = new Map<string, KnownPlaybook>();

/**
 * Where the build prepares playbooks: beside the program, and nowhere if that runs from its sources. The name
 * of each file is the SHA-256 of the playbook's own file.
 */
const preparedFolder = join(dirname(fileURLToPath(import.meta.url)), 'prepared');

/**
 * The playbook of that file, if it was read before, by this process or when the program was built, and each
 * file that it was read from is still the same: to parse and check 70 KB of YAML takes half a second.
 */
export async function knownPlaybook(file: string): Promise<Playbook | undefined> {
  try {
    const known = remembered.get(file) ?? readPrepared(await prepared(file), file);
    const sums = await sumsOf(Object.keys(known.files));
    if (Object.entries(known.files).some(([path, sum]) => sums[path] !== sum)) return undefined;
    remembered.set(file, known);
    return known.playbook;
  } catch {
    // It only saves time. Whatever is wrong with the files is found when they are read.
    return undefined;
  }
}

/** For the next time that this process reads it. `files`: all that it was read from. */
export async function rememberPlaybook(playbook: Playbook, files: readonly string[]): Promise<void> {
  const { modules: _, ...plain } = playbook as Playbook & { readonly modules?: unknown };
  remembered.set(playbook.file, { files: await sumsOf(files), playbook: plain });
}

/**
 * What `rememberPlaybook` was told last of that file: the name below which it is found by whoever has a file
 * of the same bytes, and the text for `readPrepared`, which names files by their paths from the playbook's.
 */
export function preparedPlaybook(file: string): { readonly name: string; readonly text: string } {
  const known = remembered.get(file);
  if (known === undefined) throw new Error(`${file} was not read`);
  const written = (path: unknown) =>
    typeof path === 'string' ? marker + (path === file ? '' : relative(dirname(file), path)) : path;
  const files = Object.entries(known.files).map(([path, sum]) => [written(path), sum]);
  const playbook = JSON.stringify(known.playbook, (key, value) => {
    if (value === Number.POSITIVE_INFINITY) return unbounded;
    if (value instanceof Map) return { [entries]: [...value] };
    return key === 'file' && isSource(value, known) ? written(value) : value;
  });
  // What is found by its name, and not beside the playbook, is where it is.
  const extended = files.some(([path]) => path !== written(file) && /\.ya?ml$/.test(String(path)));
  return {
    name: `${known.files[file]}.json`,
    text: JSON.stringify({ files: Object.fromEntries(files), extended, playbook }),
  };
}

/** The opposite of `preparedPlaybook`, for the playbook in `file`; throws where it isn't fit for that. */
export function readPrepared(text: string, file: string): KnownPlaybook {
  const { files, extended, playbook } = JSON.parse(text) as {
    readonly files: KnownPlaybook['files'];
    readonly extended: boolean;
    readonly playbook: string;
  };
  if (extended && dirname(file) !== join(packageRoot(), 'playbooks'))
    throw new Error('a copy of an extension');
  const here = (path: string) => {
    if (!path.startsWith(marker)) return path;
    return path === marker ? file : join(dirname(file), path.slice(marker.length));
  };
  return {
    files: Object.fromEntries(Object.entries(files).map(([path, sum]) => [here(path), sum])),
    playbook: JSON.parse(playbook, (key, value) => {
      if (value === unbounded) return Number.POSITIVE_INFINITY;
      if (typeof value === 'object' && value !== null && entries in value) return new Map(value[entries]);
      return key === 'file' && typeof value === 'string' ? here(value) : value;
    }),
  };
}

/** Begins what isn't written as it is; no text of a playbook has it. */
const marker = '\0';
const unbounded = `${marker}Infinity`;
const entries = `${marker}Map`;

/** Parameters of steps have keys called `file` as well, for files on hosts. */
function isSource(path: unknown, { files }: KnownPlaybook): boolean {
  return typeof path === 'string' && Object.hasOwn(files, path);
}

async function prepared(file: string): Promise<string> {
  const { [file]: sum } = await sumsOf([file]);
  return await readFile(join(preparedFolder, `${sum}.json`), 'utf8');
}

async function sumsOf(files: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const sum = async (file: string) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  const unique = [...new Set(files)];
  return Object.fromEntries(await Promise.all(unique.map(async (file) => [file, await sum(file)] as const)));
}
