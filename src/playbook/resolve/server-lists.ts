import type { Inventory, InventoryHost } from '../../inventory/inventory.ts';
import type { PlaybookServerList } from '../../model/server-list.ts';
import { holds } from './conditions.ts';
import { baseContext } from './contexts.ts';
import { renderText, TemplateError } from './templates.ts';

/** The server list that is to be asked for a role's hosts. */
export interface RoleServerList {
  readonly list: PlaybookServerList;
  readonly at: string;
  /** undefined where it isn't known; empty where it isn't given */
  readonly secret: string | undefined;
  /** the role's hosts, each with the address that the list should have */
  readonly hosts: readonly { readonly host: InventoryHost; readonly wanted: URL }[];
}

/** The server lists of an inventory: of each role the first that applies, where its address is given. */
export function serverListsOf(inventory: Inventory): readonly RoleServerList[] {
  const { playbook, hosts, vars, listSecrets, secrets } = inventory;
  return playbook.roles.flatMap((role) => {
    const own = hosts.filter((host) => host.role === role.name);
    const [first] = own;
    if (first === undefined) return [];
    const context = { ...baseContext(inventory, first), vars };
    const list = role.serverLists.find(({ when }) => holds(when, context));
    const at = list === undefined ? '' : renderText(list.at, context);
    if (list === undefined || at === '') return [];
    const isGiven = secrets.some(({ for: use }) => use.kind === 'server-list' && use.name === list.secret);
    const secret = listSecrets.get(list.secret) ?? (isGiven ? undefined : '');
    const addressed = own.flatMap((host) => {
      const wanted = wantedOf(inventory, host, list);
      return wanted === undefined ? [] : [{ host, wanted }];
    });
    return [{ list, at, secret, hosts: addressed }];
  });
}

function wantedOf(inventory: Inventory, host: InventoryHost, { ask }: PlaybookServerList): URL | undefined {
  try {
    const text = renderText(ask.address, baseContext(inventory, host));
    return URL.canParse(text) ? new URL(text) : undefined;
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}
