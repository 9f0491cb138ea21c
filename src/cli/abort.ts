import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, limitOfLooking } from './options.ts';

interface AbortOptions extends CommonOptions {
  readonly yes: boolean;
}

export function registerAbort(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('abort')
      .argument('<run>', 'the run that goes on')
      .description(
        'Ends a run from anywhere, as Ctrl-C does: hosts being changed finish, and none is begun.',
      ),
    limitOfLooking,
  )
    .option('--yes', "don't ask for confirmation", false)
    .action(async (run: string, options: AbortOptions) => finish(await abort(run, options, environment)));
  addExample(command, 'clusterproxy abort --inventory prod.yaml 20261121T074501Z-4f2a9c');
}

async function abort(run: string, options: AbortOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { RunWatch }, { findRun, phaseNow }, { abortRun }, telling, { askFirst }] =
    await Promise.all([
      import('./session.ts'),
      import('../run/again/run-watch.ts'),
      import('../run/again/follow-run.ts'),
      import('../run/again/abort-run.ts'),
      import('./tell-run.ts'),
      import('./ask-first.ts'),
    ]);
  const { exitStatus, resultWithoutHosts } = await import('../model/result.ts');
  const session = await openSession('abort', options, environment, 'connections');
  const runOptions = session.runOptions({ prune: false });
  const watch = new RunWatch(run, runOptions);
  try {
    const found = await findRun(watch, runOptions);
    const phase = phaseNow(found);
    const told = { followed: telling.followedOf(found, phase) };
    const before = { ...resultWithoutHosts('abort'), run };
    telling.showFollowed(session, 'abort', found);
    if (phase === 'ended') {
      const { OperatorError } = await import('../model/operator-error.ts');
      const { runEnded } = await import('../run/again/abort-run.ts');
      throw new OperatorError(runEnded(found, options.inventory));
    }
    const answer = await askFirst(session, {
      yes: options.yes,
      question: 'Abort this run?',
      otherwise: 'a run would be aborted',
      next: 'confirm with --yes',
    });
    if (answer !== 'yes') {
      session.message('nothing was changed');
      return await session.end(before, {
        ...told,
        exitStatus: answer === 'interrupted' ? exitStatus.interrupted : exitStatus.nothingTouched,
        errors: typeof answer === 'string' ? [] : [answer],
      });
    }
    environment.phase.changing = true;
    environment.phase.interruption = 'the run stays aborted, and its end is not waited for';
    const ended = await abortRun(watch, found, runOptions);
    const toldLater = { followed: telling.followedOf(ended.seen, ended.phase), exitStatus: ended.exitStatus };
    session.show('result', ended.result, toldLater);
    for (const message of ended.messages) session.message(message);
    return await session.end(ended.result, toldLater);
  } finally {
    await watch.close();
  }
}
