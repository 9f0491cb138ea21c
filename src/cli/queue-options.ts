import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Inventory } from '../inventory/inventory.ts';
import { OperatorError } from '../model/operator-error.ts';
import { usualIdleFor, usualQueueTime } from '../model/queue.ts';
import type { BusyPolicy } from '../model/when-busy.ts';
import type { AgreedOptions } from '../plan/saved/agreement.ts';
import type { QueueWishes } from '../run/queue/wishes.ts';
import { secondsFrom } from './duration.ts';
import type { Environment } from './environment.ts';
import { secondsUntil } from './moment.ts';

/** What is said of hosts that change themselves once nobody is there. */
export interface QueueOptions {
  readonly whenIdle: boolean;
  readonly idleFor?: number;
  /** seconds from now */
  readonly until?: number;
  readonly withoutCordon: boolean;
}

/** Nothing is planned for longer than this without another look. Seconds. */
const longest = 30 * 86_400;

/** Adds the options of `QueueOptions` to a command. */
export function addQueueOptions(command: Command): Command {
  return command
    .option(
      '--when-idle',
      'leave a host on which people are to change itself once they have gone: --when-busy later',
      false,
    )
    .addOption(
      new Option(
        '--idle-for <time>',
        'for how long nobody may have been there by then, without a break (default: as in the inventory, else 20m)',
      ).argParser(secondsFrom(1)),
    )
    .addOption(
      new Option(
        '--until <time>',
        'until when hosts wait for that at the longest, such as 2d, 06:00 or 2026-11-27T06:00 (default: 7d)',
      ).argParser(waiting),
    )
    .option(
      '--without-cordon',
      'agree that nobody can join on such a host while it restarts its services',
      false,
    );
}

/** The policy that they come to. Refuses another one beside `--when-idle`. */
export function policyWith<Options extends QueueOptions & { readonly whenBusy?: BusyPolicy }>(
  options: Options & { readonly force?: boolean },
): Options {
  const { whenIdle, whenBusy, force = false } = options;
  if (!whenIdle) return options;
  if (force || (whenBusy !== undefined && whenBusy !== 'later')) {
    throw new OperatorError({
      code: 'usage',
      message: `--when-idle leaves hosts on which people are for later, and ${force ? '--force' : `--when-busy ${whenBusy}`} does not`,
      next: 'leave one of them out',
    });
  }
  return { ...options, whenBusy: 'later' };
}

/** Refuses what is said of hosts that change themselves where no host would. */
export function expectQueueing(
  options: QueueOptions & { readonly whenBusy?: BusyPolicy; readonly force?: boolean },
  { file, whenBusy: usual }: Pick<Inventory, 'file' | 'whenBusy'>,
): void {
  const given = [
    ...(options.idleFor === undefined ? [] : ['--idle-for']),
    ...(options.until === undefined ? [] : ['--until']),
    ...(options.withoutCordon ? ['--without-cordon'] : []),
  ];
  const said = options.force === true ? 'force' : options.whenBusy;
  const policies = said === undefined ? [usual.all, ...usual.roles.values()] : [said];
  if (given.length === 0 || policies.includes('later')) return;
  throw new OperatorError({
    code: 'usage',
    message: `${new Intl.ListFormat('en').format(given)} ${given.length === 1 ? 'is' : 'are'} about hosts that change themselves once nobody is there, and by this call and ${file} none does`,
    next: `add --when-idle, or leave ${given.length === 1 ? 'it' : 'them'} out`,
  });
}

/** What of them belongs to what is agreed on. */
type AgreedQueue = NonNullable<AgreedOptions['queue']>;

/** What src/run needs of them. */
export function queueOf(
  { idleFor, until, withoutCordon }: AgreedQueue,
  { idleFor: usual }: Pick<Inventory, 'idleFor'>,
  { clock }: Pick<Environment, 'clock'>,
): QueueWishes {
  return {
    idleFor: idleFor ?? usual ?? usualIdleFor,
    until: clock.now() + (until ?? usualQueueTime) * 1_000,
    withoutCordon,
  };
}

/** Throws what commander reports as a wrong argument. */
function waiting(value: string): number {
  const found = secondsUntil(value);
  if (found > longest) throw new InvalidArgumentError('It must be within 30 days.');
  return found;
}
