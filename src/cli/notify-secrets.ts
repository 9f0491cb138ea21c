import { dirname, resolve } from 'node:path';
import type { Inventory } from '../inventory/inventory.ts';
import type { NotifySettings } from '../inventory/notify-schema.ts';
import { variablesOf } from '../schedule/obstacles.ts';
import type { SecretReference } from '../secrets/reference.ts';
import { lookUpSecrets, referenceId } from '../secrets/resolve.ts';
import { home } from '../ssh/config/home.ts';
import type { Environment } from './environment.ts';

/** What it takes to tell people. */
export interface NotifySecrets {
  /** what was given, or the secret that it refers to; undefined if that can't be had; doesn't reject */
  value(given: string | SecretReference): Promise<string | undefined>;
}

/**
 * The secrets of `notify`. Variables are read and taken away at once, so that no program that is run from now
 * on has them: not even one that looks up another secret. Files are read at once as well, so that what they
 * hold can be hidden, and programs run when their secret is asked for, each once: a look at the cluster waits
 * for none of them.
 */
export function notifySecretsOf(
  inventory: Pick<Inventory, 'file' | 'notifySecrets' | 'secrets'>,
  { targets, dead_man: deadMan }: NotifySettings,
  environment: Environment,
): NotifySecrets {
  // Addresses are often all that it takes to write there.
  for (const one of [...targets.map((target) => ('webhook' in target ? target.webhook : '')), deadMan])
    if (typeof one === 'string') environment.secrets.add(one);
  const all = inventory.notifySecrets ?? [];
  const names = variablesOf(all).map(({ name }) => name);
  const used = variablesOf(inventory.secrets).map(({ name }) => name);
  const variables = { ...environment.variables };
  for (const name of names) environment.secrets.add(variables[name] ?? '');
  // Those that hosts get as well are looked up later.
  for (const name of names) if (!used.includes(name)) environment.forget?.(name);
  const options = {
    ...{ directory: resolve(dirname(inventory.file)), home: home(), variables },
    ...{ withheld: new Set([...names, ...used]), terminal: false, signal: environment.signal },
    ...{ register: environment.secrets, progress: () => undefined },
  };
  const found = new Map<string, Promise<string | undefined>>();
  const lookedUp = async (reference: SecretReference): Promise<string | undefined> => {
    const location = { file: inventory.file, line: 1, column: 1, text: '' };
    const { values, problems } = await lookUpSecrets([{ reference, location }], options);
    return problems.length > 0 ? undefined : values.get(referenceId(reference));
  };
  const value = (given: string | SecretReference): Promise<string | undefined> => {
    if (typeof given === 'string') return Promise.resolve(given);
    const id = referenceId(given);
    const known = found.get(id) ?? lookedUp(given).catch(() => undefined);
    found.set(id, known);
    return known;
  };
  // What is in files may be quoted by any program; nobody waits for them.
  for (const { value: given } of all) if (typeof given === 'object' && 'file' in given) void value(given);
  return { value };
}
