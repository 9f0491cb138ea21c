import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

export {
  type SampleHost as FakeHost,
  snapshotOf,
  textFile,
} from '../../src/playbook/check/sample-snapshot.ts';

const stockFolder = resolve(import.meta.dirname, '../../../shared/stock');

/** The folder with a version's unmodified files, undefined if the machine doesn't have them. */
export function stock(version: string): string | undefined {
  const folder = join(stockFolder, version);
  return existsSync(folder) ? folder : undefined;
}
