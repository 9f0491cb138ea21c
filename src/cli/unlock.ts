import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, limitOfLooking } from './options.ts';

interface UnlockOptions extends CommonOptions {
  readonly yes: boolean;
}

export function registerUnlock(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('unlock')
      .argument('<run>', 'the run that is in progress')
      .description('Ends exactly this run on its hosts; each of them finishes or reverts.'),
    limitOfLooking,
  )
    .option('--yes', "don't ask for confirmation", false)
    .action(async (run: string, options: UnlockOptions) => finish(await unlock(run, options, environment)));
  addExample(command, 'clusterproxy unlock --inventory prod.yaml 20261121T074501Z-4f2a9c');
}

async function unlock(run: string, options: UnlockOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { findHolders, unlockHosts }, { askFirst }, { exitStatus }] = await Promise.all([
    import('./session.ts'),
    import('../run/unlock-run.ts'),
    import('./ask-first.ts'),
    import('../model/result.ts'),
  ]);
  const session = await openSession('unlock', options, environment, 'connections');
  const runOptions = session.runOptions({ prune: false });
  const holders = await findHolders(run, runOptions);
  const before = { command: 'unlock', run, hosts: [], warnings: [], interrupted: false };
  const told = { holders: holders.map(({ host, who }) => ({ host: host.name, who })) };
  session.show('holders', before, told);
  const answer = await askFirst(session, {
    yes: options.yes,
    question: `End this run on ${holders.map(({ host }) => host.name).join(', ')}?`,
    otherwise: 'a run would be ended',
    next: 'confirm with --yes; clusterproxy status shows whose run it is',
  });
  if (answer !== 'yes') {
    session.message('nothing was changed');
    return session.end(before, {
      ...told,
      exitStatus: answer === 'interrupted' ? exitStatus.interrupted : exitStatus.nothingTouched,
      errors: typeof answer === 'string' ? [] : [answer],
    });
  }
  environment.phase.changing = true;
  const { result, exitStatus: status } = await unlockHosts(run, holders, runOptions);
  session.show('result', result, told);
  return session.end(result, { ...told, exitStatus: status });
}
