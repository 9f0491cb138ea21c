import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { main } from '../support/built-program.ts';

export { buildProgram, main } from '../support/built-program.ts';

const root = join(import.meta.dirname, '../..');

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program without a terminal. */
export function clusterproxy(
  argv: readonly string[],
  variables: Record<string, string> = {},
): Promise<Ended> {
  return clusterproxyAt(main, argv, variables);
}

/** The same of a program that lies elsewhere. */
export function clusterproxyAt(
  program: string,
  argv: readonly string[],
  variables: Record<string, string> = {},
): Promise<Ended> {
  return ended(process.execPath, [program, ...argv], variables);
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
