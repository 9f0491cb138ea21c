import type { KeyedFormat } from '../../formats/keyed-format.ts';
import { managedBlocks, removeManagedBlock, setManagedBlock } from '../../formats/managed-blocks.ts';

/**
 * A block between two of our markers in a file that Caddy imports. Key: its
 * name, which is a node's.
 */
export const caddyBlock: KeyedFormat = {
  name: 'caddy-block',
  get: (text, key) => managedBlocks(text).get(key.join('/')),
  set: (text, key, value) => setManagedBlock(text, key.join('/'), String(value)),
  remove: (text, key) => removeManagedBlock(text, key.join('/')),
  locationsOf: (key) => key.join('/'),
};
