import type { Value } from '../formats/keyed-format.ts';
import { referenceId } from '../secrets/resolve.ts';
import type { Inventory } from './inventory.ts';
import { type SecretUse, sshKeys } from './secret-use.ts';

/**
 * The inventory with secrets in place of references; `values` is by `referenceId`. References without a value
 * stay unresolved.
 */
export function withSecrets(inventory: Inventory, values: ReadonlyMap<string, string>): Inventory {
  const resolved = ({ value }: SecretUse) =>
    typeof value === 'string' ? value : values.get(referenceId(value));
  const variablesOf = (uses: readonly SecretUse[]): Record<string, Value> =>
    Object.fromEntries(
      uses.flatMap((use) => {
        const value = resolved(use);
        return use.for.kind === 'variable' && value !== undefined ? [[use.for.name, value] as const] : [];
      }),
    );
  const lists = inventory.secrets.flatMap((use) => {
    const value = resolved(use);
    return use.for.kind === 'server-list' && value !== undefined ? [[use.for.name, value] as const] : [];
  });
  const connectionOf = (uses: readonly SecretUse[]) =>
    Object.fromEntries(
      uses.flatMap((use) => {
        const value = resolved(use);
        if (use.for.kind !== 'ssh' || value === undefined) return [];
        return [[sshKeys[use.for.key], () => Promise.resolve(value)] as const];
      }),
    );
  const usesOf = (host: string | undefined) => inventory.secrets.filter((use) => use.host === host);
  return {
    ...inventory,
    vars: { ...inventory.vars, ...variablesOf(usesOf(undefined)) },
    listSecrets: new Map(lists),
    hosts: inventory.hosts.map((host) => {
      const uses = usesOf(host.name);
      return {
        ...host,
        vars: { ...host.vars, ...variablesOf(uses) },
        ssh: { ...host.ssh, ...connectionOf(uses) },
      };
    }),
  };
}
