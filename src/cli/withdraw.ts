import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, limitOfLooking } from './options.ts';

export function registerWithdraw(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('withdraw')
      .argument('[hosts...]', 'the hosts, or roles; default: all on which something waits')
      .description('Takes back what waits on hosts until nobody is there (apply --when-idle).'),
    limitOfLooking,
  ).action(async (hosts: readonly string[], options: CommonOptions) =>
    finish(await withdraw(hosts, options, environment)),
  );
  addExample(
    command,
    'clusterproxy withdraw --inventory prod.yaml',
    'clusterproxy withdraw --inventory prod.yaml node-02',
  );
}

async function withdraw(
  names: readonly string[],
  options: CommonOptions,
  environment: Environment,
): Promise<number> {
  const [{ openSession }, { limitedTo }, { withdrawRun }, { exitStatus, exitStatusOf }] = await Promise.all([
    import('./session.ts'),
    import('../run/limit.ts'),
    import('../run/queue/withdraw-run.ts'),
    import('../model/result.ts'),
  ]);
  const session = await openSession('withdraw', options, environment, 'connections');
  // A misspelt name is told before any host is asked.
  limitedTo(session.inventory.hosts, names);
  environment.phase.changing = true;
  const result = await withdrawRun(names, session.runOptions({ prune: false }));
  if (result.hosts.length === 0 && result.warnings.length === 0) session.message('nothing waits on any host');
  else session.show('result', result);
  const gone = result.hosts.filter(({ status }) => status === 'changed').map(({ plan }) => plan.host);
  if (gone.length > 0) session.message(`nothing waits any longer on: ${gone.join(', ')}`);
  // Of a host that can't be asked it isn't known.
  const status = exitStatusOf(result, { comparing: false });
  const lost = result.warnings.length > 0 && status === exitStatus.done;
  return session.end(result, { exitStatus: lost ? exitStatus.failed : status });
}
