// Bundles the program into dist/, so that start-up reads one file instead of a thousand.
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.ts', 'src/schema.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  // ssh2's optional native parts: it works without them.
  external: ['cpu-features'],
  loader: { '.node': 'empty' },
  // jsonc-parser's "main" is UMD, whose inner require() calls can't be bundled.
  mainFields: ['module', 'main'],
  // Some of the libraries are CommonJS: they call require() and look at __dirname (ssh2's WebAssembly).
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url); const __dirname = import.meta.dirname;",
  },
  sourcemap: false,
  minifySyntax: true,
  logLevel: 'warning',
});
