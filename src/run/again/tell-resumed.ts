import { resumedOnHost } from '../../host/agreement.ts';
import type { RunOptions } from '../options.ts';
import { onHosts } from './on-hosts.ts';
import type { SeenRun } from './seen-run.ts';

/**
 * Tells the hosts of a run which run goes on with its rest, so that whoever follows the first finds the
 * second, and frees those that it had reserved. A host that can't be told is free by the clock.
 */
export async function tellResumed(seen: SeenRun, by: string, options: RunOptions): Promise<void> {
  const { cluster, run, hosts } = seen.agreement;
  await onHosts(
    hosts.filter(({ due }) => due),
    options,
    (connection, { machineId }) => resumedOnHost(connection, { cluster, run, machineId, by }),
  );
}
