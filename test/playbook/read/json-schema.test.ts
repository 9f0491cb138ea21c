import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/package-root.ts';
import { jsonSchemas } from '../../../src/playbook/read/json-schema.ts';

describe('the published JSON Schemas', () => {
  it.each(Object.entries(jsonSchemas()))('%s is up to date (npm run schema)', async (name, schema) => {
    const published = await readFile(join(packageRoot(), 'schema', name), 'utf8');
    expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(schema)));
  });
});
