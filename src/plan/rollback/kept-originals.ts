import { OperatorError } from '../../model/operator-error.ts';
import { isFingerprint } from '../record.ts';
import type { RecordedRun } from './plan-rollback.ts';

/**
 * What a host kept of a run's originals must be what the run's record says was there: an original that is
 * lost would be taken for nothing, and what is at its path be deleted. Throws an OperatorError
 * `record-damaged`.
 */
export function refuseLostOriginals({ record, originals }: RecordedRun, host: string): void {
  const lost = record.changes.filter(({ path, kind, before }) => {
    const original = originals.get(path);
    if (kind === 'unit' || before === undefined) return false;
    return original === undefined || !isFingerprint(before, path, original);
  });
  if (lost.length === 0) return;
  const folder = `/var/lib/clusterproxy/runs/${record.run}`;
  throw new OperatorError({
    code: 'record-damaged',
    message: `what the run ${record.run} replaced on this host is lost or damaged (${folder}/manifest and before)`,
    next: `restore ${folder} from a backup, or move it away: the run can't be undone then`,
    host,
    detail: lost.map(({ path }) => path).join('\n'),
  });
}
