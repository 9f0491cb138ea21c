// What a single file runs first, on its main thread as well as on others: takes the modules of the bundle from
// the file itself. They are below the file's own path, where nothing else can be.
const { createRequire, registerHooks } = require('node:module');
const { join } = require('node:path');
const { getAsset } = require('node:sea');
const { pathToFileURL } = require('node:url');

const main = join(process.execPath, 'dist/main.js');
const inside = pathToFileURL(`${process.execPath}/`).href;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === main) return found(pathToFileURL(main).href);
    if (!context.parentURL?.startsWith(inside)) return next(specifier, context);
    if (specifier.startsWith('./')) return found(new URL(specifier, context.parentURL).href);
    return specifier === 'playwright-core'
      ? installedBeside(specifier, context, next)
      : next(specifier, context);
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

/** Where npm installs it globally; also where NODE_PATH says. */
function installedBeside(name, context, next) {
  try {
    return next(name, context);
  } catch {
    const paths = ['/usr/local/lib', '/usr/lib', ...(process.env.NODE_PATH ?? '').split(':')].filter(Boolean);
    return next(
      pathToFileURL(require('node:module').createRequire(main).resolve(name, { paths })).href,
      context,
    );
  }
}
