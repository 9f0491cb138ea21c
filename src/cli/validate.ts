import type { Command } from 'commander';
import type { Inventory } from '../inventory/inventory.ts';
import type { ReportInventory } from '../report/document/schema.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';

export function registerValidate(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('validate')
      .description('Checks the inventory and its playbook, as far as that is possible without a host.'),
  ).action(async (options: CommonOptions) => finish(await validate(options, environment)));
  addExample(command, 'clusterproxy validate --inventory prod.yaml');
}

async function validate(options: CommonOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { resultWithoutHosts }, { OperatorErrors }, { unsuitableHosts }] =
    await Promise.all([
      import('./session.ts'),
      import('../model/result.ts'),
      import('../model/operator-error.ts'),
      import('../playbook/resolve/unsuitable.ts'),
    ]);
  const session = await openSession('validate', options, environment, 'nothing');
  const unsuitable = unsuitableHosts(session.inventory);
  if (unsuitable.length > 0) throw new OperatorErrors(unsuitable);
  const told = { inventory: whatItSays(session.inventory) };
  session.show('inventory', resultWithoutHosts('validate'), told);
  return session.end(resultWithoutHosts('validate'), { ...told, exitStatus: 0 });
}

function whatItSays({ file, cluster, playbook, hosts, external }: Inventory): ReportInventory {
  const roles = playbook.roles.flatMap(({ name: role }) => {
    const number = hosts.filter((host) => host.role === role).length;
    if (external.has(role)) return [{ role }];
    return number === 0 ? [] : [{ role, hosts: number }];
  });
  return { file, cluster: cluster.name, playbook: playbook.name, roles };
}
