import { stat } from 'node:fs/promises';
import { readSourceFile } from '../../document/source-file.ts';
import { YamlDocument } from '../../document/yaml-document.ts';
import { hostNamePattern } from '../../inventory/names.ts';
import { home } from '../../ssh/config/home.ts';
import { findInventories } from '../fleet/find-inventories.ts';

/** More files than this aren't read while somebody waits for the key to do something. */
const mostFiles = 200;

/**
 * The names of clusters in the inventories that a pattern matches, with their files. As with hosts, only
 * their text is read, and whatever is no proper name is left out.
 */
export async function clustersNamed(
  pattern: string,
): Promise<readonly { readonly name: string; readonly file: string }[]> {
  const files = await findInventories([pattern.replace(/^~(?=\/)/, home())]);
  const found = await Promise.all(
    files.slice(0, mostFiles).map(async (file) => {
      const name = await nameIn(file).catch(() => undefined);
      return name === undefined ? [] : [{ name, file }];
    }),
  );
  return found.flat();
}

async function nameIn(file: string): Promise<string | undefined> {
  // A named pipe would be waited for.
  if (!(await stat(file)).isFile()) return undefined;
  const { value } = new YamlDocument(await readSourceFile(file, ''));
  const cluster = (value as { readonly cluster?: { readonly name?: unknown } } | undefined)?.cluster;
  const name = cluster?.name;
  return typeof name === 'string' && hostNamePattern.test(name) ? name : undefined;
}
