import { mergeReads } from '../../model/merge-reads.ts';
import { noReads, type Reads } from '../../model/reads.ts';
import { unitOfPath } from '../../model/snapshot.ts';
import type { RunRecord } from '../../model/transaction.ts';

/** The paths that the run changed, their parent directories, and the questions of its handlers' guards. */
export function readsOfRecords(records: readonly RunRecord[]): Reads {
  const changed = records.flatMap(({ changes }) => changes.map(({ path }) => path));
  const paths = changed.filter((path) => unitOfPath(path) === undefined);
  const handlers = records.flatMap((one) => one.handlers);
  const units = [
    ...changed.flatMap((path) => unitOfPath(path) ?? []),
    ...handlers.flatMap(({ actions }) =>
      actions.flatMap((action) => ('unit' in action ? [action.unit] : [])),
    ),
  ];
  const parents = paths.map((path) => path.slice(0, path.lastIndexOf('/'))).filter((path) => path !== '');
  const guards = handlers.flatMap((handler) => handler.guards.map((guard) => guard.query));
  return mergeReads([{ ...noReads, paths: [...paths, ...parents], units, guards }]);
}
