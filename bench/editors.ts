/** What the benchmark of the editors measures, for load-typescript.mjs. */
export { FormatError } from '../src/formats/format-error.ts';
export { json } from '../src/formats/json.ts';
export { managedBlocks, removeManagedBlock, setManagedBlock } from '../src/formats/managed-blocks.ts';
export { editLocationPaths, findServers, locations, scanNginx } from '../src/formats/nginx.ts';
export { properties } from '../src/formats/properties.ts';
export { services } from '../src/formats/services.ts';
export { shellEnv } from '../src/formats/shell-env.ts';
export { unit } from '../src/formats/unit.ts';
export { yaml } from '../src/formats/yaml.ts';
