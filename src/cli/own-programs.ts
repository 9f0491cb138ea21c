import { resolve } from 'node:path';
import type { Inventory } from '../inventory/inventory.ts';

/** What programs of the operator's find in their environment, whatever they are called for. */
export function variablesOf(
  { file, cluster }: Pick<Inventory, 'file' | 'cluster'>,
  command: string,
): Readonly<Record<string, string>> {
  return {
    CLUSTERPROXY_COMMAND: command,
    // They run in its folder, and may call this program.
    CLUSTERPROXY_INVENTORY: resolve(file),
    CLUSTERPROXY_CLUSTER: cluster.name,
  };
}

/**
 * The variables in which the inventory looks for secrets: those programs have no business with them, whether
 * or not this command has looked them up.
 */
export function withheldFrom({ secrets, notify }: Pick<Inventory, 'secrets' | 'notify'>): readonly string[] {
  return [...secrets.flatMap(({ value }) => namesIn(value)), ...namesIn(notify)];
}

/** Names of variables in references (`{env: NAME}`) anywhere in plain data. */
function namesIn(data: unknown): readonly string[] {
  if (typeof data !== 'object' || data === null) return [];
  if ('env' in data && typeof data.env === 'string') return [data.env];
  return Object.values(data).flatMap(namesIn);
}
