import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from '../model/operator-error.ts';
import type { Output } from '../report/output.ts';
import { wrap } from '../report/terminal/prose.ts';
import { makeStyle, type Style } from '../report/terminal/style.ts';

export interface StageOptions {
  /** where commands run */
  readonly folder: string;
  /** how to start clusterproxy: the program and its first arguments */
  readonly program: readonly [string, ...string[]];
  readonly output: Output;
  readonly color: boolean;
  readonly signal: AbortSignal;
  /** environment of the commands */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export interface Expectation {
  readonly exitStatus: number;
  /** what an exit status other than 0 means */
  readonly meaning?: string;
}

const well: Expectation = { exitStatus: 0 };

/** Time to read a paragraph before the next command's output scrolls it away; milliseconds. */
const pause = 600;

/** Where the demo plays: it prints sentences, and runs commands as a user would type them, for real. */
export class Stage {
  readonly #options: StageOptions;
  readonly #style: Style;
  #child: ChildProcess | undefined;

  constructor(options: StageOptions) {
    this.#options = options;
    const { output, color } = options;
    this.#style = makeStyle({ columns: output.results.columns, color, verbose: false });
    // An interrupt kills the command at once: its hosts go away with it, so it has nothing to complete.
    options.signal.addEventListener('abort', () => this.kill());
  }

  heading(text: string): void {
    this.#print('', '', this.#style.paint.bold(text));
  }

  /** Prints a paragraph. */
  async say(text: string): Promise<void> {
    this.#print('', ...wrap(text, { columns: Math.min(this.#style.columns, 80), first: '' }));
    await this.#pause();
  }

  /** Prints lines unchanged. */
  list(...lines: readonly string[]): void {
    this.#print('', ...lines.map((line) => `  ${line}`));
  }

  /** Runs clusterproxy; writes its output to a file of that name if one is given. */
  async clusterproxy(
    argv: readonly string[],
    { into, ...expected }: Expectation & { readonly into?: string } = well,
  ): Promise<void> {
    const line = typed(['clusterproxy', ...argv, ...(into === undefined ? [] : ['>', into])]);
    const [file, ...first] = this.#options.program;
    if (into === undefined) {
      await this.#run(line, file, [...first, ...argv], { ...expected, output: undefined });
      return;
    }
    const path = join(this.#options.folder, into);
    const output = openSync(path, 'w');
    try {
      await this.#run(line, file, [...first, ...argv], { ...expected, output });
    } catch (error) {
      // Its output says why it failed.
      if (this.#options.signal.aborted) throw error;
      this.#print('', `... ${into}:`, ...readFileSync(path, 'utf8').trimEnd().split('\n').slice(-20));
      throw error;
    } finally {
      closeSync(output);
    }
  }

  /** Runs a line of shell. */
  async shell(line: string): Promise<void> {
    await this.#run(line, 'sh', ['-c', line], { ...well, output: undefined });
  }

  /** Ends the command that is running, if there is one. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  async #run(
    line: string,
    file: string,
    argv: readonly string[],
    expected: Expectation & { readonly output: number | undefined },
  ): Promise<void> {
    const { folder, signal, variables } = this.#options;
    signal.throwIfAborted();
    this.#print('', this.#style.paint.cyan(`$ ${line}`));
    const child = spawn(file, [...argv], {
      cwd: folder,
      env: { ...variables },
      stdio: ['inherit', expected.output ?? 'inherit', 'inherit'],
    });
    this.#child = child;
    const exitStatus = await new Promise<number | string>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, by) => resolve(code ?? by ?? 'unknown'));
    });
    this.#child = undefined;
    signal.throwIfAborted();
    if (exitStatus !== expected.exitStatus) throw unexpected(line, exitStatus, expected.exitStatus);
    if (exitStatus !== 0) {
      this.#print(this.#style.paint.dim(`(exit status ${exitStatus}: ${expected.meaning ?? ''})`));
    }
  }

  async #pause(): Promise<void> {
    const { output, signal } = this.#options;
    if (output.results.isTerminal) await sleep(pause, undefined, { signal });
  }

  #print(...lines: readonly string[]): void {
    this.#options.output.results.write(lines.map((line) => `${line}\n`).join(''));
  }
}

/** A long command line, broken to fit any terminal. */
function typed(words: readonly string[]): string {
  return wrap(words.join(' '), { columns: 76, first: '', hanging: 4 }).join(' \\\n');
}

function unexpected(line: string, exitStatus: number | string, expected: number): OperatorError {
  return new OperatorError({
    code: 'demo-failed',
    message: `"${line.replaceAll(' \\\n   ', '')}" ended with exit status ${exitStatus} instead of ${expected}`,
    next: 'see its output for the reason; use --keep to keep the hosts for inspection',
  });
}
