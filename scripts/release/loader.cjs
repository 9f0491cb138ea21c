// What a single file runs first, on its main thread as well as on others: takes the modules of the bundle from
// the file itself. They are below the file's own path, where nothing else can be.
const { createRequire, isBuiltin, registerHooks } = require('node:module');
const { join } = require('node:path');
const { getAsset } = require('node:sea');
const { pathToFileURL } = require('node:url');

const main = join(process.execPath, 'dist/main.js');
/** Libraries that those who want them install. */
const optional = new Set(['playwright-core', '@restatedev/restate-sdk']);
const inside = pathToFileURL(`${process.execPath}/`).href;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === main) return found(pathToFileURL(main).href);
    if (!context.parentURL?.startsWith(inside)) return next(specifier, context);
    if (specifier.startsWith('./')) return found(new URL(specifier, context.parentURL).href);
    if (isBuiltin(specifier) || /^(?:file:|\/)/.test(specifier)) return next(specifier, context);
    // What lies above this file may be anybody's: nothing is looked for there.
    if (!optional.has(specifier)) throw missing(specifier);
    return installed(specifier, context, next);
  },
  load(url, context, next) {
    if (!url.startsWith(inside)) return next(url, context);
    const source = getAsset(decodeURIComponent(url.slice(inside.length)), 'utf8');
    return { source, format: 'module', shortCircuit: true };
  },
});

createRequire(main)(main);

function found(url) {
  return { url, format: 'module', shortCircuit: true };
}

/** Where npm installs it globally, or where NODE_PATH says. */
function installed(name, context, next) {
  const paths = ['/usr/local/lib', '/usr/lib', ...(process.env.NODE_PATH ?? '').split(':')].filter(Boolean);
  return next(pathToFileURL(createRequire('/usr/lib/').resolve(name, { paths })).href, context);
}

function missing(name) {
  return Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
}
