import type { Command } from 'commander';
import type { Inventory } from '../inventory/inventory.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';

export function registerValidate(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('validate')
      .description('Checks the inventory and its playbook: all that can be known without a host.'),
  ).action(async (options: CommonOptions) => finish(await validate(options, environment)));
  addExample(command, 'clusterproxy validate --inventory prod.yaml');
}

async function validate(options: CommonOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { cleanLine }] = await Promise.all([
    import('./session.ts'),
    import('../report/clean.ts'),
  ]);
  const session = await openSession(options, environment, 'nothing');
  if (!session.json) session.print([cleanLine(validWords(session.inventory))]);
  const nothing = { command: 'validate', run: undefined, hosts: [], warnings: [], interrupted: false };
  return session.end(nothing, { exitStatus: 0 });
}

/** `prod.yaml is valid: cluster prod, playbook bigbluebutton, 1 proxy, 2 node` */
function validWords({ file, cluster, playbook, hosts, external }: Inventory): string {
  const roles = playbook.roles.flatMap(({ name }) => {
    const number = hosts.filter((host) => host.role === name).length;
    if (external.has(name)) return [`${name}: external`];
    return number === 0 ? [] : [`${name}: ${number}`];
  });
  return `${file} is valid: cluster ${cluster.name}, playbook ${playbook.name}, ${roles.join(', ')}`;
}
