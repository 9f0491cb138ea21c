import { decode } from '../../formats/decode.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { isGlob, type PathState, type Snapshot } from '../../model/snapshot.ts';
import type { Asked } from './fact-kind.ts';

/** What is at a path, or at each match of a glob. */
export function statesAt(path: string, snapshot: Snapshot): readonly (readonly [string, PathState])[] {
  const paths = isGlob(path) ? (snapshot.globs.get(path) ?? []) : [path];
  return paths.map((one) => [one, snapshot.paths.get(one) ?? { kind: 'absent' }] as const);
}

/**
 * The texts of all files at a path or glob; anything that isn't a file has none. Throws if a file can't be
 * read.
 */
export function textsAt(path: string, { fact, snapshot }: Asked): readonly string[] {
  return statesAt(path, snapshot).flatMap(([one, state]) => {
    if (state.kind === 'unreadable') {
      throw new OperatorError({
        code: 'fact-unreadable',
        message: `the fact ${fact} can't be determined: ${one} is ${state.reason}`,
        next: 'check that file on the host',
        host: snapshot.host,
      });
    }
    const file = state.kind === 'symlink' ? state.resolved : state;
    return file?.kind === 'file' ? [decode(file.content).text] : [];
  });
}
