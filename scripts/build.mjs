// Bundles the program into dist/, so that start-up reads one file instead of a thousand.
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  // ssh2's optional native parts: it works without them.
  external: ['cpu-features'],
  loader: { '.node': 'empty' },
  // Some of the libraries are CommonJS and call require().
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  sourcemap: false,
  minifySyntax: true,
  logLevel: 'warning',
});
