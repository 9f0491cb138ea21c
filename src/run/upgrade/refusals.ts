import type { Problem } from '../../model/operator-error.ts';
import type { ApplyOptions } from '../options.ts';
import type { Remembered, Upgrading } from './read-recorded.ts';

interface UpgradeCall {
  /** run the command also where it was run already, or has failed */
  readonly again: boolean;
  /** how the command is called again */
  readonly call: string;
  readonly dryRun: boolean;
}

/** Why nothing may be begun, by what hosts remember of an earlier call; undefined if anything may. */
export function failedBefore(
  chosen: readonly Upgrading[],
  remembered: ReadonlyMap<string, Remembered>,
  { again, call, dryRun }: UpgradeCall,
): Problem | undefined {
  for (const { host } of chosen) {
    const recorded = remembered.get(host.name)?.recorded;
    if (recorded?.kind === 'underway' && !dryRun) return stillUnderWay(host.name, recorded.run, call);
    if (recorded?.kind !== 'failed' || again) continue;
    return {
      code: 'upgrade-failed',
      message: `the upgrade of ${host.name} was begun by an earlier call, and failed or was broken off (run ${recorded.run})${recorded.problem === undefined ? '' : `: ${recorded.problem.message.replace('; no file was changed', '')}`}; nothing more was begun`,
      next: `put that host right: its output is in /var/lib/clusterproxy/runs/${recorded.run}/output-1 there; then run the command once more on it with ${call} --limit ${host.name} --again`,
      host: host.name,
      detail: recorded.problem?.detail,
    };
  }
  return undefined;
}

function stillUnderWay(host: string, run: string, call: string): Problem {
  return {
    code: 'upgrade-under-way',
    message: `the upgrade of ${host}, which an earlier call has begun (run ${run}), has not ended, or can't be asked; no other host was begun`,
    next: `see whether the host answers, then run the command again: ${call}`,
    host,
  };
}

/** A door would be changed on the way without having been shown. */
export function differingDoor(host: string, { inventory }: Pick<ApplyOptions, 'inventory'>): Problem {
  return {
    code: 'door-differs',
    message: `${host} is not as planned, and would be changed after the first host without having been shown; nothing was begun`,
    next: `apply that first: clusterproxy apply --inventory ${inventory.file} --limit ${host}`,
    host,
  };
}
