import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseRings, type Ring } from '../fleet/rings.ts';
import { addChangeOptions } from './change-options.ts';
import type { Registration } from './environment.ts';
import type { FleetApplyOptions } from './fleet/apply.ts';
import type { Looking } from './fleet/look.ts';
import { addFleetOptions, type FleetOptions, usualLooks } from './fleet/options.ts';
import { type MetricsOptions, metricsOption } from './metrics.ts';
import { addExample, type CommonOptions, pagerOption, summaryOption, wholeNumber } from './options.ts';
import { addPlanOptions, type PlanOptions } from './plan.ts';
import { addQueueOptions } from './queue-options.ts';

type FleetPlanOptions = FleetOptions & Omit<PlanOptions, keyof FleetOptions | 'limit'>;

const lookingAtOnce = String(usualLooks);

export function registerFleet(program: Command, registration: Registration): void {
  const fleet = program
    .command('fleet')
    .description(
      'Looks at many clusters, or changes them one after the other: many inventories, one report.',
    );
  addPlan(fleet, registration);
  addApply(fleet, registration);
  addCheck(fleet, registration);
  addStatus(fleet, registration);
}

function addPlan(fleet: Command, { environment, finish }: Registration): void {
  const command = addFleetOptions(
    fleet
      .command('plan')
      .description(
        'Shows what would change in each cluster: a line for each, then the plans. Changes nothing.',
      ),
    lookingAtOnce,
  );
  addPlanOptions(command, 'fleet apply').action(async (options: FleetPlanOptions) => {
    const { lookAtFleet } = await import('./fleet/look.ts');
    const call = (common: CommonOptions) => ({
      command: 'plan' as const,
      options: { ...options, ...common },
    });
    finish(await lookAtFleet({ command: 'plan', call }, options, environment));
  });
  addExample(
    command,
    'clusterproxy fleet plan -i "clusters/*.yaml"',
    "clusterproxy fleet plan -i 'clusters/*.yaml' --cluster 'school-*' --summary",
  );
}

function addApply(fleet: Command, { environment, finish }: Registration): void {
  const command = addChangeOptions(
    addFleetOptions(
      fleet
        .command('apply')
        .description(
          'Plans all clusters, asks once, and changes them in their order, each exactly as planned.',
        ),
      `1; ${lookingAtOnce} while they are planned`,
    ),
    { force: 'interrupt people who are connected', later: true, runId: false },
  );
  addQueueOptions(command)
    .addOption(
      new Option(
        '--max-failed-clusters <n>',
        'begin further clusters as long as no more than this many have failed',
      )
        .argParser(wholeNumber)
        .default(0),
    )
    .addOption(
      new Option(
        '--rings <sizes>',
        'how many clusters come first, then next, such as 1,5,rest; a ring begins when all of the one before have ended',
      )
        .argParser(rings)
        .default(['rest'] satisfies readonly Ring[], 'all in one ring'),
    )
    .option('--prune', 'also remove what belongs to nodes that are no longer in the inventory', false)
    .option(
      '--verify',
      'afterwards ask each cluster from here, as verify does; one that answers wrongly has failed',
      false,
    )
    .addOption(summaryOption())
    .addOption(metricsOption())
    .action(async (options: FleetApplyOptions) => {
      const { applyToFleet } = await import('./fleet/apply.ts');
      finish(await applyToFleet(options, environment));
    });
  addExample(
    command,
    'clusterproxy fleet apply -i "clusters/*.yaml" --rings 1,5,rest --verify',
    'clusterproxy fleet apply -i "clusters/*.yaml" --parallel-clusters 4 --max-failed-clusters 2 --yes',
  );
}

function addCheck(fleet: Command, { environment, finish }: Registration): void {
  const command = addFleetOptions(
    fleet
      .command('check')
      .description(
        'Reports, for scripts, which clusters are not as they should be: exit 2 if any host differs.',
      ),
    lookingAtOnce,
  )
    .addOption(summaryOption())
    .addOption(metricsOption())
    .addOption(pagerOption())
    .action(async (options: FleetOptions & MetricsOptions) => {
      const { lookAtFleet } = await import('./fleet/look.ts');
      finish(await lookAtFleet(looking('check'), options, environment));
    });
  addExample(command, 'clusterproxy fleet check -i "clusters/*.yaml" --summary');
}

function addStatus(fleet: Command, { environment, finish }: Registration): void {
  const command = addFleetOptions(
    fleet
      .command('status')
      .description('Shows the state of each cluster: its hosts, its last run, and who holds it.'),
    lookingAtOnce,
  )
    .addOption(pagerOption())
    .action(async (options: FleetOptions) => {
      const { lookAtFleet } = await import('./fleet/look.ts');
      finish(await lookAtFleet(looking('status'), options, environment));
    });
  addExample(command, 'clusterproxy fleet status -i "clusters/*.yaml"');
}

function looking(command: 'check' | 'status'): Looking {
  return { command, call: (options) => ({ command, options }) };
}

function rings(value: string): readonly Ring[] {
  const found = parseRings(value);
  if (found === undefined)
    throw new InvalidArgumentError('It must be numbers of clusters and, last, rest: 1,5,rest.');
  return found;
}
