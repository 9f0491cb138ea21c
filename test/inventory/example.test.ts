import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { inventorySchema } from '../../src/inventory/schema.ts';
import { packageRoot } from '../../src/package-root.ts';
import { loadInventory, readText } from '../../src/playbook/resolve/load-inventory.ts';
import { blocksUncommented, uncommented } from '../support/commented-out.ts';

const file = join(packageRoot(), 'inventory.example.yaml');
const text = readFileSync(file, 'utf8');
const whole = uncommented(text);
let inventory: Inventory;

beforeAll(async () => {
  inventory = await loadInventory(file);
});

describe('inventory.example.yaml', () => {
  it('is correct, and has nothing that must be taken out of a copy', () => {
    expect(inventory.hosts.map(({ name, state }) => `${name} ${state}`)).toEqual([
      ...['proxy-1 active', 'bbb-01 active', 'bbb-02 active'],
    ]);
    expect(parse(text)).toEqual({
      playbook: 'bigbluebutton',
      cluster: { name: 'prod', hostname: 'bbb-proxy.example.com' },
      ssh: { user: 'ops', become: 'sudo' },
      hosts: {
        proxy: [{ name: 'proxy-1', address: '192.0.2.5' }],
        node: [
          { name: 'bbb-01', hostname: 'bbb-01.example.com' },
          { name: 'bbb-02', hostname: 'bbb-02.example.com' },
        ],
      },
    });
  });

  it('is correct with all that is commented out, and with each block of it alone', async () => {
    // Calendars and programs that it names are read, and lie beside it.
    const folder = await mkdtemp(join(tmpdir(), 'clusterproxy-example-'));
    try {
      await writeFile(
        join(folder, 'holidays.example.ics'),
        readFileSync(join(packageRoot(), 'holidays.example.ics')),
      );
      const read = (one: string) => readText({ file: join(folder, 'inventory.yaml'), text: one });
      const complete = await read(whole);
      expect(complete.hosts.find(({ name }) => name === 'bbb-02')).toMatchObject({
        state: 'off',
        recipe: '3.0',
      });
      const blocks = blocksUncommented(text);
      expect(blocks.length).toBeGreaterThan(20);
      for (const block of blocks) {
        await expect(read(block.text), `line ${block.line}`).resolves.toBeDefined();
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('has every variable of its playbook, with its default', () => {
    const given = z.object({ vars: z.record(z.string(), z.unknown()) }).parse(parse(whole));
    // No inventory can hold the empty text for a secret, only leave it out.
    const defaults = Object.entries(inventory.playbook.variables).map(([name, variable]) => [
      name,
      variable.type === 'secret' ? { env: expect.any(String) } : variable.default,
    ]);
    expect(given.vars).toEqual(Object.fromEntries(defaults));
  });

  it('has every key that an inventory can have', () => {
    const used = keysOf(parse(whole));
    const known = propertiesOf(z.toJSONSchema(inventorySchema, { io: 'input', unrepresentable: 'any' }));
    // A key that excludes another one of the example stands in a comment of its block: `#  # KEY: value`.
    const isTold = (key: string) => new RegExp(`^ *# +# ${key}: \\S`, 'm').test(text);
    expect([...known].filter((key) => !used.has(key) && !isTold(key))).toEqual([]);
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
