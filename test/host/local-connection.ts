import { spawn } from 'node:child_process';
import type { Connection, ExecOptions, ExecResult } from '../../src/ssh/connection.ts';

/** Runs commands on this machine with a folder as the host's root, under a shell of choice. */
export class LocalConnection implements Connection {
  readonly #root: string;
  readonly #shell: readonly string[];
  readonly #standIns: string | undefined;
  noise = '';
  commands = 0;

  constructor(root: string, shell: readonly string[] = ['sh'], standIns?: string) {
    this.#root = root;
    this.#shell = shell;
    this.#standIns = standIns;
  }

  async exec(command: string, input: Buffer | Iterable<Buffer>, options: ExecOptions): Promise<ExecResult> {
    this.commands++;
    const path = process.env.PATH ?? '';
    const child = spawn('sh', ['-c', command.replace('exec sh -c', `exec ${this.#shell.join(' ')} -c`)], {
      env: {
        PATH: this.#standIns === undefined ? path : `${this.#standIns}:${path}`,
        CLUSTERPROXY_ROOT: this.#root,
      },
      timeout: options.timeout * 1_000,
    });
    const stdout: Buffer[] = [Buffer.from(this.noise)];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      options.onOutput?.(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {});
    child.stdin.end(Buffer.concat(Buffer.isBuffer(input) ? [input] : [...input]));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
  }

  async close(): Promise<void> {}
}
