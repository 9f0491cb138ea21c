// How the program is bundled: what the build and the test of what start-up loads have in common.
/** zod speaks some fifty languages, and half of its bytes are these; messages of this program are English. */
const englishAlone = {
  name: 'english-alone',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    })),
};

/** Code that V8 takes from a cache has no import() of its own: the starter gives it one. */
const nativeImport = {
  name: 'native-import',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]src[\\/]native-import\.ts$/ }, () => ({
      contents: 'export const nativeImport = __nativeImport;',
    })),
};

/** All programs as one text: a function, as src/start/start.ts calls it. `programs`: name to file. */
export function bundling(programs) {
  const parts = Object.entries(programs).map(
    ([name, file]) => `${JSON.stringify(name)}: () => import(${JSON.stringify(`./${file}`)}),\n`,
  );
  return {
    stdin: { contents: `export const parts = {\n${parts.join('')}};`, resolveDir: '.' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    // ssh2's optional native parts: it works without them, and none may be taken from where others can put
    // one.
    alias: { 'cpu-features': './scripts/absent.cjs' },
    loader: { '.node': 'empty' },
    plugins: [englishAlone, nativeImport],
    // jsonc-parser's "main" is UMD, whose inner require() calls can't be bundled.
    mainFields: ['module', 'main'],
    // What is imported later is run later; of Node's own modules, that is a require().
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__url', 'import.meta.dirname': '__dirname' },
    banner: {
      js: "(function (exports, require, __filename, __dirname, __nativeImport) { const module = { exports }; const __url = require('node:url').pathToFileURL(__filename).href;",
    },
    footer: { js: 'Object.assign(exports, module.exports); })' },
    minifySyntax: true,
  };
}

/** `program`: the name of that text. */
export function startersOf(programs, { program }) {
  return {
    entryPoints: Object.fromEntries(Object.keys(programs).map((name) => [name, 'src/start/start.ts'])),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    define: { programName: JSON.stringify(program) },
    minifySyntax: true,
  };
}
