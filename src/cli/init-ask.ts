import { reachedAs, withNames } from '../begin/completed.ts';
import { doorRole } from '../begin/door-role.ts';
import { type Draft, type DraftHost, type NamedHost, placeOf } from '../begin/draft.ts';
import { asConfigured, hostsOfLists } from '../begin/from-lists.ts';
import { misplaced } from '../begin/missing.ts';
import { clusterNameOf } from '../begin/proposals.ts';
import { cleanLine } from '../document/clean-text.ts';
import type { FoundHost } from '../model/begun.ts';
import { OperatorError, OperatorErrors } from '../model/operator-error.ts';
import type { Role } from '../model/playbook.ts';
import type { LoadedPlaybook } from '../steps/loaded-playbook.ts';
import type { Beginning } from './init-beginning.ts';
import type { Given } from './init-given.ts';
import { keysDeclined, lookAtHosts } from './init-look.ts';
import type { Questions } from './init-questions.ts';

/** What an inventory is made of, once it is known. */
export interface Known {
  readonly draft: Draft;
  readonly named: readonly NamedHost[];
  /** in the order of `named`; empty where nobody has looked */
  readonly found: readonly FoundHost[];
  readonly playbook: LoadedPlaybook;
}

/** A host, and what was found there; undefined where nobody looks. */
interface Met {
  readonly host: NamedHost;
  readonly found: FoundHost | undefined;
}

/** Asks for whatever the command line leaves open, and looks at each host as it is named. */
export async function askFor(
  given: Given,
  playbooks: ReadonlyMap<string, LoadedPlaybook>,
  { questions, beginning }: { readonly questions: Questions; readonly beginning: Beginning },
): Promise<Known> {
  const choices = [...playbooks.values()].map(({ name, description }) => ({
    value: name,
    hint: description,
  }));
  const name = given.playbook ?? (await questions.playbook(choices, 'bigbluebutton'));
  const playbook = playbooks.get(name);
  if (playbook === undefined) throw new Error(`there is no playbook ${name}`);
  const wrong = misplaced(given, playbook);
  if (wrong.length > 0) throw new OperatorErrors(wrong);
  const listed = hostsOfLists(given.lists, playbook.roles, given);
  const chosen = listed.length === 0 ? [] : await questions.choose(listed);
  const user = given.ssh.user ?? (given.hosts.length === 0 ? await questions.user() : undefined);
  const named = [...given.hosts, ...asConfigured(chosen, given.aliases, user)];
  const become = beginning.options.become === undefined && user === 'root' ? undefined : given.ssh.become;
  const draft: Draft = {
    playbook: name,
    // Nothing that is looked at depends on it.
    cluster: { name: 'new', hostname: 'new.invalid' },
    ssh: { ...given.ssh, user, become },
    external: given.external,
    hosts: [],
  };
  const others = [...playbooks.values()].filter((one) => one !== playbook);
  const meet = async (hosts: readonly NamedHost[], before: readonly Met[]): Promise<readonly Met[]> => {
    const known = withNames(
      hosts,
      before.flatMap(({ host }) => host.name ?? []),
    );
    const found = beginning.options.look
      ? await lookAtHosts(draft, known, { playbooks: [playbook, ...others], beginning })
      : [];
    if (found.length > 0) beginning.show('found', { hosts: found, read: [] });
    const met: Met[] = [];
    for (const [index, host] of hosts.entries()) {
      const one = await confirmed({ host, found: found[index] }, known[index] as DraftHost, playbook.roles, {
        questions,
        anyway: beginning.options.anyway,
        others: [...before, ...met].map((other) => other.host),
      });
      if (one !== undefined) met.push(one);
    }
    return met;
  };

  let met = named.length === 0 ? [] : await meet(named, []);
  let external = given.external;
  for (const role of playbook.roles.filter(({ hosts }) => hosts.minimum > 0)) {
    if (external.includes(role.name)) continue;
    const isDoor = role !== playbook.roles.at(-1);
    const wanted = () => role.hosts.minimum - met.filter(({ host }) => host.role === role.name).length;
    // Who has named some on the command line has named all.
    if (wanted() <= 0) continue;
    for (;;) {
      const means = meaning(role, { isDoor, isEnough: wanted() <= 0 });
      if (isDoor && wanted() <= 0) break;
      const hosts = await questions.hosts(role, { means, taken: met.map((one) => one.host) });
      if (hosts.length === 0) {
        if (isDoor) external = [...external, role.name];
        break;
      }
      met = [...met, ...(await meetEach(hosts, { met, meet, beginning }))];
    }
  }
  const hostname = given.hostname ?? (await questions.hostname(doorName(met, playbook.roles)));
  const clusterName = given.name ?? (await questions.clusterName(clusterNameOf(hostname)));
  return {
    draft: { ...draft, external, cluster: { name: clusterName, hostname } },
    named: met.map(({ host }) => host),
    found: met.flatMap(({ found }) => found ?? []),
    playbook,
  };
}

interface Meeting {
  /** those that were named before */
  readonly met: readonly Met[];
  readonly meet: (hosts: readonly NamedHost[], before: readonly Met[]) => Promise<readonly Met[]>;
  readonly beginning: Beginning;
}

/**
 * The hosts of one answer. Where somebody doesn't agree to the keys of several, each is asked about by
 * itself. Who doesn't know a key names the host again, or another one; what was answered before stays.
 */
async function meetEach(
  hosts: readonly NamedHost[],
  { met, meet, beginning }: Meeting,
): Promise<readonly Met[]> {
  const { view, environment } = beginning;
  try {
    return await meet(hosts, met);
  } catch (error) {
    const isDeclined = error instanceof OperatorError && error.problem.code === keysDeclined.code;
    if (!isDeclined || environment.signal.aborted) throw error;
  }
  const [only, ...others] = hosts;
  if (only !== undefined && others.length === 0) {
    view.message(
      `${cleanLine(placeOf(only))} is left out: its key was not pinned; name it again to compare the fingerprints again`,
    );
    return [];
  }
  view.message('none of them was pinned; each by itself, so that only those with a wrong key are left out:');
  let all = met;
  for (const host of hosts) all = [...all, ...(await meetEach([host], { met: all, meet, beginning }))];
  return all.slice(met.length);
}

/** What an empty answer means; undefined where there has to be one. */
function meaning(
  { external }: Role,
  { isDoor, isEnough }: { readonly isDoor: boolean; readonly isEnough: boolean },
): string | undefined {
  if (isDoor) return external ? 'somebody else runs it' : undefined;
  return isEnough ? 'that was the last' : undefined;
}

/** The host with what is still asked of it; undefined where it is not to be kept. */
async function confirmed(
  { host, found }: Met,
  named: DraftHost,
  roles: readonly Role[],
  {
    questions,
    anyway,
    others,
  }: { readonly questions: Questions; readonly anyway: boolean; readonly others: readonly NamedHost[] },
): Promise<Met | undefined> {
  if (found?.reached === false && !anyway && !(await questions.anyway(named))) return undefined;
  const needsHostname = roles.find(({ name }) => name === host.role)?.hostname === 'required';
  if (host.hostname !== undefined || !needsHostname) return { host, found };
  const hostname = await questions.publicName(named, {
    proposals: found?.publicNames ?? [],
    taken: others,
  });
  return { host: reachedAs({ ...host, hostname }), found };
}

/** The name for which the host with the cluster's address answers. */
function doorName(met: readonly Met[], roles: readonly Role[]): string | undefined {
  const door = met.find(({ host }) => host.role === doorRole(roles)?.name);
  return door?.host.hostname ?? door?.found?.publicNames[0];
}
