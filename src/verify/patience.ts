export interface NetworkOptions {
  readonly signal: AbortSignal;
  /** how long a server may take to answer; milliseconds */
  readonly patience: number;
}

/**
 * Gives up once patience is over or the command is interrupted; the result stops that. By a timer and a
 * listener, which stay: what AbortSignal.any() makes of AbortSignal.timeout() may be collected as garbage
 * before it fires, and then a silent server would be waited for without end.
 */
export function waitFor({ signal, patience }: NetworkOptions, giveUp: (error: Error) => void): () => void {
  const tooLong = () => giveUp(timeout(patience));
  const timer = setTimeout(tooLong, patience);
  signal.addEventListener('abort', tooLong);
  if (signal.aborted) tooLong();
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', tooLong);
  };
}

function timeout(patience: number): Error {
  return Object.assign(new Error(`no answer within ${patience / 1000} s`), { code: 'ETIMEDOUT' });
}
