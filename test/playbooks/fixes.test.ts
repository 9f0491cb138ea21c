import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { explainCode } from '../../src/manual/explain-code.ts';
import { readManual } from '../../src/manual/read-manual.ts';
import { builtInPlaybooks } from '../../src/playbook/read/chain.ts';
import { loadPlaybook } from '../../src/playbook/read/load.ts';
import type { LoadedPlaybook } from '../../src/steps/loaded-playbook.ts';

let playbooks: readonly LoadedPlaybook[];
beforeAll(async () => {
  const root = join(import.meta.dirname, '../..');
  playbooks = await Promise.all((await builtInPlaybooks()).map((name) => loadPlaybook(name, root)));
});

/** The checks and troubles of all playbooks. */
const all = () =>
  playbooks.flatMap(({ name, roles }) =>
    roles.flatMap((role) =>
      [...role.verify, ...role.troubles].map(({ id, fix }) => ({
        id,
        fix,
        of: `${name} ${role.name} ${id}`,
      })),
    ),
  );

describe('what shipped playbooks say is to be done', () => {
  it('is an instruction, and not what a command does', () => {
    const told = all().filter(({ fix }) => /(?:^|[;,.:] )`?clusterproxy (?:apply|retire)`? \w+s\b/.test(fix));
    expect(told.map(({ of, fix }) => `${of}: ${fix}`)).toEqual([]);
  });

  it('and every check, is explained by its id', async () => {
    const pages = await readManual();
    const unknown = all().filter(({ id }) => {
      try {
        return explainCode(id, pages).next === undefined;
      } catch {
        return true;
      }
    });
    expect(unknown.map(({ of }) => of)).toEqual([]);
  });
});
