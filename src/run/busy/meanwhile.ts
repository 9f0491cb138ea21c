import { setTimeout as sleep } from 'node:timers/promises';

/** A rake task of Scalelite takes seconds, and its poller looks once a minute. Milliseconds. */
const pauseBetweenLooks = 30_000;

/** Does something, and something else again and again until the first has ended, never twice at a time. */
export async function meanwhile<Result>(
  again: () => Promise<unknown>,
  work: () => Promise<Result>,
): Promise<Result> {
  const ended = new AbortController();
  const pause = () => sleep(pauseBetweenLooks, undefined, { signal: ended.signal, ref: false });
  const looking = (async () => {
    for (;;) {
      await pause();
      await again();
    }
  })().catch(() => undefined);
  try {
    return await work();
  } finally {
    ended.abort();
    await looking;
  }
}
