import { completed, foundWarnings, withNames } from '../begin/completed.ts';
import type { Draft, NamedHost } from '../begin/draft.ts';
import { inventoryText } from '../begin/inventory-text.ts';
import { misplaced, missing, withoutHostname } from '../begin/missing.ts';
import { clusterNameMistake } from '../inventory/names.ts';
import type { Begun, FoundHost } from '../model/begun.ts';
import { OperatorErrors, type Problem } from '../model/operator-error.ts';
import { exitStatus } from '../model/result.ts';
import { builtInPlaybooks } from '../playbook/read/chain.ts';
import { loadPlaybook } from '../playbook/read/load.ts';
import { readText } from '../playbook/resolve/load-inventory.ts';
import { quote } from '../ssh/quote.ts';
import type { LoadedPlaybook } from '../steps/loaded-playbook.ts';
import type { Environment } from './environment.ts';
import { Beginning } from './init-beginning.ts';
import { type Given, givenOf } from './init-given.ts';
import { lookAtHosts } from './init-look.ts';
import type { InitOptions } from './init-options.ts';
import { inventoryExists, isThere, writeInventory } from './init-write.ts';

/** Finds out what an inventory needs, looks at its hosts, and writes it. */
export async function begin(options: InitOptions, environment: Environment): Promise<number> {
  const names = await builtInPlaybooks();
  const given = givenOf(options, names);
  await environment.attend();
  const beginning = new Beginning(options, environment);
  try {
    if (!options.force && (await isThere(beginning.file))) throw inventoryExists(beginning.file);
    return await beginWith(given, names, beginning);
  } finally {
    await beginning.connector.close().catch(() => undefined);
  }
}

async function beginWith(given: Given, names: readonly string[], beginning: Beginning): Promise<number> {
  const folder = process.cwd();
  const { playbook: chosen } = given;
  const others = names.filter((name) => name !== chosen);
  const load = (name: string) => loadPlaybook(name, folder);
  const playbook = chosen === undefined ? undefined : await load(chosen);
  if (playbook !== undefined) refuse(misplaced(given, playbook));
  refuse(missing(given, playbook?.roles));
  if (playbook === undefined || given.hostname === undefined) throw new Error('something is missing');

  const named = given.hosts;
  const provisional = withNames(named);
  const draft: Draft = {
    playbook: playbook.name,
    cluster: { name: given.name ?? clusterNameOf(given.hostname), hostname: given.hostname },
    ssh: given.ssh,
    external: given.external,
    hosts: provisional,
  };
  const playbooks = [playbook, ...(await Promise.all(others.map(load)))];
  const found = beginning.options.look ? await lookAtHosts(draft, provisional, { playbooks, beginning }) : [];
  return conclude({ draft, named, found, playbook }, given, beginning);
}

interface Known {
  readonly draft: Draft;
  readonly named: readonly NamedHost[];
  /** in the order of `named`; empty where nobody has looked */
  readonly found: readonly FoundHost[];
  readonly playbook: LoadedPlaybook;
}

/** Everything is known that can be: names the hosts, writes the inventory, and tells. */
async function conclude(
  { draft, named, found, playbook }: Known,
  { read }: Given,
  beginning: Beginning,
): Promise<number> {
  const { roles } = playbook;
  const { options, file } = beginning;
  const hosts = completed(named, found, roles);
  // By the names that they have from here on.
  const seen = found.map((host, index) => ({ ...host, name: hosts[index]?.name ?? host.name }));
  if (seen.length > 0) beginning.show('found', { hosts: seen, read });
  const silent = seen.filter(({ reached }) => !reached);
  const begun: Begun = { hosts: seen, read };
  if (silent.length > 0 && !options.anyway) {
    return beginning.end(begun, { exitStatus: exitStatus.failed, errors: [unreached(silent)] });
  }
  refuse(withoutHostname(hosts, roles));
  const text = inventoryText(
    { ...draft, hosts, ssh: sshFor(draft, seen, options) },
    roles.map(({ name }) => name),
  );
  // Nobody gets one that the next command refuses.
  await readText({ file, text });
  const warnings = foundWarnings(hosts, seen, { playbook: playbook.name, roles });
  await writeInventory(file, text, { replace: options.force });
  const whole = { ...begun, inventory: { file, text, written: true, next: nextCommand(file, options) } };
  beginning.warn(warnings);
  beginning.show('begun', whole);
  return beginning.end(whole, { exitStatus: exitStatus.done, warnings });
}

/** sudo isn't needed where root logs in to all of them. */
function sshFor({ ssh }: Draft, found: readonly FoundHost[], { become }: InitOptions): Draft['ssh'] {
  const isRootEverywhere = found.length > 0 && found.every(({ user }) => user === 'root');
  return become === undefined && isRootEverywhere ? { ...ssh, become: undefined } : ssh;
}

/** What comes next, as it is typed. */
function nextCommand(file: string, { look }: InitOptions): string {
  const argument = /^[\w./-]+$/.test(file) ? file : quote(file);
  return `clusterproxy ${look ? 'plan' : 'trust'} -i ${argument}`;
}

/** The first part of the cluster's DNS name. */
function clusterNameOf(hostname: string): string {
  const [first = ''] = hostname.split('.');
  return clusterNameMistake(first) === undefined ? first : 'prod';
}

function unreached(hosts: readonly FoundHost[]): Problem {
  const names = hosts.map(({ name }) => name).join(', ');
  return {
    code: 'init-unreached',
    message: `no inventory was written, since ${hosts.length === 1 ? 'a host' : `${hosts.length} hosts`} could not be looked at: ${names}`,
    next: 'do what is said above about each; or write them all the same with --anyway',
  };
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new OperatorErrors(problems);
}
