import { type Command, InvalidArgumentError, Option } from 'commander';
import { addColorOptions } from './color-option.ts';
import { httpUrl, siteOption } from './engine-options.ts';
import type { Registration } from './environment.ts';
import { addExample } from './options.ts';
import { parseListen } from './worker/listen.ts';
import type { WorkerOptions } from './worker/work.ts';

export function registerWorker(program: Command, { environment, finish }: Registration): void {
  const command = program
    .command('worker')
    .description(
      'Looks at clusters and changes them for an engine of durable execution (Restate), until Ctrl-C.',
    )
    .option(
      '--engine <url>',
      "the engine's admin API, such as http://127.0.0.1:9070, at which the worker registers itself (default: somebody else does that)",
      httpUrl,
    )
    .addOption(siteOption().makeOptionMandatory())
    .requiredOption(
      '-i, --inventory <file...>',
      'the inventories of this site: files, or quoted patterns such as "clusters/*.yaml"; can be repeated',
    )
    .addOption(
      new Option('--listen <address>', 'where the engine reaches the worker')
        .argParser(listenAt)
        .default({ address: '127.0.0.1', port: 9080 }, '127.0.0.1:9080'),
    )
    .option(
      '--advertise <url>',
      'the address by which the engine reaches it, if that is another one, such as of a balancer before several workers',
      httpUrl,
    )
    .option(
      '--identity-key <key>',
      "take only what the engine has signed with the private part of this key (publickeyv1_..., from the engine's log); can be repeated",
      another,
      [],
    )
    .option('--quiet', 'show no progress', false)
    .option('--verbose', 'show more detail', false)
    .action(async (options: WorkerOptions) => {
      const { work } = await import('./worker/work.ts');
      finish(await work(options, environment));
    });
  addColorOptions(command);
  addExample(command, 'clusterproxy worker --engine http://127.0.0.1:9070 --site north -i "clusters/*.yaml"');
}

function listenAt(value: string): WorkerOptions['listen'] {
  const found = parseListen(value);
  if (found === undefined)
    throw new InvalidArgumentError('It must be an address and a port: 127.0.0.1:9080.');
  return found;
}

function another(value: string, previous: readonly string[]): readonly string[] {
  if (!/^publickeyv1_\w+$/.test(value)) throw new InvalidArgumentError('It must begin with publickeyv1_.');
  return [...previous, value];
}
