import { spawn } from 'node:child_process';

/** Two minutes. */
export const DEFAULT_TIMEOUT_MS = 120_000;

export interface CommandResult {
  /** Exit status; -1 if a signal or the time limit ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  input?: string | Buffer;
  /** Milliseconds after which the command is killed and `code` is -1. Default: DEFAULT_TIMEOUT_MS. */
  timeoutMs?: number;
  env?: Record<string, string>;
  cwd?: string;
}

export interface BinaryResult {
  code: number;
  stdout: Buffer;
  stderr: Buffer;
}

/** Runs a program without a shell; resolves with any exit status, rejects only if it can't be started. */
export function runBinary(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<BinaryResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: 'pipe',
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const limit = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    // A command that doesn't read its input closes the pipe; its exit status tells the outcome.
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(limit);
      resolve({ code: code ?? -1, stdout: Buffer.concat(out), stderr: Buffer.concat(err) });
    });
    child.stdin.end(options.input);
  });
}

/** Like `runBinary`, with output as text. */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { code, stdout, stderr } = await runBinary(command, args, options);
  return { code, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** Like `run`, but an exit status other than 0 is an error that shows the command and its output. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await run(command, args, options);
  if (result.code !== 0) {
    throw new Error(
      `${command} ${args.join(' ')}: exit ${result.code}\n${result.stderr || result.stdout}`.trim(),
    );
  }
  return result.stdout;
}
