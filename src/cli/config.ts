import type { Command } from 'commander';
import type { ViewOptions } from '../report/choose-view.ts';
import { addColorOptions } from './color-option.ts';
import type { Environment, Registration } from './environment.ts';
import { addExample, inventoryHelp } from './options.ts';

interface ConfigOptions {
  readonly inventory?: string;
  readonly json: boolean;
  readonly color: ViewOptions['color'];
}

export function registerConfig(program: Command, { environment, finish }: Registration): void {
  const command = program
    .command('config')
    .description(
      'Shows what counts on this machine, and why: which inventory, how hosts are reached, where things are kept, which variables are read. Needs no host.',
    )
    .option('-i, --inventory <file>', inventoryHelp)
    .option('--json', 'print one JSON document', false)
    .action(async (options: ConfigOptions) => finish(await config(options, environment)));
  addColorOptions(command);
  addExample(command, 'clusterproxy config');
}

async function config(options: ConfigOptions, environment: Environment): Promise<number> {
  const [
    { inventorySettings },
    { sshSettings },
    { variableSettings },
    machine,
    { variablesOf },
    { exitStatus, resultWithoutHosts },
    { reportDocument },
    { chooseView },
  ] = await Promise.all([
    import('./settings/inventory.ts'),
    import('./settings/ssh.ts'),
    import('./settings/variables.ts'),
    import('./settings/machine.ts'),
    import('../schedule/obstacles.ts'),
    import('../model/result.ts'),
    import('../report/document/document.ts'),
    import('../report/choose-view.ts'),
  ]);
  const { output, variables, secrets } = environment;
  const { settings, inventory } = await inventorySettings(options.inventory, environment);
  const uses = inventory === undefined ? [] : [...inventory.secrets, ...(inventory.notifySecrets ?? [])];
  const named = variablesOf(uses).map(({ name }) => name);
  const all = [
    ...(await machine.programSettings()),
    ...settings,
    ...(await sshSettings(inventory)),
    ...machine.folderSettings(inventory, environment),
    ...variableSettings(variables, named),
    ...machine.terminalSettings(options.color, environment),
    ...machine.networkSettings(environment),
  ];
  const document = reportDocument(
    resultWithoutHosts('config'),
    { settings: all, taken: environment.inventory, exitStatus: exitStatus.done },
    secrets,
  );
  const view = chooseView(output, { ...options, quiet: false, verbose: false });
  view.show('settings', document);
  view.end(document);
  return exitStatus.done;
}
