import { afterEach, beforeAll, expect, it } from 'vitest';
import { buildProgram } from '../cli/program.ts';
import { closeTerminals, clusterproxyOn, usual, wide } from './terminal.ts';

beforeAll(buildProgram);
afterEach(closeTerminals);

it.each([usual, wide])('docs is wrapped and goes through the pager on a terminal of %o', async (size) => {
  const terminal = clusterproxyOn(['docs', 'drift'], { size, variables: { PAGER: "sed 's/^/paged: /'" } });
  expect(await terminal.ended()).toBe(0);
  const lines = await terminal.everything();
  expect(lines[0]).toMatch(/^paged: \w/);
  expect(lines.every((line) => line.startsWith('paged:') || size === usual)).toBe(true);
});

it.each([
  [['docs', 'drift', '--no-pager'], { PAGER: 'sed s/^/paged:/' }],
  [['docs', 'drift'], { PAGER: 'cat' }],
  [['docs', 'drift'], { PAGER: 'no-such-pager 2> /dev/null' }],
] as const)('%j with %o is printed', async (argv, variables) => {
  const terminal = clusterproxyOn(argv, { size: wide, variables });
  expect(await terminal.ended()).toBe(0);
  const lines = await terminal.everything();
  expect(lines.join('\n')).not.toContain('paged:');
  expect(lines.join('\n')).toContain('For operators');
  expect(lines.filter((line) => line.length > 100 && !line.startsWith('    '))).toEqual([]);
});

it('Ctrl-C is for the pager, and leaves the terminal to the shell', async () => {
  const PAGER = 'trap "" INT; echo waiting; cat > /dev/null; read -r line < /dev/tty; echo "got $line"';
  const terminal = clusterproxyOn(['docs', 'drift'], { variables: { PAGER } });
  await terminal.shows('waiting');
  terminal.type('\x03');
  terminal.type('on\r');
  await terminal.shows('got on');
  expect(await terminal.ended()).toBe(0);
});
