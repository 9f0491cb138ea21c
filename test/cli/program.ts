import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
/** Not dist/: several tests build at the same time, and none may take another's files away. */
const folder = join(root, '.cache', `program-${process.pid}`);
export const main = join(folder, 'main.js');

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Bundles the program as users run it. */
export async function buildProgram(): Promise<void> {
  await promisify(execFile)(process.execPath, ['scripts/build.mjs', folder], { cwd: root });
  if (!existsSync(main)) throw new Error('scripts/build.mjs made no main.js');
}

export async function removeProgram(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Runs the built program without a terminal. */
export function clusterproxy(
  argv: readonly string[],
  variables: Record<string, string> = {},
): Promise<Ended> {
  return ended(process.execPath, [main, ...argv], variables);
}

/** Runs it by a shell, as `$CLUSTERPROXY`. */
export function inShell(script: string): Promise<Ended> {
  return ended('/bin/sh', ['-c', script], { CLUSTERPROXY: `${process.execPath} ${main}` });
}

function ended(file: string, argv: readonly string[], variables: Record<string, string>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...argv], {
      cwd: root,
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** A file of this text for as long as `use` takes. */
export async function withFile<Result>(
  text: string,
  use: (file: string) => Promise<Result>,
): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'clusterproxy-'));
  try {
    const file = join(directory, 'prod.yaml');
    await writeFile(file, text);
    return await use(file);
  } finally {
    await rm(directory, { recursive: true });
  }
}
