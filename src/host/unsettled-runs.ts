import type { Snapshot, UnsettledRun } from '../model/snapshot.ts';
import { printable } from './records.ts';
import { finalStates } from './run-state.ts';

/**
 * Runs that are unfinished or that need somebody's attention; a later committed run supersedes the latter.
 * Runs of another cluster count only if they block a run.
 */
export function unsettled(
  facts: readonly string[][],
  units: readonly ReadonlyMap<string, string>[],
  asking: string | undefined,
): Snapshot['unsettled'] {
  let runs: UnsettledRun[] = [];
  const told = facts
    .filter(([kind]) => kind === 'run')
    .sort((one, other) => sequenceIn(one) - sequenceIn(other));
  for (const [, run = '', state = '', outcome = '', who = '', cluster = ''] of told) {
    const isOurs = asking === undefined || cluster === '' || cluster === asking;
    if (!isOurs && (state === 'committed' || state === 'kept' || state === 'conflict')) continue;
    if (state === 'committed') runs = runs.filter((one) => one.state !== 'conflict' && one.state !== 'kept');
    if (finalStates.has(state)) continue;
    const unit = units.find((block) => block.get('Id') === `clusterproxy-${run}.service`)?.get('ActiveState');
    const alive = unit === 'active' || unit === 'activating' || unit === 'deactivating';
    // Nothing of it is left to be finished: see src/host/queued-runs.ts.
    if (state === 'queued' && !alive) continue;
    runs.push({
      run: printable(run),
      state: printable(state),
      outcome: outcome === 'commit' || outcome === 'revert' || outcome === 'keep' ? outcome : undefined,
      who: who === '' ? undefined : printable(who),
      alive,
      ...(isOurs ? {} : { cluster: printable(cluster) }),
    });
  }
  return runs;
}

/** Which of the host's runs it is; those that never began, or that version 0.1 carried out, come first. */
function sequenceIn(fields: readonly string[]): number {
  return Number(fields[6] ?? 0);
}
