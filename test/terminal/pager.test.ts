import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, main } from '../cli/program.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';
import { closeTerminals, clusterproxyOn, isThere, openTerminal, wide } from './terminal.ts';

const hasLess = isThere('less');
if (!hasLess) console.warn('Tests with less(1) are skipped: it is not installed.');

let cluster: TestCluster;
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(), buildProgram()]);
}, 120_000);
afterEach(closeTerminals);
afterAll(async () => {
  await cluster?.close();
});

const on = (argv: readonly string[], variables: Readonly<Record<string, string | undefined>>) =>
  clusterproxyOn([...argv, '-i', 'demo.yaml'], { cwd: cluster.folder, variables });

describe('results that are longer than the screen', () => {
  it.skipIf(!hasLess)('are paged by less, in colours; Ctrl-C leaves it open, q ends it', async () => {
    const terminal = on(['plan', '--detailed-exitcode'], { PAGER: undefined });
    await terminal.shows('host     state         changes');
    await terminal.shows(/^:$/m);
    expect((await terminal.everything()).join('\n')).not.toContain('4 hosts: 4 would change');
    expect(terminal.written).toContain('\x1b[1m');
    terminal.type('\x03');
    // The terminal forgets keys that are pressed before the interrupt has arrived (termios(3), NOFLSH).
    const pressing = setInterval(() => terminal.type('G'), 200);
    await terminal.shows('4 hosts: 4 would change').finally(() => clearInterval(pressing));
    terminal.type('q');
    expect(await terminal.ended()).toBe(2);
  });

  it('go whole into what PAGER names, with what is told after them behind it', async () => {
    const seen = join(cluster.folder, 'paged.txt');
    const saved = join(cluster.folder, 'paged-plan.json');
    const page = join(cluster.folder, 'paged.html');
    const variables = { PAGER: `cat > ${seen}; echo paged`, TERM_PROGRAM: 'ghostty' };
    const terminal = on(['plan', '--out', saved, '--html', page], variables);
    expect(await terminal.ended()).toBe(0);
    const screen = (await terminal.everything()).join('\n');
    expect(screen).toMatch(/^paged\nplan saved;/m);
    for (const file of [saved, page]) expect(terminal.written).toContain(`${file}\x1b\\${file}\x1b]8;;`);
    expect(screen).not.toContain('bbb-01: node');
    expect(readFileSync(seen, 'utf8')).toMatch(
      /would change[\s\S]*bbb-01[^\n]*: [\s\S]*4 hosts: 4 would change/,
    );
  });

  it.each([
    ['--no-pager', ['--no-pager'], { PAGER: 'touch paged-anyway' }],
    ['an empty CLUSTERPROXY_PAGER', [], { PAGER: 'touch paged-anyway', CLUSTERPROXY_PAGER: '' }],
    ['a pager that is not there', [], { PAGER: 'pager-that-is-missing' }],
    ['--json', ['--json'], { PAGER: 'touch paged-anyway' }],
  ] as const)('are printed with %s', async (_name, argv, variables) => {
    const terminal = on(['plan', ...argv], variables);
    expect(await terminal.ended()).toBe(0);
    const text = (await terminal.everything()).join('\n');
    expect(text).toContain(argv[0] === '--json' ? '"would-change"' : '4 hosts: 4 would change');
    expect(readNames()).not.toContain('paged-anyway');
  });

  it('are left by a reader who has seen enough, and the exit status is the same', async () => {
    const terminal = on(['plan', '--detailed-exitcode'], { PAGER: 'head -n 1' });
    expect(await terminal.ended()).toBe(2);
    expect((await terminal.everything()).join('\n')).not.toContain('4 hosts: 4');
  });
});

it('results that fit the screen are not paged', async () => {
  const terminal = clusterproxyOn(['check', '--summary', '-i', 'demo.yaml'], {
    ...{ cwd: cluster.folder, size: wide, variables: { PAGER: 'touch paged-anyway' } },
  });
  expect(await terminal.ended()).toBe(2);
  expect(readNames()).not.toContain('paged-anyway');
});

it.each([
  ['--color=always', {}, true],
  ['--color=always', { NO_COLOR: '1' }, true],
  ['--color=auto', { FORCE_COLOR: '1' }, true],
  ['--color=auto', {}, false],
  ['--no-color', { FORCE_COLOR: '1' }, false],
  ['--color=never', { FORCE_COLOR: '1' }, false],
  ['--color=auto', { FORCE_COLOR: '0' }, false],
] as const)('a plan in a pipe with %s and %j has colours: %s', async (option, variables, colored) => {
  const line = `"$0" "$1" plan -i demo.yaml ${option} | cat > colours.txt`;
  const terminal = openTerminal('/bin/sh', ['-c', line, process.execPath, main], {
    ...{ cwd: cluster.folder, variables },
  });
  expect(await terminal.ended()).toBe(0);
  expect(/\x1b\[1m/.test(readFileSync(join(cluster.folder, 'colours.txt'), 'utf8'))).toBe(colored);
});

function readNames(): string {
  return execFileSync('ls', [cluster.folder], { encoding: 'utf8' });
}
