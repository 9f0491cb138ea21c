import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CommandResult } from '../lab/command.ts';
import type { Lab } from '../lab/lab.ts';
import type { Answer, Call } from '../support/served-program.ts';

/** A process that carries out one command line after the other; see served-program.ts. */
interface Server {
  readonly child: ChildProcess;
  /** what it says that belongs to no answer */
  said: string;
}

/** Those that have nothing to do, by build and names. */
const idle = new Map<string, Server[]>();

/**
 * What the build of the program says to a command line, without starting it anew. Rejects if it takes longer
 * than `patience`, milliseconds, or ends.
 */
export async function served(lab: Lab, build: string, call: Call, patience: number): Promise<CommandResult> {
  // It keeps the names that the lab had when it was started.
  const names = statSync(join(lab.directory, 'names/hosts')).ino;
  const key = `${build} ${lab.directory} ${names}`;
  const waiting = idle.get(key) ?? [];
  idle.set(key, waiting);
  const server = waiting.pop() ?? start(lab, build, call.variables);
  const answer = await ask(server, call, patience);
  waiting.push(server);
  return answer;
}

function start(lab: Lab, build: string, variables: Call['variables']): Server {
  const program = join(dirname(build), 'served.js');
  const [command, ...words] = lab.wordsFor(process.execPath, [program]);
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...variables } });
  const server: Server = { child, said: '' };
  const keep = (chunk: Buffer) => {
    server.said += chunk.toString();
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return server;
}

function ask(server: Server, call: Call, patience: number): Promise<Answer> {
  const { child } = server;
  return new Promise((resolve, reject) => {
    const end = (outcome: () => void) => {
      clearTimeout(limit);
      child.removeAllListeners();
      outcome();
    };
    const fail = (why: string) =>
      end(() => reject(new Error(`${call.argv.join(' ')}: ${why}\n${server.said}`)));
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      fail('no answer');
    }, patience);
    child.once('message', (answer) => end(() => resolve(answer as Answer)));
    child.once('error', ({ message }) => fail(message));
    child.once('exit', (code, signal) => fail(`the program ended (${code ?? signal})`));
    child.send(call);
  });
}
