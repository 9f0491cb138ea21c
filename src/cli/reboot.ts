import { type Command, Option } from 'commander';
import {
  addOneByOneOptions,
  type OneByOneOptions,
  oneByOneOptionsOf,
  refuseTwoPolicies,
} from './change-options.ts';
import { secondsFrom } from './duration.ts';
import type { Environment, Registration } from './environment.ts';
import { withNobodyTold } from './nobody-told.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';
import { windowOf } from './window-options.ts';

interface RebootOptions extends CommonOptions, OneByOneOptions {
  readonly timeout: number;
  readonly ifRequired: boolean;
}

/** A server with much memory tests it for minutes. Seconds. */
const usualTimeout = 900;
const leastTimeout = 60;

export function registerReboot(program: Command, { environment, finish }: Registration): void {
  const command = addOneByOneOptions(
    addCommonOptions(
      program
        .command('reboot')
        .argument('[hosts...]', 'the hosts to restart (default: all of the role that people are on)')
        .description('Restarts hosts one at a time, each only while nobody is on it.'),
      'restart only these hosts or roles (comma-separated)',
    ),
  )
    .option('--if-required', 'only those whose distribution asks for it, or that have a newer kernel', false)
    .addOption(
      new Option('--timeout <time>', 'how long a host may take to be back, and then until all is well on it')
        .argParser(secondsFrom(leastTimeout))
        .default(usualTimeout, '15m'),
    )
    .action(async (hosts: readonly string[], options: RebootOptions) =>
      finish(await reboot({ ...options, limit: [...options.limit, ...hosts] }, environment)),
    );
  addExample(
    command,
    'clusterproxy reboot --inventory prod.yaml --if-required --when-busy drain',
    'clusterproxy reboot --inventory prod.yaml node-02',
  );
}

async function reboot(options: RebootOptions, environment: Environment): Promise<number> {
  refuseTwoPolicies(options);
  const [{ openSession }, { planReboot }, { carryOut }, { askingFromHere }] = await Promise.all([
    import('./session.ts'),
    import('../run/reboot/plan-reboot.ts'),
    import('./carry-out.ts'),
    import('./asking.ts'),
  ]);
  const session = await openSession('reboot', options, environment);
  const { leave } = environment;
  const own = oneByOneOptionsOf(options);
  const asking = await askingFromHere({ ...options, ...own }, environment);
  const runOptions = session.runOptions({ prune: false });
  const { timeout, ifRequired, yes, dryRun } = options;
  const planned = await planReboot({ ...runOptions, leave, timeout, ifRequired });
  const work = { one: 'restarts', several: 'restart' };
  const rules = { inventory: session.inventory, whenBusy: own.whenBusy };
  return carryOut(await withNobodyTold(planned, rules, work), session, {
    ...runOptions,
    ...own,
    window: await windowOf(session.inventory, options, environment),
    command: 'reboot',
    ...{ asking, leave, yes, dryRun },
    exactly: false,
    refusal: undefined,
  });
}
