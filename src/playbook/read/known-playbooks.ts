import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { SourceFile } from '../../document/source-file.ts';
import type { Playbook } from '../../model/playbook.ts';
import { builtFolder, packageRoot } from '../../package-root.ts';
import { besidePlaybook } from './beside.ts';

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
const preparedFolder = () => join(builtFolder(), 'prepared');

/**
 * The playbook of that file, if it was read before, by this process or when the program was built, and each
 * file that it was read from is still the same: to parse and check 70 KB of YAML takes half a second.
 */
export async function knownPlaybook(file: string): Promise<Playbook | undefined> {
  try {
    const known = remembered.get(file) ?? readPrepared(await prepared(file), file);
    const same = Object.entries(known.files).map(async ([path, sum]) => (await sumOfFile(path)) === sum);
    if (!(await Promise.all([...same, areBeside(known)])).every((well) => well)) return undefined;
    remembered.set(file, known);
    return known.playbook;
  } catch {
    // It only saves time. Whatever is wrong with the files is found when they are read.
    return undefined;
  }
}

/**
 * For the next time that this process reads it. `files`: all that it was read from, as it was then, since it
 * may have changed by now.
 */
export function rememberPlaybook(playbook: Playbook, files: readonly SourceFile[]): void {
  const { modules: _, ...plain } = playbook as Playbook & { readonly modules?: unknown };
  const sums = files.map(({ file, text }) => [file, sumOf(text)] as const);
  remembered.set(playbook.file, { files: Object.fromEntries(sums), playbook: plain });
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
  const extended = files.some(([path]) => path !== written(file) && isYaml(String(path)));
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
  return await readFile(join(preparedFolder(), `${await sumOfFile(file)}.json`), 'utf8');
}

/** A link may lead out of the playbook's folder by now, or for a copy of it. */
async function areBeside({ files }: KnownPlaybook): Promise<boolean> {
  const all = Object.keys(files);
  const named = all.filter((file) => !isYaml(file));
  const besideAny = async (file: string) => {
    const found = all
      .filter(isYaml)
      .map(async (playbook) => await besidePlaybook(playbook, relative(dirname(playbook), file)));
    return (await Promise.all(found)).some((path) => path !== undefined);
  };
  return (await Promise.all(named.map(besideAny))).every((well) => well);
}

function isYaml(file: string): boolean {
  return /\.ya?ml$/.test(file);
}

/** Throws for a pipe: what is read there is gone for whoever reads the playbook. */
async function sumOfFile(file: string): Promise<string> {
  if (!(await stat(file)).isFile()) throw new Error(`${file} is no regular file`);
  return sumOf(await readFile(file));
}

function sumOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
