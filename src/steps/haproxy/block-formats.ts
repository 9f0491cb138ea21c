import {
  managedBlockRanges,
  managedBlocks,
  readSections,
  removeManagedBlock,
  type Section,
  setRulesBlock,
  setSectionsBlock,
} from '../../formats/haproxy.ts';
import type { KeyedFormat } from '../../formats/keyed-format.ts';

/** What the names of the blocks of a cluster's nodes begin with. */
export function nodePrefix(cluster: string): string {
  return `${cluster}/`;
}

/** The name of the block with a cluster's own frontends. */
export function frontendBlock(cluster: string): string {
  return `${cluster} frontend`;
}

/** The name of the block with a cluster's cache. */
export function cacheBlock(cluster: string): string {
  return `${cluster} cache`;
}

/** The name of the block with a cluster's frontend for metrics. */
export function metricsBlock(cluster: string): string {
  return `${cluster} metrics`;
}

/** The name of the block with a cluster's rules within an operator's frontend. */
export function rulesBlock(cluster: string): string {
  return `${cluster} rules`;
}

/** A node's sections between two of our markers in haproxy.cfg. Key: the cluster's name and the node's. */
export const haproxyNode: KeyedFormat = {
  ...sectionsFormat('haproxy-node', ([cluster = '', node = '']) => `${nodePrefix(cluster)}${node}`),
  locationsOf: ([, node]) => node,
};

/** A cluster's own frontends between two of our markers. Key: the cluster's name. */
export const haproxyFrontendBlock = sectionsFormat('haproxy-frontend', ([cluster = '']) =>
  frontendBlock(cluster),
);

/** A cluster's cache between two of our markers. Key: the cluster's name. */
export const haproxyCacheBlock = sectionsFormat('haproxy-cache', ([cluster = '']) => cacheBlock(cluster));

/** A cluster's frontend for metrics between two of our markers. Key: the cluster's name. */
export const haproxyMetricsBlock = sectionsFormat('haproxy-metrics', ([cluster = '']) =>
  metricsBlock(cluster),
);

/**
 * A cluster's rules within a section that belongs to somebody else. Key: the cluster's name and the
 * section's. Nothing is set where there is no such section.
 */
export const haproxyRulesBlock: KeyedFormat = {
  name: 'haproxy-rules',
  get: (text, [cluster = '', section = '']) =>
    sectionWith(text, rulesBlock(cluster))?.name === section
      ? managedBlocks(text).get(rulesBlock(cluster))
      : undefined,
  set: (text, [cluster = '', name = ''], value) => {
    const section = sectionWith(text, rulesBlock(cluster)) ?? clientSections(text, name)[0];
    return section?.name === name ? setRulesBlock(text, section, rulesBlock(cluster), String(value)) : text;
  },
  remove: (text, key) => {
    const [cluster = ''] = key;
    return haproxyRulesBlock.get(text, key) === undefined
      ? text
      : removeManagedBlock(text, rulesBlock(cluster));
  },
};

/** The section in which a block stands; undefined if there is no such block. */
export function sectionWith(text: string, block: string): Section | undefined {
  const range = managedBlockRanges(text).get(block);
  return range === undefined
    ? undefined
    : readSections(text).findLast(({ head }) => head.start < range.start);
}

/** The sections of a name to which clients connect. */
function clientSections(text: string, name: string): readonly Section[] {
  return readSections(text).filter(
    (one) => (one.keyword === 'frontend' || one.keyword === 'listen') && one.name === name,
  );
}

function sectionsFormat(name: string, blockOf: (key: readonly string[]) => string): KeyedFormat {
  return {
    name,
    get: (text, key) => managedBlocks(text).get(blockOf(key)),
    set: (text, key, value) => setSectionsBlock(text, blockOf(key), String(value)),
    remove: (text, key) => removeManagedBlock(text, blockOf(key)),
  };
}
