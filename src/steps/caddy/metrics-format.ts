import { insertOptions, ownOptions, removeOptions } from '../../formats/caddyfile.ts';
import type { KeyedFormat } from '../../formats/keyed-format.ts';

/**
 * The global option of a Caddyfile by which Caddy counts requests, between two of our markers. Key: the
 * cluster's name. Value: the lines as they stand within the block of options.
 */
export const caddyMetricsOption: KeyedFormat = {
  name: 'caddy-metrics',
  get: (text, [cluster = '']) => ownOptions(text, blockName(cluster)),
  set: (text, [cluster = ''], value) => insertOptions(text, blockName(cluster), String(value)),
  remove: (text, [cluster = '']) => removeOptions(text, blockName(cluster)),
};

function blockName(cluster: string): string {
  return `${cluster} metrics`;
}
