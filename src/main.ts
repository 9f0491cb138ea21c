import { fileURLToPath } from 'node:url';
import { Worker, workerData } from 'node:worker_threads';
import { isSingleFile, packageFile } from './package-root.ts';
import type { ThreadData } from './run/planning/thread-messages.ts';

/** Undefined in the process itself. */
const thread: ThreadData | undefined = workerData?.purpose === 'planning' ? workerData : undefined;

// No await at the top level: the bundle is a function.
void (thread === undefined ? run() : plan(thread));

async function run(): Promise<void> {
  const { runProgram } = await import('./process.ts');
  await runProgram(startThread);
}

async function plan(data: ThreadData): Promise<void> {
  const { planOnThisThread } = await import('./run/planning/on-thread.ts');
  await planOnThisThread(data);
}

/** The same program on another thread; a single file has no file of it that could be named. */
function startThread(data: ThreadData): Worker {
  return isSingleFile
    ? new Worker(packageFile('loader.cjs'), { eval: true, workerData: data })
    : new Worker(fileURLToPath(import.meta.url), { workerData: data });
}
