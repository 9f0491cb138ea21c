/**
 * What an operator's YAML file is by its keys: inventories list hosts, playbooks describe roles or extend
 * another one. Undefined if it could be either.
 */
export function kindOfFile(value: unknown): 'inventory' | 'playbook' | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const isInventory = Object.hasOwn(value, 'hosts');
  const isPlaybook = Object.hasOwn(value, 'roles') || Object.hasOwn(value, 'extends');
  if (isInventory === isPlaybook) return undefined;
  return isInventory ? 'inventory' : 'playbook';
}
