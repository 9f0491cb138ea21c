import { posix } from 'node:path';
import type { PathState, RegularFile } from '../../model/snapshot.ts';

/** As many as the kernel follows. */
const mostLinks = 40;

/** The links among these paths, each with the file to which it leads by now. */
export function withDestinations(paths: ReadonlyMap<string, PathState>): Map<string, PathState> {
  return new Map(
    [...paths].map(([path, state]) => [
      path,
      state.kind === 'symlink' ? { ...state, resolved: destinationOf(path, state, paths) } : state,
    ]),
  );
}

/** Undefined if it leads to no file; what a package brings may lead to one of which nothing else is known. */
function destinationOf(
  path: string,
  link: Extract<PathState, { kind: 'symlink' }>,
  paths: ReadonlyMap<string, PathState>,
): (RegularFile & { readonly path: string }) | undefined {
  let [place, state]: [string, PathState] = [path, link];
  for (let count = 0; count < mostLinks; count++) {
    if (state.kind === 'file') return { ...state, path: place };
    if (state.kind !== 'symlink') return undefined;
    const next = posix.resolve(posix.dirname(place), state.target);
    const there = paths.get(next);
    if (there === undefined) return state.resolved;
    [place, state] = [next, there];
  }
  return undefined;
}
