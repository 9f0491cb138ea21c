import { type Inventory, type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PlaybookRefusal } from '../../model/playbook.ts';
import { holds, splitSubject } from './conditions.ts';
import { baseContext } from './contexts.ts';
import { renderLeniently, type TemplateContext } from './templates.ts';

/**
 * Hosts that a plan would refuse whatever is found on them, since what their role refuses depends on the
 * inventory alone. A host with a forced recipe is never refused.
 */
export function unsuitableHosts(inventory: Inventory): readonly Problem[] {
  return inventory.hosts.flatMap((host) => {
    const problem = host.recipe === undefined ? unsuitable(inventory, host) : undefined;
    return problem === undefined ? [] : [problem];
  });
}

function unsuitable(inventory: Inventory, host: InventoryHost): Problem | undefined {
  const context = baseContext(inventory, host);
  const { refuse } = roleOf(inventory.playbook, host.role);
  const found = refuse.find(({ when }) => isKnown(when, context) && holds(when, context));
  if (found === undefined) return undefined;
  const [message = '', next = ''] = [found.text, found.next].map((text) =>
    String(renderLeniently(text, context)).trim(),
  );
  return { code: 'unsuitable-host', message, next, host: host.name };
}

function isKnown(when: PlaybookRefusal['when'], context: TemplateContext): boolean {
  return Object.keys(when).every((subject) => Object.hasOwn(context, splitSubject(subject)[0]));
}
