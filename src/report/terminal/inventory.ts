import type { ReportDocument } from '../document/schema.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/** `prod.yaml is valid: cluster prod, playbook mine, proxy: 1, node: 2` */
export function renderInventory(
  { inventory }: ReportDocument,
  { sentenceColumns: columns }: Pick<Style, 'sentenceColumns'>,
): readonly string[] {
  if (inventory === undefined) return [];
  const { file, cluster, playbook } = inventory;
  const roles = inventory.roles.map(({ role, hosts }) => `${role}: ${hosts ?? 'external'}`).join(', ');
  const sentence = `${file} is valid: cluster ${cluster}, playbook ${playbook}, ${roles}`;
  return wrap(sentence, { columns, first: '', hanging: 2 });
}

/** `node-01: locked by ada from laptop, apply, run ID` */
export function renderHolders({ holders = [] }: ReportDocument): readonly string[] {
  return holders.map(({ host, who }) => `${host}: locked by ${who}`);
}
