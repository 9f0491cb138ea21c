import { spawn } from 'node:child_process';

/** One command of a transcript, and what it is expected to print. */
export interface Step {
  /** comment lines and blank lines before the command, as they are */
  readonly before: string;
  /** one line, run by sh(1) */
  readonly command: string;
  /** stdout and stderr as they came; `[exit N]` in a line of its own where the status isn't 0 */
  readonly printed: string;
}

/**
 * A transcript: lines that begin with `$ ` are commands. What follows a command is what it prints, up to the
 * next command or a line `--`, behind which comments may stand.
 */
export function readTranscript(text: string): readonly Step[] {
  const steps: Step[] = [];
  let before: string[] = [];
  let command: string | undefined;
  let printed: string[] = [];
  const finish = () => {
    if (command !== undefined) steps.push({ before: joined(before), command, printed: joined(printed) });
    [before, command, printed] = [[], undefined, []];
  };
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (line === '--') finish();
    else if (line.startsWith('$ ')) {
      if (command !== undefined) finish();
      command = line.slice(2);
    } else if (command === undefined) before.push(line);
    else printed.push(line);
  }
  finish();
  return steps;
}

/** The text of a transcript; `readTranscript` reads the same steps from it. */
export function writeTranscript(steps: readonly Step[]): string {
  return steps
    .map(({ before, command, printed }, index) => {
      const end = steps[index + 1]?.before ? '--\n' : '';
      return `${before}$ ${command}\n${printed}${end}`;
    })
    .join('');
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** Runs one line by sh(1); stdout and stderr in the order in which they came, and the status. */
export function run(
  command: string,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `exec 2>&1\n${command}`], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (status) => {
      const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`;
      resolve(status === 0 ? whole : `${whole}[exit ${status}]\n`);
    });
  });
}

/**
 * Replaces what differs from one run of the test to the next. Run ids are numbered in the order in which they
 * appear, across commands; lines that tell how far a command is come as time goes by, and are left out.
 */
export class Names {
  readonly #runs = new Map<string, string>();
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  in(text: string): string {
    return (
      text
        .replaceAll(this.#folder, 'FOLDER')
        .replace(/^looking: \d+ of \d+ done\n/gm, '')
        .replace(/\b\d{8}T\d{6}Z-[0-9a-f]{6}\b/g, (id) => this.#run(id))
        // Where this is wrapped depends on the names of account and machine.
        .replace(
          /(\S+)\s+by\s+\S+\s+from\s+\S+\s+\S+\s+\S+\s+UTC(?:,\s+version\s+\d[\d.]*)?/g,
          '$1 by WHO from WHERE, TIME UTC',
        )
        .replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?/g, 'TIME')
        .replace(/\b127\.0\.0\.1:\d{4,5}\b/g, '127.0.0.1:PORT')
        .replace(/\bSHA256:[A-Za-z0-9+/]{43}/g, 'SHA256:KEY')
        .replace(/\b(less than )?\d+(\.\d+)? (ms|s)\b/g, 'N s')
    );
  }

  #run(id: string): string {
    const name = this.#runs.get(id) ?? `RUN-${this.#runs.size + 1}`;
    this.#runs.set(id, name);
    return name;
  }

  /** A command with the names of runs as what they stand for. */
  back(command: string): string {
    return [...this.#runs].reduce((text, [id, name]) => text.replaceAll(name, id), command);
  }
}
