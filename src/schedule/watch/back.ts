import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';

/** So many are asked at the same time; those that are gone for good take until their time is over. */
const atOnce = 16;

/**
 * Whether one of those who did not answer does again: as soon as the first one does, whatever the others
 * take, which then aren't asked any longer. `ask` never throws; `signal` aborted: nobody is asked any longer.
 */
export async function anyIsBack<One>(
  away: readonly One[],
  ask: (one: One, signal: AbortSignal) => Promise<boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  const enough = new AbortController();
  const stop = () => enough.abort();
  // Every connection listens for it; Node warns of more than ten.
  setMaxListeners(0, enough.signal);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const limit = pLimit(atOnce);
  try {
    return await Promise.any(
      away.map((one) =>
        limit(async () => {
          if (enough.signal.aborted || !(await ask(one, enough.signal))) throw new Error('it is away');
          return true;
        }),
      ),
    );
  } catch {
    return false;
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}
