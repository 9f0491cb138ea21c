import { dirname, resolve } from 'node:path';
import type { Inventory } from '../inventory/inventory.ts';
import type { SecretUse } from '../inventory/secret-use.ts';
import { withSecrets } from '../inventory/with-secrets.ts';
import { OperatorErrors, type Problem } from '../model/operator-error.ts';
import { serverListsOf } from '../playbook/resolve/server-lists.ts';
import { lookUpSecrets } from '../secrets/resolve.ts';
import { home } from '../ssh/config/home.ts';
import type { Environment } from './environment.ts';
import { discardTyped } from './typed-ahead.ts';

/**
 * Which secrets a command needs. `nothing`: none is looked up, no program is run. `connections`: those by
 * which hosts are reached. `server-lists`: these, and those by which server lists are read where they can be
 * had. `everything`: variables as well. `known`: variables where they can be had, to hide them; giving
 * something back must be possible while the vault is down.
 */
export type NeededSecrets = 'nothing' | 'connections' | 'server-lists' | 'known' | 'everything';

const wantedBy: Readonly<Record<Exclude<NeededSecrets, 'nothing'>, readonly SecretUse['for']['kind'][]>> = {
  connections: [],
  'server-lists': ['server-list'],
  known: ['variable'],
  everything: ['variable'],
};

export interface LookUpOptions {
  readonly needed: NeededSecrets;
  readonly environment: Environment;
  /** nobody is to be asked anything */
  readonly json: boolean;
  readonly progress: (text: string) => void;
}

/**
 * The inventory with its secrets, and what could not be had but isn't missed. Throws OperatorErrors with
 * every reference whose secret can't be had, before any host is asked.
 */
export async function lookUp(
  inventory: Inventory,
  { needed, environment, json, progress }: LookUpOptions,
): Promise<{ readonly inventory: Inventory; readonly missing: readonly Problem[] }> {
  const lists = new Set(serverListsOf(inventory).map(({ list }) => list.secret));
  const uses = inventory.secrets.filter(
    ({ for: use }) =>
      needed !== 'nothing' &&
      (use.kind === 'ssh' || wantedBy[needed].includes(use.kind)) &&
      (use.kind !== 'server-list' || lists.has(use.name)),
  );
  const { stdin, output, variables, signal, secrets: register } = environment;
  const options = {
    directory: resolve(dirname(inventory.file)),
    home: home(),
    variables,
    withheld: new Set(
      uses.flatMap(({ value }) => (typeof value !== 'string' && 'env' in value ? [value.env] : [])),
    ),
    terminal: !json && stdin.isTTY === true && output.messages.isTerminal,
    beforeAsking: () => discardTyped(environment),
    signal,
    register,
    progress,
  };
  const values = new Map<string, string>();
  const missing: Problem[] = [];
  const problems: Problem[] = [];
  for (const kind of ['ssh', 'variable', 'server-list'] as const) {
    const wanted = uses.flatMap(({ value, location, for: { kind: of } }) =>
      of !== kind || typeof value === 'string' ? [] : [{ reference: value, location }],
    );
    const found = await lookUpSecrets(wanted, options);
    for (const [id, value] of found.values) values.set(id, value);
    const isMissed = kind === 'ssh' || (kind === 'variable' && needed === 'everything');
    (isMissed ? problems : missing).push(...found.problems);
  }
  if (problems.length > 0) throw new OperatorErrors(problems);
  // Programs that are run from now on, such as ssh(1), have no business with them.
  for (const { value } of uses)
    if (typeof value !== 'string' && 'env' in value) environment.forget?.(value.env);
  return { inventory: withSecrets(inventory, values), missing };
}
