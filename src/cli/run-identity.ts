import type { Inventory } from '../inventory/inventory.ts';
import { sha256 } from '../model/change.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { AgreedOptions } from '../plan/saved/agreement.ts';
import { sourceHashes } from '../plan/saved/saved-plan.ts';
import type { RunIdentity } from '../run/again/identity.ts';
import { usualApply } from '../run/options.ts';
import type { ChangeOptions } from './change-options.ts';
import type { Environment } from './environment.ts';

/** What a command that changes hosts was called with, besides `ChangeOptions`. */
export interface Called {
  readonly command: string;
  readonly limit: readonly string[];
  /** whatever else decides what it does, such as the host that is retired */
  readonly more: Readonly<Record<string, unknown>>;
  /** of a command that can be resumed */
  readonly prune?: boolean;
  /** of hosts that change themselves once nobody is there */
  readonly queue?: AgreedOptions['queue'];
}

/** By what a run of this call is known, and what others need to go on with it. */
export function identityOf(
  { command, limit, more, prune, queue }: Called,
  options: ChangeOptions,
  inventory: Inventory,
  { secrets }: Pick<Environment, 'secrets'>,
): RunIdentity {
  const agreed = agreedOptions(options, { limit, prune: prune ?? false, queue });
  const { inventory: text, playbook } = sourceHashes({ ...inventory, secrets });
  const deadline = options.deadline?.typed ?? '';
  const call = sha256(JSON.stringify([command, agreed, deadline, more, text, playbook]));
  return { id: options.runId, call, ...(prune === undefined ? {} : { options: agreed }) };
}

function agreedOptions(
  options: ChangeOptions,
  { limit, prune, queue }: Pick<Called, 'limit' | 'queue'> & { readonly prune: boolean },
): AgreedOptions {
  const { force, whenBusy, waitTimeout, drainTimeout, despitePolls, maxFailures, maxUnavailable } = options;
  const { confirm, confirmTimeout, keep, window, wave, onFailure } = options;
  const busy = whenBusy ?? (force ? ('force' as const) : undefined);
  return {
    ...{ limit: [...limit], prune, waitTimeout, drainTimeout, maxFailures, confirm, confirmTimeout },
    ...(busy === undefined ? {} : { whenBusy: busy }),
    ...(despitePolls ? { despitePolls } : {}),
    ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
    ...(wave === undefined ? {} : { waveSize: wave }),
    ...(onFailure === usualApply.onFailure ? {} : { onFailure }),
    ...(queue === undefined ? {} : { queue }),
    ...(keep === undefined ? {} : { keep }),
    window: window.map(({ typed }) => typed),
  };
}

/** A call whose id was given to another run. */
export function runIdTaken(run: string, what: string): OperatorError {
  return new OperatorError({
    code: 'run-id-taken',
    message: `the id ${run} belongs to another run (${what}); nothing was changed`,
    next: 'give this call an id of its own, or leave --run-id out',
  });
}
