import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
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
 * Where the build prepares the playbooks that come with the program: beside the program, and nowhere if that
 * runs from its sources.
 */
const preparedFolder = join(dirname(fileURLToPath(import.meta.url)), 'prepared');

/**
 * The playbook of that file, if it was read before, by this process or when the program was built, and each
 * file that it was read from is still the same: to parse and check 70 KB of YAML takes half a second.
 */
export async function knownPlaybook(file: string): Promise<Playbook | undefined> {
  const known = remembered.get(file) ?? (await prepared(file));
  if (known === undefined || !(await isUnchanged(known))) return undefined;
  remembered.set(file, known);
  return known.playbook;
}

/** For the next time that this process reads it. `files`: all that it was read from. */
export async function rememberPlaybook(playbook: Playbook, files: readonly string[]): Promise<void> {
  const { modules: _, ...plain } = playbook as Playbook & { readonly modules?: unknown };
  remembered.set(playbook.file, { files: await sumsOf(files), playbook: plain });
}

/** What `rememberPlaybook` was told last of that file, as text that `readPrepared` reads on any machine. */
export function preparedText(file: string): string {
  const known = remembered.get(file);
  if (known === undefined) throw new Error(`${file} was not read`);
  const files = Object.entries(known.files).map(([path, sum]) => [inPackage(path), sum]);
  const playbook = JSON.stringify(known.playbook, (key, value) => {
    if (value === Number.POSITIVE_INFINITY) return unbounded;
    if (value instanceof Map) return { [entries]: [...value] };
    return key === 'file' ? inPackage(value) : value;
  });
  return JSON.stringify({ files: Object.fromEntries(files), playbook });
}

/** The opposite of `preparedText`. */
export function readPrepared(text: string): KnownPlaybook {
  const { files, playbook } = JSON.parse(text) as {
    readonly files: KnownPlaybook['files'];
    readonly playbook: string;
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

function inPackage(path: unknown): unknown {
  const root = packageRoot() + sep;
  return typeof path === 'string' && path.startsWith(root) ? marker + path.slice(root.length - 1) : path;
}

function here(path: string): string {
  return path.startsWith(marker) ? packageRoot() + path.slice(1) : path;
}

async function prepared(file: string): Promise<KnownPlaybook | undefined> {
  if (dirname(file) !== join(packageRoot(), 'playbooks')) return undefined;
  try {
    return readPrepared(await readFile(join(preparedFolder, `${basename(file, '.yaml')}.json`), 'utf8'));
  } catch {
    // It only saves time.
    return undefined;
  }
}

async function isUnchanged({ files }: KnownPlaybook): Promise<boolean> {
  try {
    const now = await sumsOf(Object.keys(files));
    return Object.entries(files).every(([path, sum]) => now[path] === sum);
  } catch {
    return false;
  }
}

async function sumsOf(files: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const sum = async (file: string) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  const unique = [...new Set(files)];
  return Object.fromEntries(await Promise.all(unique.map(async (file) => [file, await sum(file)] as const)));
}
