import type { KeyedFormat } from '../../formats/keyed-format.ts';
import { managedBlocks, removeManagedBlock, setManagedBlock } from '../../formats/nginx.ts';

/**
 * A block between two of our markers in a file that nginx reads. Key: its
 * name, which is a node's.
 */
export const nginxBlock: KeyedFormat = {
  name: 'nginx-block',
  get: (text, key) => managedBlocks(text).get(key.join('/')),
  set: (text, key, value) => setManagedBlock(text, key.join('/'), String(value)),
  remove: (text, key) => removeManagedBlock(text, key.join('/')),
  locationsOf: (key) => key.join('/'),
};
