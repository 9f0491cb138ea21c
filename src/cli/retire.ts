import type { Command } from 'commander';
import type { PlannedRun } from '../run/planner.ts';
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
  ).action(async (host: string, options: RetireOptions) => {
    refuseTwoPolicies(options);
    finish(await takeOut('retire', host, options, environment));
  });
  addExample(command, 'clusterproxy retire --inventory prod.yaml node-02');
}

/** What `retire` does, and `leave` beside other things. */
export async function takeOut(
  command: 'retire' | 'leave',
  name: string,
  options: RetireOptions,
  environment: Environment,
): Promise<number> {
  const [
    { openSession },
    { planRun },
    retiring,
    { carryOut },
    { askingFromHere },
    balancer,
    leaving,
    policies,
  ] = await Promise.all([
    import('./session.ts'),
    import('../run/plan-run.ts'),
    import('../run/retire.ts'),
    import('./carry-out.ts'),
    import('./asking.ts'),
    import('../run/membership/in-balancer.ts'),
    import('../run/membership/leave-words.ts'),
    import('../run/busy/policy.ts'),
  ]);
  const session = await openSession(command, options, environment);
  const asking = await askingFromHere(options, environment);
  const isGone = retiring.hasLeft(session.inventory, name);
  const staying = isGone ? session.inventory : retiring.retiring(session.inventory, name);
  const inventory = command === 'leave' ? policies.withPolicy(staying, name, 'drain') : staying;
  const usual = session.runOptions({ prune: isGone ? [name] : false });
  const own = isGone ? [] : retiring.limitOfRetiring(inventory, name);
  const runOptions = { ...usual, inventory, limit: options.limit.length > 0 ? options.limit : own };
  const { onceOnly } = await import('./tell-run.ts');
  const called = { command, limit: options.limit, more: { name } };
  const once = await onceOnly(session, called, { options, runOptions });
  if ('told' in once) return once.told;
  const all = await planRun({ ...runOptions, takingOut: { name, limit: options.limit } });
  if (!isGone) retiring.refuseLastSeen(all, inventory, name);
  if (isGone && command === 'leave' && balancer.isOut(all.plan, inventory, name)) {
    session.message(`${name} has left the cluster already`);
    const nothing = { command, run: undefined, hosts: [], warnings: [], interrupted: false };
    return session.end(nothing, { exitStatus: 0 });
  }
  const planned = isGone ? retiring.ofAHostThatLeft(all, inventory, name) : all;
  const changing = { ...runOptions, ...changeOptionsOf(options) };
  const words = command === 'leave' && !isGone ? leaving.leaveWords(name, changing) : undefined;
  const status = await carryOut(withWarning(planned, words?.warning), session, {
    ...changing,
    question: words?.question,
    warning: words?.warning,
    window: await windowOf(session.inventory, options, environment),
    command,
    ...(command === 'leave' && !isGone
      ? {
          membership: command,
          finish: (result, changing) => balancer.left(result, name, changing),
        }
      : {}),
    asking,
    leave: environment.leave,
    exactly: false,
    yes: options.yes,
    dryRun: options.dryRun,
    refusal: undefined,
    ...once,
  });
  const stays = session.inventory.hosts.some((host) => host.name === name && host.state !== 'retired');
  if (status === 0 && stays && !options.dryRun) {
    session.message(
      `${name} is still in ${options.inventory}: remove it, or set "state: retired", before the next apply, which goes by the inventory and would bring it back`,
    );
  }
  if (status === 0 && isGone && command === 'leave' && !options.dryRun) {
    session.message(`no balancer was told either: if one still sends people to ${name}, do that by hand`);
  }
  if (status === 0 && isGone && !options.dryRun) {
    session.message(
      `${name} itself was not touched, since ${options.inventory} doesn't say where it is: to restore its files, write it in with "state: retired" and apply`,
    );
  }
  return status;
}

function withWarning(planned: PlannedRun, warning: string | undefined): PlannedRun {
  if (warning === undefined) return planned;
  return { ...planned, plan: { ...planned.plan, warnings: [...planned.plan.warnings, warning] } };
}
