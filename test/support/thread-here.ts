import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import type { StartThread } from '../../src/run/planning/elsewhere.ts';
import { answerTo } from '../../src/run/planning/on-thread.ts';

/** A thread that isn't one, but gets and gives clones as a thread would: it needs no built program. */
export const threadHere: StartThread = (data) => {
  const worker = fakeWorker();
  setImmediate(async () => {
    worker.emit('online');
    const answer = await answerTo({ ...structuredClone(data), turn: data.turn });
    worker.emit('message', structuredClone(answer));
    worker.emit('exit', 0);
  });
  return worker;
};

export function fakeWorker(): Worker {
  const also = { unref: () => undefined, terminate: () => Promise.resolve(1) };
  return Object.assign(new EventEmitter(), also) as unknown as Worker;
}
