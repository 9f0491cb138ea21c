import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { main } from '../cli/program.ts';
import type { TestEngine } from './restate.ts';

/** A worker as a process of its own, as operators start it. */
export interface TestWorker {
  /** what it has told so far */
  readonly told: string;
  /** ends it as a power cut does */
  kill(): Promise<void>;
  /** asks it to end, and resolves with its exit status once it has */
  stop(): Promise<number | null>;
}

/** Starts one for inventories, and resolves once it is registered. */
export async function startWorker(
  engine: TestEngine,
  inventories: string,
  { site = 'north', listen = '127.0.0.1:0' }: { readonly site?: string; readonly listen?: string } = {},
): Promise<TestWorker> {
  const child: ChildProcess = spawn(
    process.execPath,
    [main, 'worker', '--engine', engine.admin, '--site', site, '-i', inventories, '--listen', listen],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let told = '';
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const take = (text: Buffer) => {
    told += text.toString();
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', () => {
      if (told.includes('registered at ')) resolve();
    });
    void ended.then(([status]) => reject(new Error(`the worker has ended with ${status}: ${told}`)));
  });
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const [status] = await ended;
    return status;
  };
  return {
    get told() {
      return told;
    },
    kill: async () => {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
  };
}
