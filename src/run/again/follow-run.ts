import { setTimeout as sleep } from 'node:timers/promises';
import { RunLog } from '../../host/run-log.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { isOverHere } from '../claims/leases.ts';
import { hostProgress } from '../host-progress.ts';
import type { RunOptions } from '../options.ts';
import { outcomeIn, seenRun } from './find-seen-run.ts';
import type { RunWatch } from './run-watch.ts';
import { phaseOf, type RunPhase, type SeenRun, seenLater } from './seen-run.ts';
import { waitingTeller } from './waited-for.ts';

/** Between two looks at the hosts of a run that goes on. Milliseconds. */
const pause = 2_000;

/** A run, as it was seen last. */
export interface Followed {
  readonly seen: SeenRun;
  readonly phase: RunPhase;
}

export interface FollowOptions extends RunOptions {
  /** called after each look at a run that goes on; true ends it */
  readonly enough?: ((seen: SeenRun) => boolean) | undefined;
}

/** Looks for a run on all hosts. Throws an OperatorError as `seenRun` does. */
export async function findRun(watch: RunWatch, options: RunOptions): Promise<SeenRun> {
  if (!isRunId(watch.run)) {
    throw new OperatorError({
      code: 'run-unknown',
      message: `'${watch.run}' is not the id of a run, which has only letters, digits and dashes`,
      next: `clusterproxy history --inventory ${options.inventory.file} shows the runs that hosts remember`,
    });
  }
  return seenRun(watch.run, await watch.first(), options.inventory);
}

/** On the hosts it is the name of a folder. */
export function isRunId(text: string): boolean {
  return /^[A-Za-z0-9-]+$/.test(text);
}

/** How a run stands, by what was seen. */
export function phaseNow(seen: SeenRun): RunPhase {
  return phaseOf(seen, (lease) => isOverHere({ lease }));
}

/**
 * Follows a run until it has ended, its controller is gone, or the operator doesn't want to see any more.
 * Tells what happens on the hosts of one that goes on, and what has happened before.
 */
export async function followRun(watch: RunWatch, found: SeenRun, options: FollowOptions): Promise<Followed> {
  const { progress, signal, enough = () => false } = options;
  // What has happened before is of interest only where something still happens.
  const tell = phaseNow(found) === 'going-on' ? teller(progress) : () => undefined;
  const tellWaiting = waitingTeller(options);
  const due = found.agreement.hosts.filter((one) => one.due).map(({ host }) => host);
  let seen = found;
  let lost = 0;
  for (;;) {
    tell(seen);
    const phase = phaseNow(seen);
    // It may have been between two steps: what is sent to a host isn't known there before all has arrived.
    lost = phase === 'lost' ? lost + 1 : 0;
    if (phase === 'ended' || lost > 1 || signal.aborted || enough(seen)) return { seen, phase };
    await tellWaiting(seen);
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return { seen, phase };
    const hosts = seen.hosts.map(({ host }) => host).filter(({ name }) => due.includes(name));
    const later = await watch.again(hosts);
    seen = seenLater(seen, later, outcomeIn(later));
  }
}

/** Tells what is new in the logs of a run's hosts. */
function teller(progress: RunOptions['progress']): (seen: SeenRun) => void {
  const logs = new Map<string, RunLog>();
  return ({ hosts }) => {
    for (const { host, known } of hosts) {
      for (const { run, log: lines } of known?.stages ?? []) {
        const key = `${host.name} ${run}`;
        const log = logs.get(key) ?? new RunLog();
        logs.set(key, log);
        for (const line of lines.slice(log.lines)) {
          const event = log.add(line);
          const said = event === undefined ? undefined : hostProgress(host.name, event);
          if (said !== undefined) progress(said);
        }
      }
    }
  };
}
