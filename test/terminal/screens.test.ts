import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../cli/program.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';
import { changed } from './places.ts';
import { closeTerminals, clusterproxyOn, type Terminal, usual, wide } from './terminal.ts';

/** Writes what stands on the screens into the files instead of comparing it: look at the difference. */
const recording = process.env.CLUSTERPROXY_RECORD === '1';
const hasLess = isThere('less');
if (!hasLess) console.warn('Screens of less(1) are skipped: it is not installed.');

/** More hosts than get a line each: a proxy, a node of each kind, and ten that are equal. */
const nodes = Array.from({ length: 12 }, (_, index) => {
  const name = `bbb-${String(index + 1).padStart(2, '0')}`;
  return { name, hostname: `${name}.example.com`, sample: ['2.4', '2.6'][index] ?? '3.0' };
});
const proxy = { name: 'proxy-1', hostname: 'bbb-proxy.example.com', sample: 'proxy' };

/** The proxy and the first three nodes. */
const few = (text: string) => text.slice(0, text.indexOf('    - name: bbb-04'));

let cluster: TestCluster;
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster([proxy, ...nodes]), buildProgram()]);
  mkdirSync(cluster.path('bbb-02', '/run/stand-in'), { recursive: true });
  writeFileSync(cluster.path('bbb-02', '/run/stand-in/meetings'), '12 Maths\n');
  // Nobody listens there.
  changed(cluster, 'down.yaml', (text) => few(text).replace(/(name: bbb-03\n[\s\S]*?port: )\d+/, '$19'));
  changed(cluster, 'few.yaml', few);
  changed(cluster, 'wrong.yaml', (text) => text.replace('hostname: bbb-02', 'hostnam: bbb-02'));
});
afterEach(closeTerminals);
afterAll(() => cluster?.close());

describe.each([
  ['80x24', usual],
  ['200x50', wide],
] as const)('a screen of %s', (name, size) => {
  const on = (argv: readonly string[], variables = {}) =>
    clusterproxyOn(argv, { cwd: cluster.folder, size, variables });

  /** What stands there is what stood there when somebody last looked at it. */
  function expectScreen(of: string, lines: readonly string[]): void {
    const file = join(import.meta.dirname, 'screens', `${of}-${name}.txt`);
    const text = `${lines.join('\n')}\n`;
    if (recording) writeFileSync(file, text);
    else expect(text).toBe(readFileSync(file, 'utf8'));
    for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(size.columns);
  }

  async function whenEnded(terminal: Terminal, status: number): Promise<readonly string[]> {
    const ended = await terminal.ended();
    const lines = await terminal.everything();
    expect(ended, lines.join('\n')).toBe(status);
    return lines;
  }

  it('of plan --summary has a line for hosts of which the same is said', async () => {
    expectScreen('plan-summary', await whenEnded(on(['plan', '--summary', '-i', 'demo.yaml']), 0));
  });

  it.skipIf(!hasLess)('of plan in a pager begins with the table, and ends with the sum', async () => {
    const terminal = on(['plan', '-i', 'demo.yaml'], { PAGER: 'less', LESS: 'FRX' });
    await terminal.shows(/^:$/m);
    expectScreen('plan-begins', await terminal.screen());
    terminal.type('G');
    await terminal.shows(/^\(END\)$/m);
    expectScreen('plan-ends', await terminal.screen());
    terminal.type('q');
    expect(await terminal.ended()).toBe(0);
  });

  it('of the question of apply has what the plan comes to right above it', async () => {
    const terminal = on(['apply', '-i', 'demo.yaml']);
    await terminal.shows('[y/N]');
    expectScreen('apply-asks', await terminal.screen());
    terminal.type('n\r');
    await whenEnded(terminal, 1);
  });

  it('of a mistake in the inventory points at it', async () => {
    expectScreen('inventory-mistake', await whenEnded(on(['plan', '-i', 'wrong.yaml']), 1));
  });

  it('of a host that is down says so, and what to do', async () => {
    expectScreen('host-down', await whenEnded(on(['plan', '--summary', '-i', 'down.yaml']), 3));
  });
});

it('the question says nothing twice where the whole plan stands above it', async () => {
  const size = { columns: 120, rows: 500 };
  const terminal = clusterproxyOn(['apply', '-i', 'few.yaml', '--limit', 'proxy-1'], {
    ...{ cwd: cluster.folder, size },
  });
  await terminal.shows('[y/N]');
  const lines = (await terminal.screen()).slice(-3);
  expect(lines).toEqual([
    expect.stringMatching(/^4 hosts: 1 would change, 3 left out by --limit; /),
    '',
    'Apply these changes to 1 host? [y/N]',
  ]);
  terminal.type('n\r');
  expect(await terminal.ended()).toBe(1);
});

function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
