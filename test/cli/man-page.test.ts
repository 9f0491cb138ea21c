import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { manPage } from '../../src/cli/man/man-page.ts';
import { literal, prose } from '../../src/cli/man/roff.ts';
import { commandTree, describedProgram } from '../../src/cli/program.ts';
import { buildProgram, main } from './program.ts';

beforeAll(buildProgram);
const file = join(dirname(main), 'man/clusterproxy.1');
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

it('has every command with its options, in the words of the help, and the same in every build', async () => {
  const page = await readFile(file, 'utf8');
  const program = describedProgram();
  for (const { name, command } of commandTree(program)) {
    if (command.commands.length > 0) continue;
    expect(page).toContain(literal(`clusterproxy ${name}`));
    for (const line of prose(command.description())) expect(page).toContain(line);
    for (const { long, hidden } of command.options)
      if (!hidden) expect([name, page.includes(literal(long ?? ''))]).toEqual([name, true]);
  }
  const [, date = '', version = ''] = /^\.TH CLUSTERPROXY 1 (\S+) "clusterproxy (\S+)"/.exec(page) ?? [];
  expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  expect(manPage(program, { version, date })).toBe(page);
});

it('escapes what roff would obey', () => {
  expect(literal(".SH 'x' \\n -- `a` ^~ é")).toBe(
    '\\&.SH \\(aqx\\(aq \\en \\-\\- \\(gaa\\(ga \\(ha\\(ti \\[u00E9]',
  );
});

it.skipIf(!has('mandoc'))('is clean for mandoc -Tlint', () => {
  const { status, stdout, stderr } = spawnSync('mandoc', ['-Tlint', file], { encoding: 'utf8' });
  expect([status, stdout, stderr]).toEqual([0, '', '']);
});

it.skipIf(!has('man'))('is clean for man --warnings, and shows options as they are typed', () => {
  const env = { ...process.env, MANWIDTH: '80', MAN_KEEP_FORMATTING: '', LC_ALL: 'C.UTF-8' };
  const options = { encoding: 'utf8', env } as const;
  const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', file], options);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('--when-busy <policy>');
});
