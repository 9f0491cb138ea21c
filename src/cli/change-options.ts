import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Confirmer, confirmers } from '../model/deciding-check.ts';
import { OperatorError } from '../model/operator-error.ts';
import { type MaxUnavailable, parseMaxUnavailable } from '../model/rollout.ts';
import { type BusyPolicy, busyPolicies } from '../model/when-busy.ts';
import { type ApplyOptions, failureRules, type OnFailure, usualApply } from '../run/options.ts';
import { seconds, secondsFrom } from './duration.ts';
import { namesOption, positive, wholeNumber } from './options.ts';
import { policyOption } from './policies.ts';
import { runIdOption } from './run-id-option.ts';
import { addNowOption, addWindowOptions, type WindowOptions } from './window-options.ts';

/** Options that every command has that changes hosts. */
export interface ChangeOptions extends WindowOptions {
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly whenBusy?: BusyPolicy;
  readonly waitTimeout: number;
  readonly drainTimeout: number;
  readonly despitePolls: boolean;
  readonly policy: readonly string[];
  readonly maxFailures: number;
  readonly maxUnavailable?: MaxUnavailable;
  readonly wave?: number;
  readonly onFailure: OnFailure;
  readonly confirm: Confirmer;
  readonly confirmTimeout: number;
  readonly browserPath?: string;
  readonly lockWait: number;
  readonly keep?: number;
  readonly runId?: string;
}

/** A word over a new connection takes a few seconds; less would revert healthy hosts. Seconds. */
const leastConfirmTimeout = 10;

/** How many hosts may be out at once; for commands that change hosts, and for `plan`, which shows it. */
export function maxUnavailableOption(): Option {
  return new Option(
    '--max-unavailable <n>',
    'how many hosts of a role, or what share of them (20%), may be out at once, including those that are down (default: as in the inventory, else 10%, and one host outside a window or by day)',
  ).argParser(outAtOnce);
}

/** How many hosts begin together; for commands that change hosts, and for `plan`, which shows it. */
export function waveOption(): Option {
  return new Option(
    '--wave <n>',
    'change so many hosts of a role together once the first is done, the next ones when all of them have ended (default: each as soon as another has ended)',
  ).argParser(positive);
}

/** What a failure means for others; for commands that change hosts, and for `plan`. */
export function onFailureOption(): Option {
  return new Option(
    '--on-failure <what>',
    'stop: begin no further host; revert-wave: also put back those that are being changed together with it; they wait for each other',
  )
    .choices([...failureRules])
    .default(usualApply.onFailure);
}

/**
 * What is done where people are; for commands that change hosts, and for `plan`, which shows it. `later`: it
 * can be left to the hosts. `usual`: what is done if nobody says.
 */
export function whenBusyOption({
  later,
  usual = 'as in the inventory, else refuse',
}: {
  readonly later: boolean;
  readonly usual?: string | undefined;
}): Option {
  return new Option(
    '--when-busy <policy>',
    `what to do with a host on which people are; refuse: put it off; wait: wait until they have gone; drain: send no more people there and wait;${later ? ' later: leave it to change itself once nobody is there;' : ''} force: interrupt them (default: ${usual})`,
  ).choices(busyPolicies.filter((policy) => later || policy !== 'later'));
}

/** Who confirms; for commands that change hosts, and for `plan`, which shows which checks would decide. */
export function confirmOption(description: string): Option {
  return new Option('--confirm <who>', description).choices([...confirmers]).default(usualApply.confirm);
}

/** Adds those by which people are looked after; `force` says in words what else it does there. */
function addPeopleOptions(
  command: Command,
  {
    force,
    usual,
    later = false,
  }: { readonly force: string; readonly usual?: string | undefined; readonly later?: boolean },
): Command {
  const changing = command
    .option('--yes', "don't ask for confirmation", false)
    .option('--dry-run', 'show the plan and stop', false)
    .option('--force', force, false)
    .addOption(whenBusyOption({ later, usual }))
    .addOption(
      new Option('--wait-timeout <time>', 'how long to wait for people to leave, with --when-busy wait')
        .argParser(seconds)
        .default(usualApply.waitTimeout, '2h'),
    )
    .addOption(
      new Option('--drain-timeout <time>', 'the same with --when-busy drain; then the host gets people again')
        .argParser(seconds)
        .default(usualApply.drainTimeout, '2h'),
    )
    .option(
      '--despite-polls',
      'agree that a balancer may take a host with people for dead while it is silent, and end what goes on there',
      false,
    )
    .addOption(policyOption())
    .addOption(namesOption());
  return addWindowOptions(addNowOption(changing));
}

function lockWaitOption(): Option {
  return new Option('--lock-wait <time>', "how long to wait for another run's lock, such as 10m")
    .argParser(seconds)
    .default(usualApply.lockWait, 'not at all');
}

function addKeepOption(command: Command): Command {
  return command.option('--keep <n>', 'how many runs a host remembers afterwards (default: 20)', positive);
}

/** Those of commands that take hosts one at a time, and stop at the first that fails. */
export type OneByOneOptions = Omit<
  ChangeOptions,
  'confirm' | 'confirmTimeout' | 'browserPath' | 'maxFailures' | 'wave' | 'onFailure' | 'runId'
>;

/** `usual`: the policy where nobody says another one, in words. */
export function addOneByOneOptions(command: Command, usual?: string): Command {
  const people = addPeopleOptions(command, {
    force: 'interrupt people who are connected',
    usual: usual === undefined ? undefined : `as in the inventory, else ${usual}`,
  });
  return addKeepOption(people.addOption(maxUnavailableOption()).addOption(lockWaitOption()));
}

/** What src/run needs of them. */
export function oneByOneOptionsOf(
  options: OneByOneOptions,
): ReturnType<typeof changeOptionsOf> & Pick<ApplyOptions, 'parallel'> {
  const { confirm, confirmTimeout, onFailure } = usualApply;
  const usual = { confirm, confirmTimeout, onFailure, maxFailures: 0 };
  return { ...changeOptionsOf({ ...options, ...usual }), parallel: 1 };
}

/**
 * Adds the options of `ChangeOptions` to a command; `force` says in words what else it does there, and
 * `whenBusy` what is done where people are if nobody says. Without `runId`, the command refuses that option,
 * and its help doesn't name it.
 */
export function addChangeOptions(
  command: Command,
  {
    force,
    whenBusy,
    later = false,
    runId = true,
  }: {
    readonly force: string;
    readonly whenBusy?: string;
    readonly later?: boolean;
    readonly runId?: boolean;
  },
): Command {
  return addKeepOption(
    addPeopleOptions(command, { force, later, usual: whenBusy })
      .option(
        '--max-failures <n>',
        'keep going as long as no more than this many hosts have failed',
        wholeNumber,
        0,
      )
      .addOption(maxUnavailableOption())
      .addOption(waveOption())
      .addOption(onFailureOption())
      .addOption(
        confirmOption(
          'who confirms the changes on a host: the host itself, or this program once its checks from outside pass; with browser, those in a real browser as well',
        ),
      )
      .addOption(
        new Option(
          '--confirm-timeout <time>',
          'how long a host waits for confirmation, with --confirm outside or browser',
        )
          .argParser(secondsFrom(leastConfirmTimeout))
          .default(usualApply.confirmTimeout, '2m'),
      )
      .option('--browser-path <program>', 'the browser to use, with --confirm browser')
      .addOption(lockWaitOption()),
  ).addOption(runIdOption().hideHelp(!runId));
}

/** Refuses two policies at once, where `--force` says nothing but to interrupt people. */
export function refuseTwoPolicies({ force, whenBusy }: Pick<ChangeOptions, 'force' | 'whenBusy'>): void {
  if (!force || whenBusy === undefined || whenBusy === 'force') return;
  throw new OperatorError({
    code: 'usage',
    message: `--force interrupts people, and --when-busy ${whenBusy} does not`,
    next: 'leave one of them out',
  });
}

/** What src/run needs of them. */
export function changeOptionsOf(
  options: ChangeOptions,
): Pick<
  ApplyOptions,
  | 'whenBusy'
  | 'waitTimeout'
  | 'drainTimeout'
  | 'despitePolls'
  | 'maxFailures'
  | 'maxUnavailable'
  | 'waveSize'
  | 'onFailure'
  | 'confirm'
  | 'confirmTimeout'
  | 'lockWait'
  | 'keep'
> & { readonly policies: readonly string[] } {
  const { force, maxFailures, maxUnavailable, confirm, confirmTimeout, lockWait, keep } = options;
  const { whenBusy, waitTimeout, drainTimeout, despitePolls, wave: waveSize, onFailure } = options;
  const waves = { maxUnavailable, waveSize, onFailure };
  const policy = whenBusy ?? (force ? ('force' as const) : undefined);
  const busy = { whenBusy: policy, waitTimeout, drainTimeout, despitePolls };
  const policies = options.policy;
  return { ...busy, ...waves, maxFailures, confirm, confirmTimeout, lockWait, keep, policies };
}

/** Throws what commander reports as a wrong argument. */
function outAtOnce(value: string): MaxUnavailable {
  const allowed = parseMaxUnavailable(value);
  if (allowed === undefined) {
    throw new InvalidArgumentError('It must be a number of hosts such as 2, or a share from 1% to 100%.');
  }
  return allowed;
}
