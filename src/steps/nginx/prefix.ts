import { missingFile } from '../shared/missing-file.ts';
import { directoryOf } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { nginxFiles } from './nginx-files.ts';
import { ownFile } from './prefix-own-file.ts';
import { type PrefixParameters, prefixName, prefixParameters } from './prefix-parameters.ts';
import { stockFile } from './prefix-stock-file.ts';

/**
 * The locations of a package's nginx file, also under a prefix, made from this host's own file so that
 * whatever an upgrade brings is included. In our own file they are beside the package's locations; upgrades
 * and installers leave it alone, and the paths without the prefix keep working. Forms that can't be copied
 * safely are refused with their line.
 */
export const nginxPrefix: StepModule<PrefixParameters> = {
  name: prefixName,
  description: "the locations of a package's nginx file, also under a prefix",
  parameters: prefixParameters,
  reads: (wanted) => ({
    paths: [
      ...listOf(wanted.sources).flatMap((path) => [path, `${path}.static`, `${path}.dev`]),
      ...listOf(wanted.look_in),
      ...nginxFiles.behindLinks,
      ...stockFiles(wanted),
      wanted.path,
      directoryOf(wanted.path),
    ],
  }),
  writes: ({ mode, path, sources: [source = path], variables }) => [
    ...new Set(mode === 'own-file' ? [path] : [source, ...stockFiles({ variables })]),
  ],
  apply: (host, wanted) => {
    const source = wanted.sources.find((path) => host.exists(path));
    if (source === undefined) {
      throw missingFile(host, wanted.sources, {
        message: `none of ${wanted.sources.join(', ')} exists, so no locations can be put under ${wanted.prefix}`,
        next: 'install the package that brings it, or correct the recipe',
      });
    }
    if (wanted.mode === 'own-file') ownFile(host, wanted, source);
    else stockFile(host, wanted, source);
  },
};

/** A list before its schema has been applied: a template without a value is empty text. */
function listOf(paths: readonly string[] | undefined): readonly string[] {
  return Array.isArray(paths) ? paths : [];
}

function stockFiles(wanted: Pick<PrefixParameters, 'variables'>): readonly string[] {
  return Object.values(wanted.variables ?? {}).flatMap(({ stock_file: file }) => file ?? []);
}
