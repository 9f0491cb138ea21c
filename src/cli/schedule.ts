import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseClock } from '../calendar/written.ts';
import { schedulers } from '../schedule/elsewhere/schedulers.ts';
import { parseEvery, type When } from '../schedule/when.ts';
import { seconds } from './duration.ts';
import type { Registration } from './environment.ts';
import {
  addCommonOptions,
  addExample,
  type CommonOptions,
  limitOfComparing,
  withoutEvents,
} from './options.ts';
import { addReportOptions, type ReportOptions } from './report-options.ts';
import {
  addScheduledOptions,
  type InstallOptions,
  type ScheduleRunOptions,
  type StatusOptions,
  stateOption,
} from './schedule-options.ts';

export function registerSchedule(program: Command, { environment, finish }: Registration): void {
  const group = program
    .command('schedule')
    .description('Looks at a cluster by itself, again and again, and repairs it within windows if asked to.');

  const install = addScheduledOptions(
    addCommonOptions(
      group
        .command('install')
        .description(
          'Installs a service and a timer of systemd on this machine, after a first report in the same surroundings; or prints what another scheduler takes.',
        ),
      limitOfComparing,
    ),
  )
    .addOption(
      new Option(
        '--every <time>',
        'how often: a part of an hour such as 15m, or of a day such as 1h, 6h or 1d',
      )
        .argParser(every)
        .default({ kind: 'hours', every: 1 } satisfies When, '1h'),
    )
    .addOption(
      new Option(
        '--at <time>',
        'once a day instead, such as 03:30, by the clocks of cluster.time_zone',
      ).argParser(clock),
    )
    .addOption(
      new Option(
        '--spread <time>',
        'put off each run by up to this time at random (default: 10m, or a quarter of --every)',
      ).argParser(seconds),
    )
    .option('--system', "by the system's manager (default for root)", false)
    .option('--user', 'by your own manager (default for everybody else)', false)
    .option('--run-as <account>', 'with --system: the account whose ssh keys open the hosts (default: root)')
    .addOption(
      new Option(
        '--credential <name=file>',
        'a file that holds what the inventory takes from the environment variable of that name; can be repeated',
      )
        .argParser(credential)
        .default(new Map(), 'none'),
    )
    .option('--untried', 'install it although the first report could not look at every host', false)
    .addOption(
      new Option('--print <scheduler>', 'only print what this scheduler takes; nothing is installed').choices(
        [...schedulers],
      ),
    )
    .option(
      '--image <name>',
      'with --print kubernetes, gitlab, github or nomad: a container image that has clusterproxy',
      'registry.example.com/clusterproxy:latest',
    )
    .action(async (options: InstallOptions) => {
      const { installSchedule } = await import('./schedule-install.ts');
      finish(await installSchedule(options, environment));
    });
  addExample(
    install,
    'clusterproxy schedule install --inventory prod.yaml',
    'sudo clusterproxy schedule install --inventory prod.yaml --policy fix --run-as ops',
    'clusterproxy schedule install --inventory prod.yaml --print kubernetes',
  );

  const status = addReportOptions(
    addCommonOptions(
      group
        .command('status')
        .description(
          'Shows the last runs and the next one, what differs and since when, and why it was not repaired.',
        ),
      'show what differs on these hosts or roles only (comma-separated)',
    ),
  )
    .addOption(stateOption())
    .action(async (options: StatusOptions & ReportOptions) => {
      const { scheduleStatus } = await import('./schedule-status.ts');
      finish(await scheduleStatus(options, environment));
    });
  addExample(status, 'clusterproxy schedule status --inventory prod.yaml');

  const run = addScheduledOptions(
    addCommonOptions(
      group
        .command('run')
        .description(
          'What the timer calls: looks as check does, or applies within a window, and records what it finds.',
        ),
      limitOfComparing,
    ),
  )
    .addOption(stateOption())
    .action(async (options: ScheduleRunOptions) => {
      const { runSchedule } = await import('./schedule-run.ts');
      finish(await runSchedule(options, environment));
    });
  addExample(run, 'clusterproxy schedule run --inventory prod.yaml --policy fix');

  const remove = addCommonOptions(
    group
      .command('remove')
      .description('Removes the service and the timer. What runs have found stays until you remove it.'),
  ).action(async (options: CommonOptions) => {
    const { removeSchedule } = await import('./schedule-status.ts');
    finish(await removeSchedule(options, environment));
  });
  addExample(remove, 'clusterproxy schedule remove --inventory prod.yaml');
  // They ask no host, and what is removed is the schedule of all of them.
  for (const command of [install, status, remove]) withoutEvents(command);
  hide(status, '--parallel');
  hide(remove, '--limit', '--parallel');
}

/** Takes options out of the help; they are still understood. */
function hide(command: Command, ...words: readonly string[]): void {
  for (const option of command.options) if (words.includes(option.long ?? '')) option.hideHelp();
}

function every(value: string): When {
  const when = parseEvery(value);
  if (when === undefined) {
    throw new InvalidArgumentError(
      'It must divide an hour or a day: such as 5m, 15m, 30m, 1h, 2h, 6h, 12h or 1d.',
    );
  }
  return when;
}

function clock(value: string): number {
  const minute = parseClock(value);
  if (minute === undefined || minute === 1_440) {
    throw new InvalidArgumentError('It must be a time of day such as 03:30.');
  }
  return minute;
}

function credential(value: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [, name, file] = /^([A-Za-z_][A-Za-z0-9_]*)=(\/.+)$/.exec(value) ?? [];
  if (name === undefined || file === undefined) {
    throw new InvalidArgumentError('It must be NAME=FILE, with the absolute path of the file.');
  }
  return new Map([...before, [name, file]]);
}
