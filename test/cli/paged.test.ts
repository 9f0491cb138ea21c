import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describedProgram } from '../../src/cli/program.ts';

it('the commands that page their results are those of which the manual says so', () => {
  const manual = readFileSync(join(import.meta.dirname, '../../docs/commands.md'), 'utf8');
  const [row = ''] = /^\| `--no-pager` \| of .*?:/m.exec(manual) ?? [];
  const told = [...row.matchAll(/`(\w+)`/g)].flatMap(([, name = '']) => name);
  const paged = describedProgram().commands.filter(({ options }) =>
    options.some(({ long }) => long === '--no-pager'),
  );
  expect(told).toContain('verify');
  expect(paged.map((command) => command.name()).sort()).toEqual(told.sort());
});
