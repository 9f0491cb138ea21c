import type { Draft, DraftHost } from '../begin/draft.ts';
import { inventoryText } from '../begin/inventory-text.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { FoundHost } from '../model/begun.ts';
import { OperatorError, type Problem } from '../model/operator-error.ts';
import { resultWithoutHosts } from '../model/result.ts';
import { readDraft } from '../playbook/resolve/load-inventory.ts';
import { reportDocument } from '../report/document/document.ts';
import { harmlessEvent } from '../report/document/harmless.ts';
import { introduceHosts } from '../run/introduce.ts';
import * as trust from '../run/trust-run.ts';
import { howToPrint } from '../ssh/host-keys/how-to-print.ts';
import type { LoadedPlaybook } from '../steps/loaded-playbook.ts';
import type { Asking } from './ask-first.ts';
import type { Beginning } from './init-beginning.ts';

/** More at once than a person names; as with every command. */
const parallel = 32;

/**
 * Looks at hosts of a draft, and returns what was found in their order: first at their keys, which are pinned
 * once somebody has agreed, then at what they are. Throws OperatorError if nobody agrees. `playbooks`: the
 * draft's first.
 */
export async function lookAtHosts(
  draft: Draft,
  hosts: readonly DraftHost[],
  { playbooks, beginning }: { readonly playbooks: readonly LoadedPlaybook[]; readonly beginning: Beginning },
): Promise<readonly FoundHost[]> {
  const [playbook] = playbooks;
  const roles = playbook?.roles.map(({ name }) => name) ?? [];
  const text = inventoryText({ ...draft, hosts }, roles);
  const { inventory } = await readDraft({ file: beginning.file, text });
  if (inventory === undefined) throw new Error("a draft of an inventory can't be read");
  const { environment, connector, view } = beginning;
  const { signal, secrets } = environment;
  const progress: trust.TrustOptions['progress'] = (event) => view.progress(harmlessEvent(event, secrets));
  await agreeOnKeys(
    { inventory, limit: [], parallel, signal, connector, progress: () => undefined, replace: new Set() },
    beginning,
  );
  signal.throwIfAborted();
  const found = await introduceHosts({
    ...{ inventory, playbooks, connect: connector.connect },
    ...{ signal, parallel, progress },
  });
  signal.throwIfAborted();
  const logins = await Promise.all(found.map(({ name }) => loginOf(name, inventory, beginning)));
  const seen = found.map((host, index): FoundHost => {
    const user = host.user ?? logins[index];
    return { ...host, user, root: host.root !== undefined && user === 'root' ? 'login' : host.root };
  });
  // An inventory has its hosts by roles.
  const byName = new Map(seen.map((host) => [host.name, host]));
  return hosts.map((host) => byName.get(host.name) ?? notLookedAt(host));
}

/** One with which an inventory can't be read, such as a name that is there twice; that is told later. */
function notLookedAt({ name, role, address, hostname }: DraftHost): FoundHost {
  const place = address ?? hostname ?? name;
  return { name, role, place, reached: false, publicNames: [], certificates: [] };
}

/** Who logs in where the inventory doesn't say it. */
async function loginOf(name: string, { hosts }: Inventory, { connector }: Beginning) {
  const host = hosts.find((one) => one.name === name);
  if (host === undefined) return undefined;
  return connector.resolve(host.ssh).then(
    ({ user }) => user,
    () => undefined,
  );
}

async function agreeOnKeys(options: trust.TrustOptions, beginning: Beginning): Promise<void> {
  let hosts = await trust.scanHosts(options);
  // Hosts on the way come first: what is behind them can't be asked before.
  for (;;) {
    const pinnable = hosts.filter((host) => trust.keysToPin(host, options.replace).length > 0);
    if (pinnable.length === 0 || options.signal.aborted) return;
    beginning.view.show('keys', keysDocument(pinnable, options, beginning));
    const answer = await beginning.agree(asking(pinnable, options.replace, beginning.options.yes));
    if (answer !== 'yes') throw typeof answer === 'string' ? declined() : new OperatorError(answer);
    beginning.pinning();
    hosts = await trust.pinHosts(hosts, options.replace);
    const failed = hosts.flatMap(({ pinned, problem }) =>
      !pinned && problem !== undefined ? [problem] : [],
    );
    const unwritten = failed.find(({ code }) => code === 'known-hosts-not-written');
    if (unwritten !== undefined) throw new OperatorError(unwritten);
    if (!hosts.some(trust.isBehindUnknown)) return;
    hosts = await trust.scanAgain(hosts, options);
    if (hosts.filter((host) => trust.keysToPin(host, options.replace).length > 0).length === 0) return;
  }
}

function asking(hosts: readonly trust.ScannedHost[], replace: ReadonlySet<string>, yes: boolean): Asking {
  const keys = hosts.reduce((sum, host) => sum + trust.keysToPin(host, replace).length, 0);
  const files = [...new Set(hosts.flatMap(({ target }) => target?.knownHostsFiles[0] ?? []))];
  const types = hosts.flatMap(({ judgement }) => judgement?.keys.map(({ type }) => type) ?? []);
  const what = `${keys} ${keys === 1 ? 'key' : 'keys'} of ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}`;
  return {
    yes,
    question: `Compare the fingerprints with those on each host's own console, as printed by\n\`${howToPrint(types)}\`.\nPin ${what} in ${files.join(', ')}?`,
    otherwise: `${what} would be pinned before they are looked at`,
    next: 'compare the fingerprints, then confirm with --yes; or leave the hosts alone with --no-look',
  };
}

function keysDocument(
  hosts: readonly trust.ScannedHost[],
  { replace }: trust.TrustOptions,
  { environment }: Beginning,
) {
  const result = { ...resultWithoutHosts('init'), hosts: hosts.map((host) => trust.resultOf(host, replace)) };
  const keys = hosts.map(({ address, judgement }) => {
    const { keys = [], old = [], pinned = [] } = judgement ?? {};
    return { address, keys, old, pinned, written: [] };
  });
  return reportDocument(result, { keys, exitStatus: 0 }, environment.secrets);
}

function declined(): OperatorError {
  return new OperatorError(keysDeclined);
}

/** Nobody has agreed to the keys of a host. */
export const keysDeclined: Problem = {
  code: 'init-declined',
  message: 'a host whose key is unknown is not logged in to; no inventory was written',
  next: 'run it again once you have compared the fingerprints, or leave the hosts alone with --no-look',
};
