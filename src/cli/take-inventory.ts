import type { Command } from 'commander';
import type { TakenInventory } from '../model/taken-inventory.ts';
import type { ViewOptions } from '../report/choose-view.ts';
import type { Environment } from './environment.ts';

/** Commands that are about an inventory; see `addCommonOptions`. */
const overInventory = new WeakSet<Command>();

/** Has a command take the inventory that there is, where `-i` names none. */
export function takesInventory(command: Command): void {
  overInventory.add(command);
}

/** Says, before any command over an inventory is carried out, which one that is. */
export function takeInventories(program: Command, environment: Environment): void {
  program.hook('preAction', async (_program, command) => {
    delete environment.inventory;
    if (!overInventory.has(command)) return;
    const options = command.opts<ViewOptions & { readonly inventory?: string }>();
    if (options.inventory !== undefined) {
      const { resolve } = await import('node:path');
      environment.inventory = { path: resolve(options.inventory), from: 'option' };
      return;
    }
    const { findInventory, surroundingsHere } = await import('../inventory/default/find.ts');
    const taken = await findInventory(surroundingsHere(environment.variables));
    environment.inventory = taken;
    command.setOptionValueWithSource('inventory', taken.path, 'implied');
    const [{ chooseView }, { harmlessMessage }] = await Promise.all([
      import('../report/choose-view.ts'),
      import('../report/document/harmless.ts'),
    ]);
    chooseView(environment.output, options).message(harmlessMessage(takenWords(taken), environment.secrets));
  });
}

/** `inventory: /home/ops/clusterproxy.yaml (from CLUSTERPROXY_INVENTORY)` */
function takenWords({ path, from }: TakenInventory): string {
  return `inventory: ${path}${from === 'variable' ? ' (from CLUSTERPROXY_INVENTORY)' : ''}`;
}
