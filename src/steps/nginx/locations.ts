import { managedBlocks, removeManagedBlock, setManagedBlock } from '../../formats/nginx.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { existingSetUp } from '../shared/existing-set-up.ts';
import { directoriesOf } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { nginxBlock } from './block-format.ts';
import { bringOverLocations, findLocations, warnOfPatterns } from './existing-locations.ts';
import { locationsByHand } from './locations-by-hand.ts';
import { type LocationsParameters, locationsName, locationsParameters } from './locations-parameters.ts';
import { nginxFiles } from './nginx-files.ts';
import {
  type Node,
  namesOf,
  reachedAt,
  relayedNodes,
  renderNode,
  unresolvedNodes,
} from './node-locations.ts';
import { pruneOthers } from './other-nodes.ts';
import { nginxPaths } from './paths-check.ts';
import { trustedCertificateReads, trustedCertificates } from './trusted-certificates.ts';

/**
 * On a proxy: each node's locations, in one block with markers for each node. A node that can't be inspected
 * or whose name the proxy can't resolve keeps the block that it has; so does one that isn't in the list,
 * unless `prune` is set. Only `state: retired` removes a node's block. See `unresolvedNodes` for what happens
 * to the node itself.
 */
export const nginxLocations: StepModule<LocationsParameters> = {
  name: locationsName,
  description: "on a proxy: the locations that relay each node's pages",
  parameters: locationsParameters,
  reads: (wanted) => ({
    ...trustedCertificateReads(wanted.trusted_certificate ?? ''),
    paths: [
      wanted.path,
      ...directoriesOf(wanted.path),
      ...(wanted.look_in ?? nginxFiles.read),
      ...nginxFiles.behindLinks,
    ],
    names: listOf(wanted.nodes)
      .filter(({ state }) => state === 'active')
      .flatMap(namesOf),
  }),
  itemFormats: [nginxBlock],
  crossCheck: nginxPaths,
  byHand: locationsByHand,
  writes: ({ path }) => [path],
  apply: (host, wanted) => {
    const findings = findLocations(host, wanted);
    if (findings.length > 0 && !wanted.adopt) throw existingSetUp(host, findings);
    if (findings.length > 0) host.adopt();
    bringOverLocations(host, wanted);
    warnOfPatterns(host, wanted);
    const before = host.text(wanted.path);
    const start = before ?? `# The nodes of a cluster; written by clusterproxy, step ${host.step}.\n`;
    const after = understand(host, wanted.path, start, () => blocks(host, wanted, start));
    const names = [...managedBlocks(after).keys()];
    // Once a cluster's last node has left, the file is removed; it is created again with the next node.
    if (after !== before && (before !== undefined || names.length > 0)) host.write(wanted.path, after);
    for (const name of names) {
      host.manage({ path: wanted.path, format: nginxBlock.name, key: [name] });
    }
  },
};

/** Nodes before their schema has been applied: a template without a value is empty text. */
function listOf(nodes: LocationsParameters['nodes'] | undefined): readonly Node[] {
  return Array.isArray(nodes) ? nodes : [];
}

function blocks(host: StepHost, wanted: LocationsParameters, before: string): string {
  const unresolved = new Set(unresolvedNodes(host.snapshot, wanted.nodes));
  const relayed = relayedNodes(wanted.nodes).filter(({ name }) => !unresolved.has(name));
  const verified = relayed.some(({ verify }) => verify);
  const trust = verified
    ? { certificates: trustedCertificates(host, wanted.trusted_certificate), depth: wanted.verify_depth }
    : undefined;
  const cacheZone = wanted.cache && wanted.cache_zone !== '' ? wanted.cache_zone : undefined;
  let text = before;
  for (const one of relayed) {
    const address = reachedAt(host.snapshot, one);
    text = setManagedBlock(text, one.name, renderNode(one, { trust, address, cacheZone }));
  }
  for (const { name, state } of wanted.nodes) if (state === 'retired') text = removeManagedBlock(text, name);
  text = pruneOthers(host, wanted, text);
  warnOfKept(host, wanted, unresolved, managedBlocks(text));
  return text;
}

function warnOfKept(
  host: StepHost,
  wanted: LocationsParameters,
  unresolved: ReadonlySet<string>,
  there: ReadonlyMap<string, string>,
): void {
  for (const { name, hostname: address, state, known } of wanted.nodes) {
    if (state === 'retired') continue;
    const stays = there.has(name) ? 'its locations stay as they are' : 'it gets no locations for now';
    if (unresolved.has(name)) {
      const stops = there.has(name) ? ', and nginx refuses to load them until it does' : '';
      host.warn(`${address} does not resolve on this host: ${stays} for ${name}${stops}`);
    } else if (!known && state !== 'off') host.warn(`${name} could not be inspected: ${stays}`);
  }
}
