import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { hostTroubles } from '../../src/doctor/troubles.ts';
import { explainCode } from '../../src/manual/explain-code.ts';
import { readManual } from '../../src/manual/read-manual.ts';
import { builtInPlaybooks } from '../../src/playbook/read/chain.ts';
import { loadPlaybook } from '../../src/playbook/read/load.ts';

const names = await builtInPlaybooks();
const playbooks = await Promise.all(names.map((name) => loadPlaybook(name, '.')));
const ids = new Set([
  ...hostTroubles.map(({ id }) => id),
  ...playbooks.flatMap(({ roles }) => roles.flatMap(({ troubles }) => troubles.map(({ id }) => id))),
]);

it('docs/doctor.md lists every trouble, and none that nothing looks for', async () => {
  const page = await readFile(new URL('../../docs/doctor.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| `/.test(line));
  const listed = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, id = '']) => id),
  );
  expect(listed.length).toBeGreaterThan(30);
  expect([...listed].sort()).toEqual([...ids].sort());
});

it('explain knows every trouble, and what to do about it', async () => {
  const pages = await readManual();
  for (const id of ids) {
    const { page, what, next } = explainCode(id, pages);
    expect([id, page]).toEqual([id, 'doctor.md']);
    expect([what, next]).toEqual([expect.stringMatching(/\S/), expect.stringMatching(/\S/)]);
  }
});

it('no product has a trouble of the name of one that any host can have', () => {
  const general = hostTroubles.map(({ id }) => id);
  const own = playbooks.flatMap(({ roles }) => roles.flatMap(({ troubles }) => troubles.map(({ id }) => id)));
  expect(own.filter((id) => general.includes(id))).toEqual([]);
});
