import { mkdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { nearestName } from '../document/nearest-name.ts';
import { reasonOf } from '../document/reason.ts';
import { replaceFile } from '../document/replace-file.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { SchemaTold } from '../model/schema-told.ts';
import { inventorySchemaFor } from '../playbook/read/inventory-json-schema.ts';
import type { JsonSchema } from '../playbook/read/json-schema.ts';
import { loadPlaybook } from '../playbook/read/load.ts';
import { publishedSchemas } from './published-schemas.ts';

const describes: Readonly<Record<string, string>> = {
  inventory: 'inventories of any playbook',
  playbook: 'playbooks',
  report: 'what --json prints',
  fleet: 'what fleet --json prints',
  events: 'what --events prints, one line each',
};

export interface NamedSchema {
  /** as it is asked for; of a playbook's inventories: `inventory` */
  readonly name: string;
  readonly describes: string;
  readonly file: string;
  readonly schema: JsonSchema;
}

/** All schemas; that of inventories is for one playbook, if one is named: relative to the working folder. */
export async function schemasOf(reference: string | undefined): Promise<readonly NamedSchema[]> {
  const all = Object.entries(publishedSchemas()).map(([file, schema]) => {
    const name = file.replace('.schema.json', '');
    return { name, describes: describes[name] ?? '', file, schema };
  });
  if (reference === undefined) return all;
  const playbook = await loadPlaybook(reference, process.cwd());
  const isShipped = !/\/|\.ya?ml$/.test(reference);
  return all.map((one) =>
    one.name === 'inventory'
      ? {
          name: one.name,
          describes: `inventories of the playbook ${playbook.name}`,
          file: `inventory-${playbook.name.replace(/[^\w.-]/g, '-')}.schema.json`,
          schema: inventorySchemaFor(one.schema, playbook, isShipped ? reference : undefined),
        }
      : one,
  );
}

/** Throws OperatorError `schema-unknown`, or `usage` where a playbook has no say in it. */
export function schemaNamed(
  name: string,
  all: readonly NamedSchema[],
  playbook: string | undefined,
): NamedSchema {
  const found = all.find((one) => one.name === name);
  if (found === undefined) {
    const names = all.map((one) => one.name);
    const near = nearestName(name, names);
    throw new OperatorError({
      code: 'schema-unknown',
      message: `there is no schema ${name}`,
      next: near === undefined ? `choose one of ${names.join(', ')}` : `did you mean ${near}?`,
    });
  }
  if (playbook !== undefined && name !== 'inventory')
    throw new OperatorError({
      code: 'usage',
      message: `--playbook goes with the schema of inventories, not with that of ${name}`,
      next: 'leave --playbook out, or name inventory',
    });
  return found;
}

/** Writes each as a whole. Throws OperatorError `schema-not-written`; what others have written is kept. */
export async function writeSchemas(
  schemas: readonly NamedSchema[],
  folder: string,
): Promise<readonly SchemaTold[]> {
  const written: SchemaTold[] = [];
  for (const { name, describes, file, schema } of schemas) {
    const path = join(folder, file);
    try {
      await mkdir(folder, { recursive: true });
      const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (before !== undefined && !isOurs(before))
        throw new Error('a file of that name is there, and is no schema of clusterproxy');
      await replaceFile(path, `${JSON.stringify(schema, undefined, 2)}\n`, { mode: 0o644 });
    } catch (error) {
      throw new OperatorError({
        code: 'schema-not-written',
        message: `the schema ${path} can't be written: ${reasonOf(error)}`,
        next: 'name another folder with --out',
      });
    }
    const isYaml = name === 'inventory' || name === 'playbook';
    const from = relative(process.cwd(), resolve(path));
    const named = from.startsWith('..') ? resolve(path) : `./${from}`;
    const line = isYaml ? `# yaml-language-server: $schema=${named}` : undefined;
    written.push({ name, describes, file: path, line });
  }
  return written;
}

function isOurs(text: string): boolean {
  try {
    return /clusterproxy/.test(String((JSON.parse(text) as { title?: unknown }).title));
  } catch {
    return false;
  }
}
