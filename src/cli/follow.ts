import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, limitOfLooking } from './options.ts';

export function registerFollow(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('follow')
      .argument('<run>', 'the run')
      .description('Follows a run from anywhere to its end, or tells how it ended; exits as the run does.'),
    limitOfLooking,
  ).action(async (run: string, options: CommonOptions) => finish(await follow(run, options, environment)));
  addExample(command, 'clusterproxy follow --inventory prod.yaml 20261121T074501Z-4f2a9c');
}

async function follow(run: string, options: CommonOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { RunWatch }, { findRun }, { tellRun }] = await Promise.all([
    import('./session.ts'),
    import('../run/again/run-watch.ts'),
    import('../run/again/follow-run.ts'),
    import('./tell-run.ts'),
  ]);
  const session = await openSession('follow', options, environment, 'connections');
  const runOptions = session.runOptions({ prune: false });
  const watch = new RunWatch(run, runOptions);
  try {
    const found = await findRun(watch, runOptions);
    return await tellRun(session, found, { watch, command: 'follow', options: runOptions });
  } finally {
    await watch.close();
  }
}
