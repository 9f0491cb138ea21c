import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedSchemas } from './cli/published-schemas.ts';
import { packageRoot } from './package-root.ts';

/** Writes the published JSON Schemas: `npm run schema`. */
const directory = join(packageRoot(), 'schema');
mkdirSync(directory, { recursive: true });
for (const [file, schema] of Object.entries(publishedSchemas())) {
  writeFileSync(join(directory, file), `${JSON.stringify(schema, null, 2)}\n`);
}
