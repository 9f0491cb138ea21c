import type { ChildProcess } from 'node:child_process';
import type { Answer, Call } from './served-program.ts';

/** A process that carries out one command line after the other; see served-program.ts. */
interface Server {
  readonly child: ChildProcess;
  /** what it says that belongs to no answer */
  said: string;
}

/** Those that have nothing to do, by what they were started for. */
const idle = new Map<string, Server[]>();

/**
 * What a program says to a command line, by a process of this `key` that has carried out others; `start`
 * gives one where there is none, with pipes and IPC. Rejects if it takes longer than `patience`,
 * milliseconds, or ends.
 */
export async function servedBy(
  key: string,
  start: () => ChildProcess,
  call: Call,
  patience: number,
): Promise<Answer> {
  const waiting = idle.get(key) ?? [];
  idle.set(key, waiting);
  const server = waiting.pop() ?? listeningTo(start());
  const answer = await ask(server, call, patience);
  waiting.push(server);
  return answer;
}

function listeningTo(child: ChildProcess): Server {
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
