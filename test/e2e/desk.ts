import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { LabHost } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { openTerminal, type Terminal, usual } from '../terminal/terminal.ts';
import { buildProgram, hastyMain } from './program.ts';

const program = '/usr/local/lib/node_modules/clusterproxy';
/** What a package of the program has; see `files` in package.json. */
const parts = ['dist', 'playbooks', 'schema', 'docs', 'package.json'];
const innerParts = ['src/host/remote', 'src/ssh/openssh/local', 'src/demo/stand-ins'];

/** Makes a host, before its first boot, the machine of an operator with the program, in the account `ops`. */
export async function prepareDesk(host: LabHost): Promise<void> {
  await buildProgram();
  const from = dirname(dirname(hastyMain));
  await cp(process.execPath, join(host.root, 'usr/local/bin/node'));
  for (const part of [...parts, ...innerParts])
    await cp(join(from, part), join(host.root, program, part), { recursive: true, dereference: true });
  const start = `#!/bin/sh\nexec /usr/local/bin/node ${program}/dist/main.js "$@"\n`;
  await host.writeFile('/usr/local/bin/clusterproxy', start, 0o755);
  await host.writeFile(
    '/etc/desk.bashrc',
    // What a prompt shows can't be mistaken for what was typed.
    `PS1='[done $?] ' PS2='[more] '\nexport LANG=C.UTF-8 PAGER=cat HISTFILE=\nexport NODE_EXTRA_CA_CERTS=${authority}\nbind 'set enable-bracketed-paste off'\n`,
  );
}

const authority = '/usr/local/share/ca-certificates/clusterproxy-lab.crt';

/** What a person answers to a question that ends what is on the screen. */
export type Answers = readonly (readonly [question: RegExp, answer: string])[];

/** A shell on a desk, on a terminal of 80x24, and the person in front of it. */
export class Person {
  readonly #terminal: Terminal;
  readonly #answers: Answers;
  /** rejects once the shell is gone */
  readonly #ended: Promise<never>;
  /** how much of what was written is dealt with */
  #seen = 0;

  constructor(lab: Lab, desk: LabHost, answers: Answers) {
    const words = ['-tt', '-q', '-F', lab.sshConfig, '-l', 'ops', desk.name];
    this.#terminal = openTerminal('ssh', [...words, 'exec bash --rcfile /etc/desk.bashrc -i'], {
      size: usual,
    });
    this.#answers = answers;
    this.#ended = this.#terminal.ended().then((status) => {
      throw new Error(`the shell has ended (${status}):\n${plain(this.#terminal.written)}`);
    });
    this.#ended.catch(() => undefined);
  }

  /** Types lines, each once the shell asks for it; what was shown, and the last status. */
  async types(block: string): Promise<{ readonly shown: string; readonly status: number }> {
    const begun = this.#terminal.written.length;
    if (this.#seen === 0) await this.#prompt();
    let status = 0;
    for (const line of block.replace(/\n$/, '').split('\n')) {
      this.#seen = this.#terminal.written.length;
      this.#terminal.type(`${line}\r`);
      status = (await this.#prompt()) ?? 0;
      if (status !== 0) break;
    }
    return { shown: plain(this.#terminal.written.slice(begun)), status };
  }

  /** Answers questions until the shell asks for a line; the status of the last command, if it has ended. */
  async #prompt(): Promise<number | undefined> {
    for (;;) {
      const text = plain(this.#terminal.written.slice(this.#seen));
      const prompt = /\[(?:done (\d+)|more)\] $/.exec(text);
      if (prompt !== null) return prompt[1] === undefined ? undefined : Number(prompt[1]);
      const answer = this.#answers.find(([question]) => question.test(text));
      if (answer !== undefined) {
        this.#seen = this.#terminal.written.length;
        this.#terminal.type(`${answer[1]}\r`);
      }
      await Promise.race([this.#ended, setTimeout(50)]);
    }
  }
}

/** Without what moves the cursor or colours. */
function plain(text: string): string {
  return text.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\r/g, '');
}
