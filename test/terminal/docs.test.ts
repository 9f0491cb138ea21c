import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../cli/program.ts';
import { closeTerminals, clusterproxyOn, isThere, usual, wide } from './terminal.ts';

beforeAll(buildProgram);
afterEach(closeTerminals);

it.each([usual, wide])('docs is wrapped and goes through the pager on a terminal of %o', async (size) => {
  const terminal = clusterproxyOn(['docs', 'drift'], { size, variables: { PAGER: "sed 's/^/paged: /'" } });
  expect(await terminal.ended()).toBe(0);
  const lines = await terminal.everything();
  expect(lines[0]).toMatch(/^paged: \w/);
  expect(lines.every((line) => line.startsWith('paged:') || size === usual)).toBe(true);
});

it('the list of pages goes through the pager', async () => {
  const terminal = clusterproxyOn(['docs'], { variables: { PAGER: "sed 's/^/paged: /'" } });
  expect(await terminal.ended()).toBe(0);
  expect((await terminal.everything())[0]).toMatch(/^paged: \w/);
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

describe.skipIf(!isThere('less'))('with less', () => {
  it('a page opens at a heading, and has what stands above it', async () => {
    const terminal = clusterproxyOn(['docs', 'stuck#end-a-run'], { variables: { PAGER: undefined } });
    await terminal.shows(/^End a run$/m);
    expect((await terminal.screen())[0]).toBe('End a run');
    terminal.type('g');
    await terminal.shows(/^When something is stuck$/m);
    terminal.type('q');
    expect(await terminal.ended()).toBe(0);
  });

  it('a line of code that is wider than the screen is cut, and not broken', async () => {
    const long = /^ *# calls.sh MAXIMUM: whether calls are relayed/;
    const terminal = clusterproxyOn(['docs', 'your-own-playbook#a-guard-of-your-own'], {
      size: usual,
      variables: { PAGER: undefined },
    });
    await terminal.shows(/^A guard of your own$/m);
    const lines = await terminal.screen();
    const at = lines.findIndex((line) => long.test(line));
    expect(lines[at + 1]).toMatch(/^ *sockets=/);
    terminal.type('q');
    expect(await terminal.ended()).toBe(0);
  });
});

it.each([
  ['--no-pager', ['--no-pager'], {}],
  ['another pager', [], { PAGER: 'sed s/^/paged:/' }],
] as const)('with %s, what stands below a heading is shown alone', async (_name, argv, variables) => {
  const terminal = clusterproxyOn(['docs', 'errors-command#command-line', ...argv], { variables });
  expect(await terminal.ended()).toBe(0);
  expect((await terminal.everything())[0]).toMatch(/^(?:paged:)?Command line$/);
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
