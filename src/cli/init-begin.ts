import { resolve } from 'node:path';
import { completed, foundWarnings, withNames } from '../begin/completed.ts';
import type { Draft } from '../begin/draft.ts';
import { asConfigured, hostsOfLists } from '../begin/from-lists.ts';
import { inventoryText } from '../begin/inventory-text.ts';
import { misplaced, missing, withoutHostname } from '../begin/missing.ts';
import { clusterNameOf } from '../begin/proposals.ts';
import { findInventory, surroundingsHere } from '../inventory/default/find.ts';
import type { Begun, FoundHost } from '../model/begun.ts';
import { OperatorErrors, type Problem, problemsOf } from '../model/operator-error.ts';
import { exitStatus } from '../model/result.ts';
import { builtInPlaybooks } from '../playbook/read/chain.ts';
import { loadPlaybook } from '../playbook/read/load.ts';
import { readText } from '../playbook/resolve/load-inventory.ts';
import { quote } from '../ssh/quote.ts';
import type { LoadedPlaybook } from '../steps/loaded-playbook.ts';
import type { Environment } from './environment.ts';
import { askFor, type Known } from './init-ask.ts';
import { Beginning, onlyPinned } from './init-beginning.ts';
import { type Given, givenOf } from './init-given.ts';
import { lookAtHosts } from './init-look.ts';
import type { InitOptions } from './init-options.ts';
import { expectFolder, inventoryExists, isThere, writeInventory } from './init-write.ts';

/** Finds out what an inventory needs, looks at its hosts, and writes it. */
export async function begin(options: InitOptions, environment: Environment): Promise<number> {
  const names = await builtInPlaybooks();
  const given = await givenOf(options, names);
  await environment.attend();
  const beginning = new Beginning(options, environment);
  try {
    return await beginWith(given, names, beginning);
  } catch (error) {
    // The error of an interruption says it itself.
    const isInterrupted =
      environment.signal.aborted || problemsOf(error).some(({ code }) => code === 'interrupted');
    if (beginning.hasPinned && !isInterrupted) beginning.view.message(onlyPinned);
    throw error;
  } finally {
    await beginning.connector.close().catch(() => undefined);
  }
}

async function beginWith(given: Given, names: readonly string[], beginning: Beginning): Promise<number> {
  const { options, file, questions } = beginning;
  await expectFolder(file);
  const exists = !options.force && (await isThere(file));
  if (exists && questions === undefined) throw inventoryExists(file);
  if (exists && !(await questions?.replace(file))) return beginning.giveUp();
  beginning.warn(given.warnings);
  const loaded = await Promise.all(names.map((name) => loadPlaybook(name, process.cwd())));
  const playbooks = new Map(loaded.map((playbook) => [playbook.name, playbook]));
  const known =
    questions === undefined
      ? await asGiven(given, playbooks, beginning)
      : await askFor(given, playbooks, { questions, beginning });
  return conclude(known, given, { beginning, replace: options.force || exists });
}

/** Of what the command line says alone. */
async function asGiven(
  given: Given,
  playbooks: ReadonlyMap<string, LoadedPlaybook>,
  beginning: Beginning,
): Promise<Known> {
  const playbook = given.playbook === undefined ? undefined : playbooks.get(given.playbook);
  if (playbook !== undefined) refuse(misplaced(given, playbook));
  const listed = playbook === undefined ? [] : hostsOfLists(given.lists, playbook.roles, given);
  const named = [...given.hosts, ...asConfigured(listed, given.aliases, given.ssh.user)];
  refuse(missing({ ...given, hosts: named }, playbook?.roles));
  const { hostname } = given;
  if (playbook === undefined || hostname === undefined) throw new Error('something is missing');
  const draft: Draft = {
    playbook: playbook.name,
    cluster: { name: given.name ?? clusterNameOf(hostname), hostname },
    ssh: given.ssh,
    external: given.external,
    hosts: [],
  };
  const others = [...playbooks.values()].filter((one) => one !== playbook);
  const found = beginning.options.look
    ? await lookAtHosts(draft, withNames(named), { playbooks: [playbook, ...others], beginning })
    : [];
  return { draft, named, found, playbook };
}

/** Everything is known that can be: names the hosts, writes the inventory, and tells. */
async function conclude(
  { draft, named, found, playbook }: Known,
  { read, warnings: ofFiles }: Given,
  { beginning, replace }: { readonly beginning: Beginning; readonly replace: boolean },
): Promise<number> {
  const { roles } = playbook;
  const { options, file, questions } = beginning;
  const hosts = completed(named, found, roles);
  // By the names that they have from here on.
  const seen = found.map((host, index) => ({ ...host, name: hosts[index]?.name ?? host.name }));
  const begun: Begun = { hosts: seen, read };
  if (seen.length > 0 && questions === undefined) beginning.show('found', begun);
  const silent = seen.filter(({ reached }) => !reached);
  if (silent.length > 0 && !options.anyway && questions === undefined) {
    return beginning.end(begun, {
      exitStatus: exitStatus.failed,
      errors: [unreached(silent)],
      warnings: ofFiles,
    });
  }
  refuse(withoutHostname(hosts, roles));
  const text = inventoryText(
    { ...draft, hosts, ssh: sshFor(draft, seen, options) },
    roles.map(({ name }) => name),
  );
  // Nobody gets one that the next command refuses.
  await readText({ file, text });
  const ofHosts = foundWarnings(hosts, seen, { ...draft.cluster, playbook: playbook.name, roles });
  const warnings = [...ofFiles, ...ofHosts];
  beginning.warn(ofHosts);
  const whole = { ...begun, inventory: { file, text, written: false, next: nextCommand(file, options) } };
  if (questions !== undefined) {
    beginning.show('begun', whole);
    if (!(await questions.write(file))) return beginning.giveUp(whole);
  }
  await writeInventory(file, text, { replace });
  const next = await nextWithout(whole.inventory.next, beginning);
  const agreed = questions !== undefined;
  const written = { ...whole, inventory: { ...whole.inventory, written: true, agreed, next } };
  beginning.show('begun', written);
  return beginning.end(written, { exitStatus: exitStatus.done, warnings });
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

/** The same without the file, where the command finds it by itself. */
async function nextWithout(next: string, { file, environment }: Beginning): Promise<string> {
  const found = await findInventory(surroundingsHere(environment.variables)).catch(() => undefined);
  return found?.path === resolve(file) ? next.replace(/ -i .*/s, '') : next;
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
