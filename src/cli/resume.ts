import { type Command, Option } from 'commander';
import { isDue } from '../model/plan.ts';
import type { RunResult } from '../model/result.ts';
import { type ApplyOptions, usualApply } from '../run/options.ts';
import { seconds } from './duration.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, namesOption } from './options.ts';
import { policyOption } from './policies.ts';
import { queueOf } from './queue-options.ts';
import { addNowOption, deadlineOption, type WindowOptions } from './window-options.ts';

interface ResumeOptions extends CommonOptions, Pick<WindowOptions, 'deadline' | 'now'> {
  readonly policy: readonly string[];
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly aborted: boolean;
  readonly lockWait: number;
  readonly browserPath?: string;
}

export function registerResume(program: Command, { environment, finish }: Registration): void {
  const command = addNowOption(
    addCommonOptions(
      program
        .command('resume')
        .argument('<run>', 'the run of apply that has left something')
        .description('Goes on with what a run has left, exactly as agreed on; what is done stays done.'),
    )
      .option('--yes', "don't ask for confirmation", false)
      .option('--dry-run', 'show what is left and stop', false)
      .option('--aborted', 'go on although somebody has aborted the run', false)
      .addOption(policyOption())
      .addOption(namesOption()),
  )
    .addOption(deadlineOption())
    .addOption(
      new Option('--lock-wait <time>', "how long to wait for another run's lock, such as 10m")
        .argParser(seconds)
        .default(usualApply.lockWait, 'not at all'),
    )
    .option('--browser-path <program>', 'the browser to use, for a run with --confirm browser')
    .action(async (run: string, options: ResumeOptions) => finish(await resume(run, options, environment)));
  addExample(command, 'clusterproxy resume --inventory prod.yaml 20261121T074501Z-4f2a9c');
}

async function resume(run: string, options: ResumeOptions, environment: Environment): Promise<number> {
  const [
    { openSession },
    { planRun },
    { carryOut },
    { askingFromHere },
    { restOf },
    toResume,
    { windowOf, typedWindow },
  ] = await Promise.all([
    import('./session.ts'),
    import('../run/plan-run.ts'),
    import('./carry-out.ts'),
    import('./asking.ts'),
    import('./plan-file.ts'),
    import('../run/again/to-resume.ts'),
    import('./window-options.ts'),
  ]);
  const [
    { showFollowed, followedOf },
    { applyRun },
    { giveBackLeft, leftOut, withGivenBack },
    { tellResumed },
  ] = await Promise.all([
    import('./tell-run.ts'),
    import('../run/apply-run.ts'),
    import('../run/again/left-out.ts'),
    import('../run/again/tell-resumed.ts'),
  ]);
  const session = await openSession('resume', options, environment);
  const { inventory } = session;
  const given = session.runOptions({ prune: false });
  const { seen, phase } = await toResume.runToResume(run, given, { aborted: options.aborted });
  showFollowed(session, 'resume', seen);
  const { agreement } = seen;
  const { plan: saved, options: agreed } = toResume.resumable(agreement, inventory.file);
  const limit = options.limit.length > 0 ? options.limit : agreed.limit;
  const runOptions = { ...given, prune: agreed.prune, limit };
  const { confirm, confirmTimeout } = agreed;
  const { browserPath, dryRun } = options;
  const asking = await askingFromHere({ confirm, confirmTimeout, browserPath, dryRun }, environment);
  const planned = await planRun(runOptions);
  const { plan, differences } = await restOf(saved, {
    plan: planned.plan,
    inventory,
    secrets: environment.secrets,
  });
  const { prune: _prune, limit: _limit, window, queue = { withoutCordon: false }, ...rest } = agreed;
  const { now = false, deadline } = options;
  const windows = { window: window.map(typedWindow), now, ...(deadline === undefined ? {} : { deadline }) };
  const left = leftOut(plan, inventory);
  // Before others are begun, as such a host counts as out; also where nothing else is left to be done.
  const givenBack = async (result: () => Promise<RunResult>) => {
    const still = await giveBackLeft(left, runOptions);
    const { warnings, ...rest } = await result();
    return { ...rest, warnings: [...warnings, ...still] };
  };
  const resumeRun: typeof applyRun = async (run, started) => {
    let telling: Promise<void> | undefined;
    const progress: ApplyOptions['progress'] = (event) => {
      started.progress(event);
      // It has its hosts now: a run that is refused goes on with nothing.
      if (event.kind === 'begun') telling ??= tellResumed(seen, event.run, given);
    };
    const result = await applyRun(run, { ...started, progress });
    await telling;
    return result;
  };
  return carryOut({ ...planned, plan: withGivenBack(plan, left) }, session, {
    ...runOptions,
    start: (run, started) => givenBack(() => resumeRun(run, started)),
    ...(left.length === 0 || plan.hosts.some(isDue)
      ? {}
      : { finish: (result: RunResult) => givenBack(async () => result) }),
    ...{ ...rest, whenBusy: rest.whenBusy, maxUnavailable: rest.maxUnavailable, keep: rest.keep },
    window: await windowOf(inventory, windows, environment),
    queue: queueOf(queue, inventory, environment),
    ...{ command: 'resume', asking, leave: environment.leave, lockWait: options.lockWait },
    exactly: true,
    followed: followedOf(seen, phase),
    policies: options.policy,
    yes: options.yes,
    dryRun: options.dryRun,
    refusal:
      differences.length === 0
        ? toResume.notOfTheRun(
            seen,
            plan.hosts.filter(isDue).map(({ host }) => host),
            inventory.file,
          )
        : toResume.differsFromAgreed(agreement, differences, inventory.file),
    identity: { id: undefined, call: `resume ${run}`, options: agreed, resumes: { run, plan: saved } },
  });
}
