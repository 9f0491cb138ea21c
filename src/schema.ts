import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.ts';
import { jsonSchemas } from './playbook/read/json-schema.ts';
import { reportJsonSchema } from './report/document/schema.ts';
import { eventsJsonSchema } from './report/events/schema.ts';

/** Writes the published JSON Schemas: `npm run schema`. */
const schemas: Readonly<Record<string, object>> = {
  ...jsonSchemas(),
  'report.schema.json': reportJsonSchema(),
  'events.schema.json': eventsJsonSchema(),
};

const directory = join(packageRoot(), 'schema');
mkdirSync(directory, { recursive: true });
for (const [file, schema] of Object.entries(schemas)) {
  writeFileSync(join(directory, file), `${JSON.stringify(schema, null, 2)}\n`);
}
