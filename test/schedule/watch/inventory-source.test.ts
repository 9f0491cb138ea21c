import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { OperatorErrors, type Problem } from '../../../src/model/operator-error.ts';
import { InventorySource } from '../../../src/schedule/watch/inventory-source.ts';

let folder: string;
let file: string;
let next: { readonly name: string } | readonly Problem[];
let source: InventorySource;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-test-'));
  file = join(folder, 'prod.yaml');
  writeFileSync(file, 'one\n');
  next = { name: 'one' };
  source = new InventorySource({
    file,
    beside: [join(folder, 'prod.accepted.yaml')],
    load: async () => {
      if (Array.isArray(next)) throw new OperatorErrors(next);
      return next as unknown as Inventory;
    },
    nowWords: () => 'noon',
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

const wrong: readonly Problem[] = [
  {
    code: 'yaml-syntax',
    message: 'a bracket is open',
    location: { file: 'p.yaml', line: 4, column: 1, text: '[' },
  },
  ...Array.from({ length: 7 }, (_, index) => ({ code: 'unknown-key', message: `mistake ${index}` })),
];

test('one that can not be used is refused, and the last that could be is used', async () => {
  expect(await source.read()).toEqual({ inventory: { name: 'one' }, isNew: false, problems: [] });
  expect(await source.hasChanged()).toBe(false);
  writeFileSync(file, 'another one\n');
  expect(await source.hasChanged()).toBe(true);
  next = wrong;
  const refused = await source.read();
  expect(refused).toMatchObject({ inventory: { name: 'one' }, isNew: false });
  expect(refused.problems).toEqual([
    {
      code: 'inventory-refused',
      message: `${file} can't be used as it is now; what was read at noon is used instead`,
      next: `fix it: clusterproxy validate --inventory ${file}`,
      notes: [
        'p.yaml:4:1: a bracket is open (yaml-syntax)',
        ...[0, 1, 2, 3].map((index) => `mistake ${index} (unknown-key)`),
        'and 3 more',
      ],
    },
  ]);
  // Told, and not asked for again until it is another one.
  expect(await source.hasChanged()).toBe(false);
  next = { name: 'two' };
  writeFileSync(join(folder, 'fresh'), 'two\n');
  renameSync(join(folder, 'fresh'), file);
  expect(await source.hasChanged()).toBe(true);
  expect(await source.read()).toEqual({ inventory: { name: 'two' }, isNew: true, problems: [] });
  expect((await source.read()).isNew).toBe(false);
});

test('a file that is gone, as in the midst of a checkout, and one that appears beside it are seen', async () => {
  await source.read();
  rmSync(file);
  expect(await source.hasChanged()).toBe(true);
  next = [{ code: 'inventory-unreadable', message: 'it does not exist' }];
  expect((await source.read()).inventory).toEqual({ name: 'one' });
  writeFileSync(join(folder, 'prod.accepted.yaml'), '');
  expect(await source.hasChanged()).toBe(true);
});

test('without any that could be used there is nothing to go on with', async () => {
  next = wrong;
  await expect(source.read()).rejects.toBeInstanceOf(OperatorErrors);
});
