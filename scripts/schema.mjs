// Writes the JSON Schemas that editors use into schema/, generated from the schemas that the program itself checks by.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const directory = await mkdtemp(join(root, 'node_modules', '.schema-'));
try {
  const bundle = join(directory, 'json-schema.mjs');
  await build({
    entryPoints: [join(root, 'src/playbook/json-schema.ts')],
    outfile: bundle,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  const { jsonSchemas } = await import(pathToFileURL(bundle).href);
  for (const [name, schema] of Object.entries(jsonSchemas())) {
    await writeFile(join(root, 'schema', name), `${JSON.stringify(schema, null, 2)}\n`);
  }
} finally {
  await rm(directory, { recursive: true });
}
