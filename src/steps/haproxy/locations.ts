import { setSectionsBlocks } from '../../formats/haproxy.ts';
import { type Dialect, readsOfBlocks, writeBlocks } from '../relay/blocks.ts';
import { existingSetUp } from '../shared/existing-set-up.ts';
import { directoriesOf } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { haproxyCacheBlock, haproxyNode, nodePrefix } from './block-formats.ts';
import { cacheName, writeCache } from './cache.ts';
import { readConfiguration } from './configuration.ts';
import { bringOverRules, findRules } from './existing-rules.ts';
import { haproxyPaths } from './haproxy-paths.ts';
import {
  type HaproxyLocationsParameters,
  haproxyLocationsName,
  haproxyLocationsParameters,
  usualPath,
} from './locations-parameters.ts';
import { judgeFiles, otherReads } from './other-files.ts';
import { passedTo } from './read-backends.ts';
import { renderBackends } from './render-backends.ts';
import { askVersion, checkVersion } from './version.ts';

/**
 * On a proxy with HAProxy: the backends of each node, in one block with markers for each. Nothing is sent to
 * them yet: that is for a frontend's rules, which `haproxy-frontend` or `haproxy-rules` write from these
 * blocks. See `writeBlocks` for nodes that aren't there or can't be asked.
 */
export const haproxyLocations: StepModule<HaproxyLocationsParameters> = {
  name: haproxyLocationsName,
  description: "on a proxy with HAProxy: the backends that relay each node's pages",
  parameters: haproxyLocationsParameters,
  reads: (wanted) => {
    const path = wanted.path ?? usualPath;
    const { queries = [], ...blocks } = readsOfBlocks(wanted) as Partial<ReturnType<typeof readsOfBlocks>>;
    const paths = [path, ...directoriesOf(path), ...otherReads.paths];
    return { ...blocks, paths, queries: [...queries, askVersion, ...otherReads.queries] };
  },
  itemFormats: [haproxyNode, haproxyCacheBlock],
  crossCheck: haproxyPaths,
  writes: ({ path }) => [path],
  apply: (host, wanted) => {
    checkVersion(host);
    const configuration = readConfiguration(host, wanted.path, wanted.cluster);
    judgeFiles(host, wanted.path);
    const findings = findRules(host, configuration, wanted);
    if (findings.length > 0 && !wanted.adopt) throw existingSetUp(host, findings);
    if (findings.length > 0) host.adopt();
    bringOverRules(host, configuration, wanted);
    if (wanted.cache) writeCache(host, wanted.path, wanted.cluster);
    const names = writeBlocks(host, wanted, dialect(wanted), '');
    for (const name of names) {
      host.manage({ path: wanted.path, format: haproxyNode.name, key: [wanted.cluster, name] });
    }
  },
};

function dialect({ cluster, cache }: HaproxyLocationsParameters): Dialect {
  const kept = cache ? cacheName(cluster) : undefined;
  return {
    render: (relays, node) => renderBackends(cluster, relays, node, kept),
    leadsTo: passedTo,
    // It starts without an address for them (init-addr), and looks names up only then.
    whenUnresolved: ', and HAProxy answers 503 for them until it is reloaded with a name that resolves',
    prefix: nodePrefix(cluster),
    setBlocks: setSectionsBlocks,
  };
}
