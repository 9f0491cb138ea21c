import { queryKey, type Reads } from './snapshot.ts';

/** Everything that any of them asks for, each thing once. */
export function mergeReads(all: readonly Reads[]): Reads {
  const unique = (pick: (reads: Reads) => readonly string[]) => [
    ...new Set(all.flatMap((reads) => [...pick(reads)])),
  ];
  const queries = new Map(
    all.flatMap((reads) => reads.queries.map((query) => [queryKey(query), query] as const)),
  );
  const includes = unique((reads) => reads.includes ?? []);
  return {
    paths: unique((reads) => reads.paths),
    ...(includes.length > 0 ? { includes } : {}),
    packages: unique((reads) => reads.packages),
    units: unique((reads) => reads.units),
    names: unique((reads) => reads.names),
    queries: [...queries.values()],
  };
}
