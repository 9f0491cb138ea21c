import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { main } from '../support/built-program.ts';
import { servedBy } from '../support/serving.ts';

export { buildProgram, main } from '../support/built-program.ts';

const root = join(import.meta.dirname, '../..');

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** No command of these tests takes longer, unless it hangs. Milliseconds. */
const patience = 280_000;

/**
 * Runs the built program without a terminal: by a process that has carried out other command lines, unless
 * CLUSTERPROXY_ANEW=1 wants each to be started as users do. See also `clusterproxyAt`.
 */
export async function clusterproxy(
  argv: readonly string[],
  more: Record<string, string> = {},
): Promise<Ended> {
  if (process.env.CLUSTERPROXY_ANEW === '1') return clusterproxyAt(main, argv, more);
  const variables = Object.fromEntries(
    Object.entries({ ...process.env, ...more }).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
  const start = () =>
    spawn(process.execPath, [join(dirname(main), 'served.js')], {
      cwd: root,
      env: variables,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
  const { code, stdout, stderr } = await servedBy(main, start, { argv, variables }, patience);
  return { status: code, stdout, stderr };
}

/** Starts a built program, such as `main`, as users do: without a terminal. */
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
