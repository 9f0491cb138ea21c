import type { Command } from 'commander';
import {
  addChangeOptions,
  type ChangeOptions,
  changeOptionsOf,
  refuseTwoPolicies,
} from './change-options.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';
import { windowOf } from './window-options.ts';

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
  refuseTwoPolicies(options);
  const [{ openSession }, { planRun }, retiring, { carryOut }, { askingFromHere }] = await Promise.all([
    import('./session.ts'),
    import('../run/plan-run.ts'),
    import('../run/retire.ts'),
    import('./carry-out.ts'),
    import('./asking.ts'),
  ]);
  const session = await openSession('retire', options, environment);
  const asking = await askingFromHere(options, environment);
  const isGone = retiring.hasLeft(session.inventory, name);
  const inventory = isGone ? session.inventory : retiring.retiring(session.inventory, name);
  const usual = session.runOptions({ prune: isGone ? [name] : false });
  const own = isGone ? [] : retiring.limitOfRetiring(inventory, name);
  const runOptions = { ...usual, inventory, limit: options.limit.length > 0 ? options.limit : own };
  const { onceOnly } = await import('./tell-run.ts');
  const called = { command: 'retire', limit: options.limit, more: { name } };
  const once = await onceOnly(session, called, { options, runOptions });
  if ('told' in once) return once.told;
  const all = await planRun(runOptions);
  const planned = isGone ? retiring.ofAHostThatLeft(all, inventory, name) : all;
  const status = await carryOut(planned, session, {
    ...runOptions,
    ...changeOptionsOf(options),
    window: await windowOf(session.inventory, options, environment),
    command: 'retire',
    asking,
    leave: environment.leave,
    exactly: false,
    yes: options.yes,
    dryRun: options.dryRun,
    refusal: undefined,
    ...once,
  });
  const stays = session.inventory.hosts.some((host) => host.name === name && host.state === 'active');
  if (status === 0 && stays && !options.dryRun) {
    session.message(
      `${name} is still in ${options.inventory}: remove it, or set "state: retired", before the next apply or retire: they go by the inventory, and would bring it back`,
    );
  }
  if (status === 0 && isGone && !options.dryRun) {
    session.message(
      `${name} itself was not touched, since ${options.inventory} doesn't say where it is: to restore its files, write it in with "state: retired" and apply`,
    );
  }
  return status;
}
