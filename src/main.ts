#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { Worker, workerData } from 'node:worker_threads';
import type { ThreadData } from './run/planning/thread-messages.ts';

/** Undefined in the process itself. */
const thread: ThreadData | undefined = workerData?.purpose === 'planning' ? workerData : undefined;

if (thread !== undefined) {
  const { planOnThisThread } = await import('./run/planning/on-thread.ts');
  await planOnThisThread(thread);
} else {
  const { runProgram } = await import('./process.ts');
  await runProgram((data) => new Worker(fileURLToPath(import.meta.url), { workerData: data }));
}
