import { type Command, Option } from 'commander';
import { roleOf } from '../inventory/inventory.ts';
import type { BusyPolicy } from '../model/when-busy.ts';
import type { PlannedUpgrade } from '../run/upgrade/plan-upgrade.ts';
import {
  addOneByOneOptions,
  type OneByOneOptions,
  oneByOneOptionsOf,
  refuseTwoPolicies,
} from './change-options.ts';
import { longTime } from './duration.ts';
import type { Environment, Registration } from './environment.ts';
import { withNobodyTold } from './nobody-told.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';
import type { Session } from './session.ts';
import { windowOf } from './window-options.ts';

interface UpgradeCommandOptions extends CommonOptions, OneByOneOptions {
  readonly soak: number;
  readonly again: boolean;
}

/** A school day, and the night after it. Seconds. */
const usualSoak = 86_400;

export function registerUpgrade(program: Command, { environment, finish }: Registration): void {
  const command = addOneByOneOptions(
    addCommonOptions(
      program
        .command('upgrade')
        .description(
          "Upgrades the product on one node after the other, by the inventory's upgrade_command, and makes each what its new version needs.",
        ),
      'upgrade only these hosts, or those of this role (comma-separated); all hosts are still looked at',
    ),
    'drain where a balancer can be told, or refuse',
  )
    .addOption(
      new Option(
        '--soak <time>',
        'how long people use the first node before the next one is begun; 0: not at all',
      )
        .argParser(longTime)
        .default(usualSoak, '24h'),
    )
    .option('--again', 'run the command also where it has been run already, or has failed', false)
    .action(async (options: UpgradeCommandOptions) => finish(await upgrade(options, environment)));
  addExample(
    command,
    'clusterproxy upgrade --inventory prod.yaml --dry-run',
    'clusterproxy upgrade --inventory prod.yaml --soak 48h',
    'clusterproxy upgrade --inventory prod.yaml --limit node-02 --again',
  );
}

async function upgrade(options: UpgradeCommandOptions, environment: Environment): Promise<number> {
  refuseTwoPolicies(options);
  const [{ openSession }, { planUpgrade }, { carryOut }, { askingFromHere }] = await Promise.all([
    import('./session.ts'),
    import('../run/upgrade/plan-upgrade.ts'),
    import('./carry-out.ts'),
    import('./asking.ts'),
  ]);
  const session = await openSession('upgrade', options, environment);
  const { leave } = environment;
  const own = oneByOneOptionsOf(options);
  const runOptions = {
    ...session.runOptions({ prune: false }),
    ...own,
    window: await windowOf(session.inventory, options, environment),
    asking: await askingFromHere({ ...options, ...own }, environment),
    ...{ command: 'upgrade', leave, exactly: false },
  };
  const { soak, again, yes, dryRun } = options;
  const call = `clusterproxy upgrade --inventory ${options.inventory}`;
  // All of them are looked at, and followed, at once; only their turns come one by one.
  const planned = await planUpgrade({ ...runOptions, parallel: options.parallel, soak, again, dryRun, call });
  const whenBusy = own.whenBusy ?? (await usualPolicy(planned, session));
  const work = { one: 'is upgraded', several: 'are upgraded' };
  const told = await withNobodyTold(planned, { inventory: session.inventory, whenBusy }, work);
  return carryOut(told, session, {
    ...runOptions,
    whenBusy,
    ...{ yes, dryRun, refusal: planned.refusal },
  });
}

/** They are drained, unless the inventory says otherwise, or there is no balancer that could be told. */
async function usualPolicy(
  { plan }: PlannedUpgrade,
  { inventory }: Pick<Session, 'inventory'>,
): Promise<BusyPolicy | undefined> {
  const { drainRefusal } = await import('../run/busy/drain-refusal.ts');
  const plans = plan.hosts.filter(({ skipped }) => !skipped);
  const says = ({ role }: { readonly role: string }) =>
    inventory.whenBusy.all !== undefined || inventory.whenBusy.roles.has(role);
  const guarded = plans.some(({ role }) => roleOf(inventory.playbook, role).guards.length > 0);
  if (!guarded || plans.some(says)) return undefined;
  return drainRefusal(plans, { inventory, whenBusy: 'drain' }) === undefined ? 'drain' : undefined;
}
