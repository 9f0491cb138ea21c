import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findInventories } from '../../src/cli/fleet/find-inventories.ts';
import { problemsOf } from '../../src/model/operator-error.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-find-'));
  mkdirSync(join(folder, 'below/deep'), { recursive: true });
  for (const file of ['b.yaml', 'a.yaml', 'a.accepted.yaml', '.hidden.yaml', 'a.txt', 'below/deep/c.yaml'])
    writeFileSync(join(folder, file), '');
  symlinkSync('a.yaml', join(folder, 'z.yaml'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const found = async (...patterns: readonly string[]) =>
  (await findInventories(patterns.map((one) => join(folder, one)))).map((file) =>
    file.slice(folder.length + 1),
  );

it('takes the files of a pattern by their paths, without what is no inventory', async () => {
  expect(await found('*.yaml')).toEqual(['a.yaml', 'b.yaml']);
  expect(await found('**/*.yaml')).toEqual(['a.yaml', 'b.yaml', 'below/deep/c.yaml']);
});

it('keeps the order of the patterns, and takes each file once', async () => {
  expect(await found('b.yaml', '*.yaml', 'z.yaml')).toEqual(['b.yaml', 'a.yaml']);
});

it('takes a file that is named as it is, so that its own command says that it is missing', async () => {
  expect(await found('gone.yaml')).toEqual(['gone.yaml']);
});

it('refuses patterns that match nothing, all at once', async () => {
  const error = await found('x*.yaml', '*.yaml', 'y*.yaml').catch((thrown: unknown) => thrown);
  expect(problemsOf(error).map(({ code, message }) => [code, /[xy]\*/.exec(message)?.[0]])).toEqual([
    ['fleet-no-inventory', 'x*'],
    ['fleet-no-inventory', 'y*'],
  ]);
});
