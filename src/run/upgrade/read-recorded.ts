import pLimit from 'p-limit';
import { followRun } from '../../host/follow-run.ts';
import { readRuns, runsOfCluster } from '../../host/runs.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import { problemsOf } from '../../model/operator-error.ts';
import type { UpgradeCommand } from '../../model/upgrade.ts';
import { hostProgress } from '../host-progress.ts';
import type { ApplyOptions } from '../options.ts';
import { digestOf } from './action.ts';
import { type Recorded, recordedOf, upgradeRuns } from './recorded.ts';

/** A host that is to be upgraded, and how. */
export interface Upgrading {
  readonly host: InventoryHost;
  readonly command: UpgradeCommand;
}

/** What a host remembers of its upgrade, and the runs by which it may have been taken out. */
export interface Remembered {
  readonly recorded: Recorded;
  readonly runs: readonly string[];
}

type Reaching = Pick<ApplyOptions, 'inventory' | 'connect' | 'signal' | 'parallel' | 'progress'>;

/**
 * Asks hosts what they remember of their upgrades; one that can't be asked is left out, which its plan tells.
 * With `follow`, one that is under way is followed to its end first.
 */
export async function readRecorded(
  all: readonly Upgrading[],
  { follow }: { readonly follow: boolean },
  options: Reaching,
): Promise<ReadonlyMap<string, Remembered>> {
  const limit = pLimit(options.parallel);
  const read = await Promise.all(
    all.map((one) =>
      limit(async () => {
        const first = await remembered(one, options);
        if (!follow || first?.recorded.kind !== 'underway') return [one.host.name, first] as const;
        await followed(one, first.recorded.run, options);
        return [one.host.name, await remembered(one, options)] as const;
      }),
    ),
  );
  return new Map(read.flatMap(([name, found]) => (found === undefined ? [] : [[name, found] as const])));
}

async function remembered(
  { host, command }: Upgrading,
  { inventory, connect, signal }: Reaching,
): Promise<Remembered | undefined> {
  try {
    const connection = await connect(host.ssh, { signal });
    try {
      const runs = runsOfCluster(await readRuns(connection, host.name), inventory.cluster.name);
      return { recorded: recordedOf(runs, digestOf(command)), runs: upgradeRuns(runs) };
    } finally {
      connection.close().catch(() => undefined);
    }
  } catch (error) {
    if (problemsOf(error).length === 0) throw error;
    return undefined;
  }
}

/** Beside the command's own time: to prepare, and to bring the run to its end. Milliseconds. */
const beside = 900_000;

async function followed({ host, command }: Upgrading, run: string, options: Reaching): Promise<void> {
  const { connect, signal, progress } = options;
  progress({
    kind: 'host',
    host: host.name,
    phase: 'acting',
    detail: `its upgrade, which an earlier call has begun (run ${run}), goes on: following it`,
  });
  await followRun(() => connect(host.ssh, { signal }), run, {
    // The record is this host's own, whoever answers at its address by now.
    machineId: '',
    until: Date.now() + command.timeLimit * 1_000 + beside,
    signal,
    onEvent: (event) => {
      const told = hostProgress(host.name, event);
      if (told !== undefined) progress(told);
    },
  });
}
