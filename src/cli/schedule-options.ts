import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { OperatorError } from '../model/operator-error.ts';
import { type SchedulePolicy, schedulePolicies } from '../model/schedule.ts';
import type { Scheduler } from '../schedule/elsewhere/schedulers.ts';
import type { Listen } from '../schedule/watch/listen.ts';
import type { When } from '../schedule/when.ts';
import { type MetricsOptions, metricsOption } from './metrics.ts';
import type { CommonOptions } from './options.ts';

/** What a scheduled run does. */
export interface ScheduledOptions extends CommonOptions, MetricsOptions {
  readonly policy: SchedulePolicy;
  readonly whenIdle: boolean;
  readonly withoutCordon: boolean;
}

export interface ScheduleRunOptions extends ScheduledOptions {
  /** the folder for what it finds */
  readonly state?: string;
}

export interface WatchOptions extends ScheduleRunOptions {
  /** from one look to the next; seconds */
  readonly every: number;
  readonly listen: Listen | 'none';
}

export interface StatusOptions extends CommonOptions {
  readonly state?: string;
}

export interface InstallOptions extends ScheduledOptions {
  readonly every: When;
  readonly at?: number;
  /** seconds */
  readonly spread?: number;
  readonly system: boolean;
  readonly user: boolean;
  readonly runAs?: string;
  readonly credential: ReadonlyMap<string, string>;
  readonly untried: boolean;
  readonly print?: Scheduler;
  readonly image: string;
}

/** Adds those of `ScheduledOptions` to a command that has the common ones. */
export function addScheduledOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--policy <policy>',
        'report: only look; fix: repair within windows, where nobody is interrupted; only look outside of them',
      )
        .choices([...schedulePolicies])
        .default('report'),
    )
    .option(
      '--when-idle',
      'with --policy fix: leave a host on which people are to change itself once they have gone',
      false,
    )
    .option(
      '--without-cordon',
      'with --when-idle: agree that nobody can join on such a host while it restarts its services',
      false,
    )
    .addOption(metricsOption());
}

/** Throws OperatorError `usage` where hosts are to change themselves that nothing is to change. */
export function refuseIdleLooks({ policy, whenIdle }: Pick<ScheduledOptions, 'policy' | 'whenIdle'>): void {
  if (!whenIdle || policy === 'fix') return;
  throw new OperatorError({
    code: 'usage',
    message: '--when-idle goes with --policy fix, since a report changes nothing',
    next: 'add --policy fix, or leave --when-idle out',
  });
}

/**
 * Throws OperatorError `without-cordon` where runs that nobody watches are to leave hosts to change
 * themselves: each of them would be refused as soon as there is something to change.
 */
export function refuseUnagreed({
  whenIdle,
  withoutCordon,
}: Pick<ScheduledOptions, 'whenIdle' | 'withoutCordon'>): void {
  if (!whenIdle || withoutCordon) return;
  throw new OperatorError({
    code: 'without-cordon',
    message:
      'with --when-idle a host on which people are changes itself later, and while it restarts its services nobody can join on it; no run would do that without your agreement, and nobody is there to ask',
    next: 'agree to that with --without-cordon, or leave --when-idle out',
  });
}

export function stateOption(): Option {
  return new Option(
    '--state <folder>',
    'where runs are recorded (default: as installed, else below /var/lib or ~/.local/state)',
  );
}

/** The words of a scheduled run, as `schedule run` takes them. */
export function wordsOf(
  options: ScheduledOptions,
  inventory: string,
  policy: SchedulePolicy = options.policy,
): readonly string[] {
  const { limit, parallel, whenIdle, withoutCordon, metrics } = options;
  return [
    ...['schedule', 'run', '--inventory', inventory, '--policy', policy],
    ...(limit.length === 0 ? [] : ['--limit', limit.join(',')]),
    ...(parallel === 32 ? [] : ['--parallel', String(parallel)]),
    ...(whenIdle ? ['--when-idle'] : []),
    ...(withoutCordon ? ['--without-cordon'] : []),
    ...(metrics === undefined ? [] : ['--metrics', resolve(metrics)]),
  ];
}
