import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { inventorySchema } from '../../src/inventory/schema.ts';
import { packageRoot } from '../../src/package-root.ts';
import { loadInventory } from '../../src/playbook/resolve/load-inventory.ts';

const file = join(packageRoot(), 'inventory.example.yaml');
let inventory: Inventory;

beforeAll(async () => {
  inventory = await loadInventory(file);
});

describe('inventory.example.yaml', () => {
  it('is correct', () => {
    expect(inventory.hosts.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'proxy-1 active',
      'bbb-01 active',
      'bbb-02 active',
      'bbb-03 retired',
    ]);
  });

  it('has every variable of its playbook, with its default', async () => {
    const given = z
      .object({ vars: z.record(z.string(), z.unknown()) })
      .parse(parse(await readFile(file, 'utf8')));
    // No inventory can hold the empty text for a secret, only leave it out.
    const defaults = Object.entries(inventory.playbook.variables).map(([name, variable]) => [
      name,
      variable.type === 'secret' ? { env: expect.any(String) } : variable.default,
    ]);
    expect(given.vars).toEqual(Object.fromEntries(defaults));
  });

  it('has every key that an inventory can have', async () => {
    const used = keysOf(parse(await readFile(file, 'utf8')));
    const known = propertiesOf(z.toJSONSchema(inventorySchema, { io: 'input', unrepresentable: 'any' }));
    expect([...known].filter((key) => !used.has(key))).toEqual([]);
  });
});

/** Names of all keys of all maps. */
function keysOf(data: unknown): ReadonlySet<string> {
  if (typeof data !== 'object' || data === null) return new Set();
  const own = Array.isArray(data) ? [] : Object.keys(data);
  return new Set([...own, ...Object.values(data).flatMap((value) => [...keysOf(value)])]);
}

/** Names of all keys that a JSON Schema knows. */
function propertiesOf(schema: unknown): ReadonlySet<string> {
  if (typeof schema !== 'object' || schema === null) return new Set();
  const { properties } = schema as { properties?: object };
  const inner = Object.values(schema).flatMap((value) => [...propertiesOf(value)]);
  return new Set([...Object.keys(properties ?? {}), ...inner]);
}
