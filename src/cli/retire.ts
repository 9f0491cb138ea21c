import type { Command } from 'commander';
import { addChangeOptions, type ChangeOptions, changeOptionsOf } from './change-options.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';

interface RetireOptions extends CommonOptions, ChangeOptions {}

export function registerRetire(program: Command, { environment, finish }: Registration): void {
  const command = addChangeOptions(
    addCommonOptions(
      program
        .command('retire')
        .argument('<host>', 'the node that leaves the cluster')
        .description(
          'Takes a node out of the cluster: restores its files, then removes it from the other hosts.',
        ),
    ),
    { force: 'interrupt people who are connected' },
  ).action(async (host: string, options: RetireOptions) => finish(await retire(host, options, environment)));
  addExample(command, 'clusterproxy retire --inventory prod.yaml node-02');
}

async function retire(name: string, options: RetireOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { planRun }, { retiring, limitOfRetiring }, { carryOut }] = await Promise.all([
    import('./session.ts'),
    import('../run/plan-run.ts'),
    import('../run/retire.ts'),
    import('./carry-out.ts'),
  ]);
  const session = await openSession('retire', options, environment);
  const inventory = retiring(session.inventory, name);
  const usual = session.runOptions({ prune: false });
  const limit = options.limit.length > 0 ? options.limit : limitOfRetiring(inventory, name);
  const runOptions = { ...usual, inventory, limit };
  const planned = await planRun(runOptions);
  const status = await carryOut(planned, session, {
    ...runOptions,
    ...changeOptionsOf(options),
    command: 'retire',
    leave: environment.leave,
    exactly: false,
    yes: options.yes,
    dryRun: options.dryRun,
    refusal: undefined,
  });
  const stays = session.inventory.hosts.some((host) => host.name === name && host.state === 'active');
  if (status === 0 && stays && !options.dryRun) {
    session.message(
      `${name} is still in ${options.inventory}: remove it, or set "state: retired"; otherwise the next apply sets it up again`,
    );
  }
  return status;
}
