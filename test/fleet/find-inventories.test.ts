import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('whatever its name', () => {
  const odd = ['[prod].yaml', 'old (1).yaml', 'school+annex@1.yaml', '{a,b}.yaml'];
  beforeAll(() => {
    mkdirSync(join(folder, 'odd'));
    for (const file of odd) writeFileSync(join(folder, 'odd', file), '');
  });
  afterAll(() => rmSync(join(folder, 'odd'), { recursive: true }));

  it('a file that is there is taken as it is: a shell puts in what a pattern without quotes matches', async () => {
    const named = odd.map((file) => `odd/${file}`);
    expect(await found(...named)).toEqual(named);
    expect(await found('odd/*.yaml')).toEqual(named.toSorted());
  });

  it('a folder that is there is no pattern', async () => {
    mkdirSync(join(folder, 'odd/of [us] (all)'));
    writeFileSync(join(folder, 'odd/of [us] (all)/prod.yml'), '');
    expect(await found('odd/of [us] (all)/*.yml')).toEqual(['odd/of [us] (all)/prod.yml']);
  });
});

it('passes over accepted differences also where a shell has put them in', async () => {
  expect(await found('a.accepted.yaml', 'a.yaml', 'b.yaml')).toEqual(['a.yaml', 'b.yaml']);
  expect(await found('a.accepted.yaml')).toEqual(['a.accepted.yaml']);
});

it('takes a link that leads nowhere: it is a cluster that nobody looks at', async () => {
  symlinkSync('unmounted/prod.yaml', join(folder, 'lost.yaml'));
  expect(await found('*.yaml')).toEqual(['a.yaml', 'b.yaml', 'lost.yaml']);
  rmSync(join(folder, 'lost.yaml'));
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
