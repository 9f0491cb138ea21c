import type { ReportDocument } from '../document/schema.ts';
import { oneLine } from '../shared/prose.ts';

/** `prod.yaml is valid: cluster prod, playbook mine, proxy: 1, node: 2` */
export function renderInventory({ inventory }: ReportDocument): readonly string[] {
  if (inventory === undefined) return [];
  const { file, cluster, playbook } = inventory;
  const roles = inventory.roles.map(({ role, hosts }) => `${role}: ${hosts ?? 'external'}`).join(', ');
  return [oneLine(`${file} is valid: cluster ${cluster}, playbook ${playbook}, ${roles}`)];
}

/** `node-01: locked by ada from laptop, apply, run ID` */
export function renderHolders({ holders = [] }: ReportDocument): readonly string[] {
  return holders.map(({ host, who }) => `${host}: locked by ${who}`);
}
