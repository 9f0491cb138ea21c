import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, limitOfLooking } from './options.ts';

interface ReleaseOptions extends CommonOptions {
  readonly all: boolean;
}

export function registerRelease(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('release')
      .argument('[hosts...]', 'the hosts that are to get people again')
      .description('Gives hosts back that a run has taken out in a balancer and left out, if they are well.'),
    limitOfLooking,
  )
    .option('--all', 'all that are out', false)
    .action(async (hosts: readonly string[], options: ReleaseOptions) =>
      finish(await release(hosts, options, environment)),
    );
  addExample(
    command,
    'clusterproxy release --inventory prod.yaml node-02',
    'clusterproxy release --inventory prod.yaml --all',
  );
}

async function release(
  names: readonly string[],
  options: ReleaseOptions,
  environment: Environment,
): Promise<number> {
  const [{ openSession }, { releaseRun }, { exitStatus, exitStatusOf }, { OperatorError }] =
    await Promise.all([
      import('./session.ts'),
      import('../run/busy/release-run.ts'),
      import('../model/result.ts'),
      import('../model/operator-error.ts'),
    ]);
  if (options.all === names.length > 0) {
    throw new OperatorError({
      code: 'usage',
      message: options.all ? 'either name hosts, or give --all' : 'no host was named',
      next: 'name the hosts that are to get people again, or give --all; clusterproxy status shows which are out',
    });
  }
  const session = await openSession('release', options, environment, 'connections');
  environment.phase.changing = true;
  const result = await releaseRun(names, session.runOptions({ prune: false }));
  if (result.hosts.length === 0) session.message('no host is out because of clusterproxy');
  else session.show('result', result);
  const released = result.hosts.filter(({ status }) => status === 'changed').map(({ plan }) => plan.host);
  if (released.length > 0) session.message(`people are sent there again: ${released.join(', ')}`);
  const lost = result.warnings.length > 0 && result.hosts.length === 0;
  return session.end(result, {
    exitStatus: lost ? exitStatus.failed : exitStatusOf(result, { comparing: false }),
  });
}
