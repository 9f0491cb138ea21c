import type { Command } from 'commander';
import type { SavedPlan } from '../plan/saved/saved-plan.ts';
import type { RunWindow } from '../run/windows/run-window.ts';
import {
  addChangeOptions,
  type ChangeOptions,
  changeOptionsOf,
  refuseTwoPolicies,
} from './change-options.ts';
import type { Environment, Registration } from './environment.ts';
import { type MetricsOptions, metricsOption, withMetrics } from './metrics.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';
import { addQueueOptions, expectQueueing, policyWith, type QueueOptions, queueOf } from './queue-options.ts';
import { addReportOptions, type ReportOptions } from './report-options.ts';
import type { Session } from './session.ts';
import { windowOf } from './window-options.ts';

export interface ApplyCommandOptions
  extends CommonOptions,
    ChangeOptions,
    QueueOptions,
    MetricsOptions,
    ReportOptions {
  readonly plan?: string;
  readonly prune: boolean;
  readonly verify: boolean;
}

export function registerApply(program: Command, { environment, finish }: Registration): void {
  const command = addChangeOptions(
    addCommonOptions(
      program
        .command('apply')
        .description('Shows the plan, asks for confirmation, and changes each host in one transaction.'),
    ).option(
      '--plan <file>',
      'carry out this saved plan, or what is left of it; refuse if anything else has changed',
    ),
    { force: 'interrupt people who are connected', later: true },
  );
  addReportOptions(addQueueOptions(command))
    .option('--prune', 'also remove what belongs to nodes that are no longer in the inventory', false)
    .option(
      '--verify',
      'afterwards ask the whole cluster from here, as verify does: exit 4 if an answer is wrong',
      false,
    )
    .addOption(metricsOption())
    .action(async (options: ApplyCommandOptions) => finish(await apply(options, environment)));
  addExample(
    command,
    'clusterproxy apply --inventory prod.yaml',
    'clusterproxy apply --inventory prod.yaml --plan plan.json --yes --json',
    'clusterproxy apply --inventory prod.yaml --confirm outside --verify',
    'clusterproxy apply --inventory prod.yaml --when-idle --without-cordon',
  );
}

async function apply(given: ApplyCommandOptions, environment: Environment): Promise<number> {
  refuseTwoPolicies(given);
  const options = policyWith(given);
  return withMetrics(options, environment, async (metrics) => {
    const { openSession } = await import('./session.ts');
    const session = await openSession('apply', options, environment);
    await metrics?.follow(session);
    return applyOver(session, options, environment);
  });
}

/** What decides about a run besides its options. */
export interface ApplyGiven {
  /** another one than the inventory and the options say */
  readonly window?: RunWindow;
  /** what somebody has agreed to a while ago: this is carried out, or what is left of it, and nothing else */
  readonly agreed?: SavedPlan | undefined;
}

/** Plans and changes the hosts of a session; returns the exit status. */
export async function applyOver(
  session: Session,
  options: ApplyCommandOptions,
  environment: Environment,
  { window, agreed: before }: ApplyGiven = {},
): Promise<number> {
  const [{ planRun }, { carryOut }, { askingFromHere }, { readPlan, agreedPlan }] = await Promise.all([
    import('../run/plan-run.ts'),
    import('./carry-out.ts'),
    import('./asking.ts'),
    import('./plan-file.ts'),
  ]);
  const { onceOnly } = await import('./tell-run.ts');
  expectQueueing(options, session.inventory);
  const asking = await askingFromHere(options, environment);
  const saved = options.plan === undefined ? before : await readPlan(options.plan);
  const runOptions = session.runOptions({ prune: options.prune });
  const { limit, prune } = options;
  const { idleFor, until, withoutCordon } = options;
  const queue = { idleFor, until, withoutCordon };
  const more = { plan: saved, verify: options.verify };
  const called = { command: 'apply', limit, prune, queue, more };
  const once = await onceOnly(session, called, { options, runOptions });
  if ('told' in once) return once.told;
  const planned = await planRun(runOptions);
  const agreed =
    saved === undefined
      ? { plan: planned.plan, refusal: undefined }
      : await agreedPlan(
          options.plan,
          saved,
          { plan: planned.plan, inventory: session.inventory, secrets: environment.secrets },
          options,
        );
  return carryOut({ ...planned, plan: agreed.plan }, session, {
    ...runOptions,
    ...changeOptionsOf(options),
    window: window ?? (await windowOf(session.inventory, options, environment)),
    queue: queueOf(options, session.inventory, environment),
    command: 'apply',
    asking,
    leave: environment.leave,
    exactly: saved !== undefined,
    yes: options.yes,
    dryRun: options.dryRun,
    refusal: agreed.refusal,
    verify: options.verify,
    ...once,
  });
}
