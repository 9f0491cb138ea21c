import { removeManagedBlock, setManagedBlocks } from '../../formats/managed-blocks.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { understand } from '../shared/understand.ts';
import { type Dialect, nodeBlocks } from './dialect.ts';
import { namesOf, reachedAt, relayedNodes, unresolvedNodes } from './nodes.ts';
import { listOf, type RelayParameters } from './parameters.ts';
import { pruneOthers } from './prune.ts';
import { relaysOf } from './relays.ts';
import { trustedCertificateReads, trustedCertificates } from './trusted-certificates.ts';

export type { Dialect } from './dialect.ts';

/** What a proxy has to tell so that its nodes' blocks can be written. */
export function readsOfBlocks(wanted: Partial<RelayParameters>) {
  return {
    ...trustedCertificateReads(wanted.trusted_certificate ?? ''),
    names: listOf(wanted.nodes)
      .filter(({ state }) => state === 'active')
      .flatMap(namesOf),
  };
}

/**
 * The file at `path` with a block between markers for each node. A node that can't be inspected or whose name
 * the proxy can't resolve keeps the block that it has; so does one that isn't in the list, unless `prune` is
 * set. Only `state: retired` removes a node's block. Returns the names of the nodes whose blocks are there,
 * all of which the caller manages. `start`: the text of a file that isn't there yet.
 */
export function writeBlocks(
  host: StepHost,
  wanted: RelayParameters & { readonly path: string },
  dialect: Dialect,
  start: string,
): readonly string[] {
  const before = host.text(wanted.path);
  const text = before ?? start;
  const after = understand(host, wanted.path, text, () => blocks(host, wanted, dialect, text));
  const names = [...nodeBlocks(after, dialect).keys()];
  // Once a cluster's last node has left, the file is removed; it is created again with the next node.
  if (after !== before && (before !== undefined || names.length > 0)) host.write(wanted.path, after);
  return names;
}

function blocks(host: StepHost, wanted: RelayParameters, dialect: Dialect, before: string): string {
  const unresolved = new Set(unresolvedNodes(host.snapshot, wanted.nodes));
  const relayed = relayedNodes(wanted.nodes).filter(({ name }) => !unresolved.has(name));
  const verified = relayed.some(({ verify }) => verify);
  const trust = verified
    ? { certificates: trustedCertificates(host, wanted.trusted_certificate), depth: wanted.verify_depth }
    : undefined;
  const { prefix = '', setBlocks = setManagedBlocks } = dialect;
  const rendered = relayed.map((one) => {
    const relays = relaysOf(one, { trust, address: reachedAt(host.snapshot, one) });
    return [`${prefix}${one.name}`, dialect.render(relays, one.name)] as const;
  });
  let text = setBlocks(before, new Map(rendered));
  for (const { name, state } of wanted.nodes) {
    if (state === 'retired') text = removeManagedBlock(text, `${prefix}${name}`);
  }
  text = pruneOthers(host, wanted, text, dialect);
  warnOfKept(host, wanted, dialect, unresolved, nodeBlocks(text, dialect));
  return text;
}

function warnOfKept(
  host: StepHost,
  wanted: RelayParameters,
  { whenUnresolved }: Dialect,
  unresolved: ReadonlySet<string>,
  there: ReadonlyMap<string, string>,
): void {
  for (const { name, hostname: address, state, known } of wanted.nodes) {
    if (state === 'retired') continue;
    const stays = there.has(name) ? 'its locations stay as they are' : 'it gets no locations for now';
    if (unresolved.has(name)) {
      const then = there.has(name) ? whenUnresolved : '';
      host.warn(`${address} does not resolve on this host: ${stays} for ${name}${then}`);
    } else if (!known && state !== 'off') host.warn(`${name} could not be inspected: ${stays}`);
  }
}
