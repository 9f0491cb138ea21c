import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/**
 * Imports a TypeScript module with all its imports, which Node 20 can't do: bundled in memory, with each
 * file's own `import.meta.url`, which the lab uses to find its scripts.
 */
export async function loadTypeScript(path) {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    format: 'esm',
    platform: 'node',
    // As in scripts/build.mjs: one library is UMD, others are CommonJS.
    mainFields: ['module', 'main'],
    banner: {
      js: `import { createRequire as requireFor } from 'node:module'; const require = requireFor(${JSON.stringify(pathToFileURL(path).href)});`,
    },
    write: false,
    plugins: [{ name: 'own-url', setup: keepUrls }],
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

function keepUrls({ onLoad }) {
  onLoad({ filter: /\.ts$/ }, async ({ path }) => {
    const text = await readFile(path, 'utf8');
    return {
      contents: text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
      loader: 'ts',
    };
  });
}
