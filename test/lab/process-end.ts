const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `cleanUp` (synchronous) once: by the returned function, or when this process ends by itself, by a
 * signal, or because the test runner that started it is gone.
 */
export function onProcessEnd(cleanUp: () => void): () => void {
  let done = false;
  const once = () => {
    if (done) return;
    done = true;
    process.off('exit', once);
    process.off('disconnect', once);
    for (const signal of SIGNALS) process.off(signal, onSignal);
    cleanUp();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    once();
    process.kill(process.pid, signal);
  };
  process.on('exit', once);
  process.on('disconnect', once);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return once;
}
