import { type Dialect, readsOfBlocks, writeBlocks } from '../relay/blocks.ts';
import { existingSetUp } from '../shared/existing-set-up.ts';
import { directoriesOf } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { nginxBlock } from './block-format.ts';
import { bringOverLocations, findLocations, warnOfPatterns } from './existing-locations.ts';
import { type LocationsParameters, locationsName, locationsParameters } from './locations-parameters.ts';
import { nginxFiles } from './nginx-files.ts';
import { nginxPaths } from './nginx-paths.ts';
import { passedTo, renderLocations } from './render-locations.ts';

/**
 * On a proxy: each node's locations, in one block with markers for each node. See `writeBlocks` for nodes
 * that aren't there or can't be asked, and `unresolvedNodes` for what happens to such a node itself.
 */
export const nginxLocations: StepModule<LocationsParameters> = {
  name: locationsName,
  description: "on a proxy: the locations that relay each node's pages",
  parameters: locationsParameters,
  reads: (wanted) => ({
    ...readsOfBlocks(wanted),
    paths: [
      wanted.path,
      ...directoriesOf(wanted.path),
      ...(wanted.look_in ?? nginxFiles.read),
      ...nginxFiles.behindLinks,
    ],
  }),
  itemFormats: [nginxBlock],
  crossCheck: nginxPaths,
  writes: ({ path }) => [path],
  apply: (host, wanted) => {
    const findings = findLocations(host, wanted);
    if (findings.length > 0 && !wanted.adopt) throw existingSetUp(host, findings);
    if (findings.length > 0) host.adopt();
    bringOverLocations(host, wanted);
    warnOfPatterns(host, wanted);
    const start = `# The nodes of a cluster; written by clusterproxy, step ${host.step}.\n`;
    const names = writeBlocks(host, wanted, dialect(wanted), start);
    for (const name of names) {
      host.manage({ path: wanted.path, format: nginxBlock.name, key: [name] });
    }
  },
};

function dialect({ cache, cache_zone: zone }: LocationsParameters): Dialect {
  const cacheZone = cache && zone !== '' ? zone : undefined;
  return {
    render: (relays) => renderLocations(relays, cacheZone),
    leadsTo: passedTo,
    // nginx looks names up when it loads, and one that doesn't resolve stops it.
    whenUnresolved: ', and nginx refuses to load them until it does',
  };
}
