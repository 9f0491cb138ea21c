import { type Inventory, type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import type { Drain } from '../../model/drain.ts';
import { baseContext } from './contexts.ts';
import { strictly } from './handlers.ts';
import { naming } from './template-problems.ts';

/** How new people can be kept away from a host: by its guards, which depend on no facts. */
export function drainsOf(inventory: Inventory, host: InventoryHost): readonly Drain[] {
  return naming({ host: host.name, place: `role ${host.role}` }, () => {
    const fill = strictly(baseContext(inventory, host));
    return roleOf(inventory.playbook, host.role).guards.flatMap(({ id: guard, drain }) => {
      if (drain === undefined) return [];
      const { on, program, args, answers } = drain;
      return [
        {
          ...{ guard, on, program: program.text, args: args.map(fill.text) },
          answers: answers.map(({ url, contains }) => ({
            url: fill.text(url),
            contains: fill.text(contains),
          })),
        },
      ];
    });
  });
}
