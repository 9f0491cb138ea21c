import { type Query, queryKey, type Reads } from './reads.ts';

/** Everything that any of them asks for, each thing once. */
export function mergeReads(all: readonly Reads[]): Reads {
  const unique = (pick: (reads: Reads) => readonly string[]) => [
    ...new Set(all.flatMap((reads) => [...pick(reads)])),
  ];
  const asked = (pick: (reads: Reads) => readonly Query[]) => [
    ...new Map(
      all.flatMap((reads) => pick(reads).map((query) => [queryKey(query), query] as const)),
    ).values(),
  ];
  const guards = asked((reads) => reads.guards ?? []);
  const includes = unique((reads) => reads.includes ?? []);
  return {
    paths: unique((reads) => reads.paths),
    ...(includes.length > 0 ? { includes } : {}),
    packages: unique((reads) => reads.packages),
    units: unique((reads) => reads.units),
    names: unique((reads) => reads.names),
    queries: asked((reads) => reads.queries),
    ...(guards.length > 0 ? { guards } : {}),
  };
}
