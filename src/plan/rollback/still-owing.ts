import type { RunRecord } from '../../model/transaction.ts';

/** A run as a host remembers it. */
interface Ended {
  readonly record: RunRecord | undefined;
  /** ids of the handlers that it started, however it ended */
  readonly started: readonly string[];
  /** ids of those that it left undone because people were there */
  readonly owed: readonly string[];
}

/**
 * The runs that are undone on a host but for restarts, which its services still need: they run with what was
 * undone. `runs`: all of the host, in the order in which it carried them out. What a later run has started is
 * owed no more, as the host itself counts it (settle_owed in src/host/remote/end-run.sh).
 */
export function stillOwing(runs: readonly Ended[]): ReadonlySet<string> {
  const owing = new Map<string, readonly string[]>();
  for (const { record, started, owed } of runs) {
    for (const [undone, left] of owing)
      owing.set(
        undone,
        left.filter((id) => !started.includes(id)),
      );
    const undoes = record?.undoes;
    if (undoes !== undefined) owing.set(undoes, [...(owing.get(undoes) ?? []), ...owed]);
  }
  return new Set([...owing].flatMap(([undone, left]) => (left.length > 0 ? [undone] : [])));
}
