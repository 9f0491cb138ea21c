import type { Command } from 'commander';
import type { ViewOptions } from '../report/choose-view.ts';
import type { TriedHost } from '../run/check-playbook.ts';
import { addColorOptions } from './color-option.ts';
import type { Environment, Registration } from './environment.ts';
import { addExample } from './options.ts';

interface CheckOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly color: ViewOptions['color'];
}

export function registerPlaybook(program: Command, { environment, finish }: Registration): void {
  const group = program.command('playbook').description('For authors of playbooks.');
  const command = group
    .command('check')
    .argument('<file>', 'the playbook: its path, or the name of one that comes with the program')
    .description('Validates a playbook and plans it on sample hosts, without connecting to any host.')
    .option('--json', 'print one JSON document', false)
    .option('--verbose', 'show what is planned on each sample host', false)
    .action(async (file: string, options: CheckOptions) => finish(await check(file, options, environment)));
  addColorOptions(command);
  addExample(command, 'clusterproxy playbook check ./mine.yaml');
}

async function check(file: string, options: CheckOptions, environment: Environment): Promise<number> {
  const [
    { checkPlaybook },
    { resultOfHostPlan },
    { exitStatus, resultWithoutHosts },
    { reportDocument },
    { chooseView },
  ] = await Promise.all([
    import('../run/check-playbook.ts'),
    import('../run/result-of-plan.ts'),
    import('../model/result.ts'),
    import('../report/document/document.ts'),
    import('../report/choose-view.ts'),
  ]);
  const { output, secrets } = environment;
  const { hosts } = await checkPlaybook(file, process.cwd());
  const result = {
    ...resultWithoutHosts('playbook check'),
    hosts: hosts.map(({ plan }) => resultOfHostPlan(plan)),
  };
  const status = hosts.some(isBroken) ? exitStatus.nothingTouched : exitStatus.done;
  const samples = new Map(
    hosts.map(({ sample: { name, folder }, untried }) => [name, { folder, untried }] as const),
  );
  const document = reportDocument(result, { playbook: file, samples, exitStatus: status }, secrets);
  const view = chooseView(output, { ...options, quiet: false });
  view.show('samples', document);
  view.end(document);
  return status;
}

function isBroken({ plan }: TriedHost): boolean {
  return plan.problem !== undefined;
}
