import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/**
 * Imports a TypeScript module with all its imports, which Node 20 can't do: bundled into a file that is gone
 * afterwards, with each file's own `import.meta.url`, by which scripts and the like are found.
 */
export async function loadTypeScript(path) {
  const folder = await mkdtemp(join(tmpdir(), 'clusterproxy-bench-code-'));
  const outfile = join(folder, 'code.mjs');
  try {
    await build({
      entryPoints: [path],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      // As in scripts/bundling.mjs: one library is UMD, others are CommonJS, and the native parts of ssh2 are
      // optional.
      mainFields: ['module', 'main'],
      alias: { 'cpu-features': fileURLToPath(new URL('../scripts/absent.cjs', import.meta.url)) },
      loader: { '.node': 'empty' },
      banner: {
        js: `import { createRequire as requireFor } from 'node:module'; const require = requireFor(${JSON.stringify(pathToFileURL(path).href)}); const __dirname = ${JSON.stringify(dirname(path))};`,
      },
      plugins: [{ name: 'own-url', setup: keepUrls }],
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function keepUrls({ onLoad }) {
  onLoad({ filter: /[\\/](src|test|bench)[\\/].*\.ts$/ }, async ({ path }) => {
    const text = await readFile(path, 'utf8');
    return {
      contents: text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
      loader: 'ts',
    };
  });
}
