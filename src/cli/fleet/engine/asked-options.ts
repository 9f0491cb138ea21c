import type { AskedChangeOptions, AskedOptions } from '../../../engine/messages.ts';
import type { ApplyCommandOptions } from '../../apply.ts';
import type { PlanOptions } from '../../plan.ts';

/** What a worker is asked for, of the options of `plan`. */
export function askedOf(options: PlanOptions): AskedOptions {
  return { ...written(options), detailedExitcode: options.detailedExitcode };
}

/** The same of `apply`. */
export function askedChangeOf(options: ApplyCommandOptions): AskedChangeOptions {
  const { force, now = false, waitTimeout, drainTimeout, despitePolls } = options;
  const { maxFailures, confirmTimeout, lockWait, keep, verify } = options;
  return {
    ...written(options),
    ...{ force, now, waitTimeout, drainTimeout, despitePolls, maxFailures, confirmTimeout, lockWait, verify },
    ...(keep === undefined ? {} : { keep }),
  };
}

function written(options: PlanOptions | ApplyCommandOptions): Omit<AskedOptions, 'detailedExitcode'> {
  const { parallel, prune, names = false, window, deadline, whenIdle, idleFor, until } = options;
  const { withoutCordon, whenBusy, maxUnavailable, wave, onFailure, confirm } = options;
  return {
    ...{ parallel, prune, names, whenIdle, withoutCordon, onFailure, confirm },
    window: window.map(({ typed }) => typed),
    ...(deadline === undefined ? {} : { deadline: deadline.typed }),
    ...(idleFor === undefined ? {} : { idleFor }),
    ...(until === undefined ? {} : { until }),
    ...(whenBusy === undefined ? {} : { whenBusy }),
    ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
    ...(wave === undefined ? {} : { wave }),
  };
}
