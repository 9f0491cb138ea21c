import { readSourceFile, type SourceFile } from '../document/source-file.ts';
import { YamlDocument } from '../document/yaml-document.ts';
import { mapOf } from './host-entries.ts';
import type { Inventory } from './inventory.ts';
import { notifySchema } from './notify-schema.ts';
import { notifySecrets } from './notify-secrets.ts';
import { inventorySchema } from './schema.ts';

/** What an inventory says of itself and of who is told, whatever else is wrong with it. */
export interface WhoIsTold
  extends Pick<Inventory, 'file' | 'timeZone' | 'notify' | 'notifySecrets' | 'secrets' | 'maxUnavailable'> {
  /** undefined where the cluster can't be named */
  readonly cluster: Pick<Inventory['cluster'], 'name'> | undefined;
}

/**
 * Who is told that an inventory can't be used: by the inventory itself, as far as it can be read. Where its
 * YAML is broken, such as by what a merge left in it, the blocks `cluster` and `notify` are read by
 * themselves. What is wrong in `notify` itself makes nobody known. Throws OperatorError if the file can't be
 * read.
 */
export async function whoIsTold(file: string): Promise<WhoIsTold> {
  const source = await readSourceFile(file, '');
  const whole = mapOf(new YamlDocument(source).value);
  const partOf = (key: string) => whole[key] ?? blockOf(source, key);
  const notify = notifySchema.safeParse(partOf('notify')).data;
  const cluster = mapOf(partOf('cluster'));
  const { name, time_zone: timeZone } = inventorySchema.shape.cluster.shape;
  const named = name.safeParse(cluster.name).data;
  const nowhere = { location: () => ({ file, line: 1, column: 1, text: '' }) };
  return {
    ...{ file, notify, notifySecrets: notifySecrets(nowhere, notify) },
    cluster: named === undefined ? undefined : { name: named },
    timeZone: timeZone.safeParse(cluster.time_zone).data,
    ...{ secrets: [], maxUnavailable: { all: undefined, roles: new Map() } },
  };
}

/** The value of a key at the left margin, from what stands there up to the next line that isn't indented. */
function blockOf({ file, text }: SourceFile, key: string): unknown {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`${key}:`));
  if (start === -1) return undefined;
  const length = lines.slice(start + 1).findIndex((line) => /^[^\s#-]/.test(line));
  const block = lines.slice(start, length === -1 ? undefined : start + 1 + length).join('\n');
  // A carriage return at the very end would begin another value.
  return mapOf(new YamlDocument({ file, text: `${block}\n` }).value)[key];
}
