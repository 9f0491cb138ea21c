// How the program is bundled: what the build and the test of what start-up loads have in common.
/** zod speaks some fifty languages, and half of its bytes are these; messages of this program are English. */
const englishAlone = {
  name: 'english-alone',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    })),
};

export const bundling = {
  bundle: true,
  // Commands load what they need when they run: --help needs neither ssh nor YAML.
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  // ssh2's optional native parts: it works without them, and none may be taken from where others can put one.
  alias: { 'cpu-features': './scripts/absent.cjs' },
  loader: { '.node': 'empty' },
  plugins: [englishAlone],
  // Those who want it install it.
  external: ['playwright-core', '@restatedev/restate-sdk'],
  // jsonc-parser's "main" is UMD, whose inner require() calls can't be bundled.
  mainFields: ['module', 'main'],
  // Some of the libraries are CommonJS: they call require() and look at __dirname (ssh2's WebAssembly).
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url); const __dirname = import.meta.dirname;",
  },
  minifySyntax: true,
};
