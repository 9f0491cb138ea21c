import type { AskedChangeOptions, AskedOptions } from '../../engine/messages.ts';
import type { ApplyCommandOptions } from '../apply.ts';
import type { CommonOptions } from '../options.ts';
import type { PlanOptions } from '../plan.ts';
import { typedDeadline, typedWindow } from '../window-options.ts';

/** What is the same however a worker is asked: it shows nothing of its own, and runs nobody's programs. */
export function commonAt(inventory: string, parallel: number): CommonOptions {
  const shown = { json: false, quiet: false, verbose: false, color: false };
  return { ...shown, inventory, parallel, limit: [], pager: false };
}

/** The options of `plan` for a cluster, of what was asked. Throws where a time isn't one. */
export function planOptionsAt(inventory: string, asked: AskedOptions): PlanOptions {
  return { ...written(inventory, asked), summary: false, policy: [] };
}

/** The options of `apply` for a cluster: somebody has agreed already. Throws where a time isn't one. */
export function applyOptionsAt(
  inventory: string,
  asked: AskedChangeOptions,
  runId: string,
): ApplyCommandOptions {
  // A worker that was killed has the hosts for so long, and another one goes on with what it has begun.
  const lockWait = Math.max(asked.lockWait, longestLease);
  return {
    ...written(inventory, asked),
    ...{ yes: true, dryRun: false, policy: [], runId, lockWait },
  };
}

/** Ten minutes, as src/run/claims/leases.ts says, and some more. Seconds. */
const longestLease = 660;

function written<Asked extends AskedOptions | AskedChangeOptions>(inventory: string, asked: Asked) {
  const { deadline, window, ...rest } = asked;
  return {
    ...rest,
    ...commonAt(inventory, asked.parallel),
    names: asked.names,
    window: window.map(typedWindow),
    ...(deadline === undefined ? {} : { deadline: typedDeadline(deadline) }),
  };
}
