import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Listen, parseListen } from '../schedule/watch/listen.ts';
import { secondsFrom } from './duration.ts';
import type { Registration } from './environment.ts';
import { addCommonOptions, addExample, limitOfComparing, withoutEvents } from './options.ts';
import { addScheduledOptions, stateOption, type WatchOptions } from './schedule-options.ts';

/** A look takes longer than this where hosts are many, or far away. Seconds. */
const leastEvery = 30;

export function registerWatch(program: Command, { environment, finish }: Registration): void {
  const command = addScheduledOptions(
    addCommonOptions(
      program
        .command('watch')
        .description(
          'Looks at a cluster again and again, as a process of its own such as in a container, and repairs it within windows if asked to.',
        ),
      limitOfComparing,
    ),
  )
    .addOption(
      new Option('--every <time>', 'from one look to the next, a tenth more or less')
        .argParser(secondsFrom(leastEvery))
        .default(600, '10m'),
    )
    .addOption(
      new Option(
        '--listen <address>',
        'where /healthz, /readyz and /metrics are: HOST:PORT, :PORT for all addresses, or none',
      )
        .argParser(listen)
        .default({ host: '127.0.0.1', port: 9469 } satisfies Listen, '127.0.0.1:9469'),
    )
    .addOption(stateOption())
    .action(async (options: WatchOptions) => {
      const { watch } = await import('./watch-run.ts');
      finish(await watch(options, environment));
    });
  withoutEvents(command);
  addExample(
    command,
    'clusterproxy watch --inventory prod.yaml',
    'clusterproxy watch --inventory prod.yaml --every 5m --policy fix --listen :9469',
  );
}

function listen(value: string): Listen | 'none' {
  const address = value === 'none' ? value : parseListen(value);
  if (address === undefined) {
    throw new InvalidArgumentError('It must be HOST:PORT such as 127.0.0.1:9469, :PORT, or none.');
  }
  return address;
}
