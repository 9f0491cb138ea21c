import pLimit from 'p-limit';
import { introduce, introductionReads, unreadCertificates } from '../begin/found.ts';
import { type Inventory, type InventoryHost, roleOf } from '../inventory/inventory.ts';
import type { FoundHost } from '../model/begun.ts';
import { mergeReads } from '../model/merge-reads.ts';
import { noReads } from '../model/reads.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { viewCluster } from '../playbook/resolve/contexts.ts';
import { factReads } from '../playbook/resolve/facts.ts';
import type { LoadedPlaybook } from '../steps/loaded-playbook.ts';
import { type Look, lookAt } from './look.ts';
import type { RunOptions } from './options.ts';

export interface IntroduceOptions extends Pick<RunOptions, 'connect' | 'signal' | 'parallel' | 'progress'> {
  readonly inventory: Inventory;
  /** all that a host may have the product of; the inventory's own first */
  readonly playbooks: readonly LoadedPlaybook[];
}

/** Looks at hosts that nothing is planned for yet, to say what they are. Nothing is changed there. */
export async function introduceHosts(options: IntroduceOptions): Promise<readonly FoundHost[]> {
  const { hosts } = options.inventory;
  options.progress({ kind: 'looking', total: hosts.length });
  const limit = pLimit(options.parallel);
  return Promise.all(
    hosts.map((host) =>
      limit(async () => {
        const found = await introduceHost(host, options);
        options.progress({ kind: 'looked', host: host.name, ok: found.problem === undefined });
        return found;
      }),
    ),
  );
}

async function introduceHost(host: InventoryHost, options: IntroduceOptions): Promise<FoundHost> {
  const { inventory, playbooks } = options;
  const facts = factReads(roleOf(inventory.playbook, host.role)).map((reads) => ({ ...noReads, ...reads }));
  const reads = mergeReads([introductionReads(playbooks), ...facts]);
  let asked = host;
  let { snapshot, problem } = await lookAt(asked, () => reads, options);
  // What is there can be told without root's rights as well.
  if (problem?.code.startsWith('sudo') === true) {
    asked = { ...host, ssh: { ...host.ssh, become: undefined } };
    snapshot = (await lookAt(asked, () => reads, options)).snapshot;
  }
  // It is told with the host.
  if (problem !== undefined) problem = { ...problem, host: undefined };
  const [name, role, place] = [host.name, host.role, host.ssh.host];
  if (snapshot === undefined) {
    return { name, role, place, reached: false, problem, publicNames: [], certificates: [] };
  }
  const whole = await withCertificates(asked, snapshot, options);
  const introduced = introduce(whole, playbooks);
  // Its public name is asked for once it has been looked at, so that it is missing is no reason to be unfit.
  const hostname = host.hostname ?? introduced.publicNames[0] ?? `${name}.invalid`;
  const hosts = inventory.hosts.map((one) => (one.name === name ? { ...one, hostname } : one));
  const view = viewCluster({ ...inventory, hosts }, new Map([[name, whole]])).hosts.get(name);
  const isRoot = whole.user === 'root';
  const becomes = asked.ssh.become === 'sudo' ? 'sudo' : 'login';
  return {
    ...{ name, role, place, reached: true, problem },
    ...{ user: host.ssh.user, root: isRoot ? becomes : undefined },
    ...introduced,
    ...{ recipe: view?.recipe?.name, unfit: view?.problem },
  };
}

/** Which files hold the certificates is only known from others. */
async function withCertificates(
  host: InventoryHost,
  snapshot: Snapshot,
  options: IntroduceOptions,
): Promise<Snapshot> {
  const files = unreadCertificates(snapshot);
  if (files.length === 0) return snapshot;
  const more: Look = await lookAt(host, () => ({ ...noReads, paths: files }), options);
  return more.snapshot === undefined
    ? snapshot
    : { ...snapshot, paths: new Map([...snapshot.paths, ...more.snapshot.paths]) };
}
