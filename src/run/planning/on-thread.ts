import { parentPort } from 'node:worker_threads';
import { OperatorError, OperatorErrors, problemsOf } from '../../model/operator-error.ts';
import { workOf } from './job.ts';
import { withBuffers } from './plain-data.ts';
import { type ThreadAnswer, type ThreadData, withoutSnapshots } from './thread-messages.ts';

/** What a planning thread does from its beginning to its end. */
export async function planOnThisThread(data: ThreadData): Promise<void> {
  // The thread ends once nothing is left to do.
  parentPort?.postMessage(await answerTo(data));
}

/** What the thread that has asked is told. Changes the data that it is given. */
export async function answerTo({ job: sent, turn }: ThreadData): Promise<ThreadAnswer> {
  const job = withBuffers(sent);
  const places = new Map(job.hosts.map(({ name }, index) => [name, index] as const));
  try {
    const work = await workOf(job);
    for (;;) {
      const { done, value } = work.next();
      if (done === true)
        return { kind: 'planned', result: isList(value) ? withoutSnapshots(value, job) : value };
      const place = value === undefined ? undefined : places.get(value);
      if (place !== undefined) Atomics.store(turn, 0, place);
    }
  } catch (error) {
    return error instanceof OperatorError || error instanceof OperatorErrors
      ? { kind: 'refused', problems: problemsOf(error) }
      : { kind: 'failed', error };
  }
}

/** Array.isArray doesn't know lists that are only read. */
function isList<Item>(value: readonly Item[] | object): value is readonly Item[] {
  return Array.isArray(value);
}
