import { dirname, resolve } from 'node:path';
import type { Inventory } from '../inventory/inventory.ts';
import { withSecrets } from '../inventory/with-secrets.ts';
import { OperatorErrors, type Problem } from '../model/operator-error.ts';
import { lookUpSecrets } from '../secrets/resolve.ts';
import { home } from '../ssh/config/home.ts';
import type { Environment } from './environment.ts';
import { discardTyped } from './typed-ahead.ts';

/**
 * Which secrets a command needs. `nothing`: none is looked up, no program is run. `connections`: those by
 * which hosts are reached. `everything`: variables as well. `known`: variables where they can be had, to hide
 * them; giving something back must be possible while the vault is down.
 */
export type NeededSecrets = 'nothing' | 'connections' | 'known' | 'everything';

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
  const uses = inventory.secrets.filter(
    (use) => needed !== 'nothing' && (use.for.kind === 'ssh' || needed !== 'connections'),
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
  for (const kind of ['ssh', 'variable'] as const) {
    const wanted = uses.flatMap(({ value, location, for: { kind: of } }) =>
      of !== kind || typeof value === 'string' ? [] : [{ reference: value, location }],
    );
    const found = await lookUpSecrets(wanted, options);
    for (const [id, value] of found.values) values.set(id, value);
    (needed === 'known' && kind === 'variable' ? missing : problems).push(...found.problems);
  }
  if (problems.length > 0) throw new OperatorErrors(problems);
  // Programs that are run from now on, such as ssh(1), have no business with them.
  for (const { value } of uses)
    if (typeof value !== 'string' && 'env' in value) environment.forget?.(value.env);
  return { inventory: withSecrets(inventory, values), missing };
}
