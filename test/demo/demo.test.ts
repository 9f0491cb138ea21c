import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { processesBelow } from '../../src/demo/processes.ts';
import { buildProgram, main } from '../cli/program.ts';

/** The whole story on a busy machine. */
const timeout = 240_000;

beforeAll(buildProgram, timeout);

let temporary: string;
let child: ChildProcess | undefined;
let output: string;
beforeEach(async () => {
  // With a blank, as some machines' temporary folders have one.
  temporary = join(await mkdtemp(join(tmpdir(), 'clusterproxy-test-')), 'temporary files');
  await mkdir(temporary);
  child = undefined;
  output = '';
});
afterEach(async () => {
  // After a test that failed: the demo removes its folder itself before it ends.
  if (child?.kill('SIGTERM')) await once(child, 'close');
  await rm(join(temporary, '..'), { recursive: true, force: true, maxRetries: 5 });
});

/** Starts the demo without a terminal, a home, or a place of its own to write but its temporary folder. */
function demo(...argv: readonly string[]): ChildProcess {
  child = spawn(process.execPath, [main, 'demo', ...argv], {
    cwd: '/',
    env: { PATH: process.env.PATH, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return child;
}

async function ended(running: ChildProcess): Promise<number | null> {
  const [status] = (await once(running, 'close')) as [number | null];
  child = undefined;
  return status;
}

async function printed(running: ChildProcess, text: string): Promise<void> {
  while (!output.includes(text)) {
    if (running.exitCode !== null) throw new Error(`it ended before "${text}":\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function expectNothingLeft(): Promise<void> {
  expect(await readdir(temporary)).toEqual([]);
  expect(processesBelow(temporary)).toEqual([]);
}

// The whole story is told on a terminal: see test/terminal/demo.test.ts.
describe('the demo', () => {
  it.each([
    ['SIGINT', 'reload-nginx'],
    ['SIGTERM', 'looking at 4 hosts'],
    ['SIGHUP', 'bbb-01: the new files are in place'],
  ] as const)('%s in the middle of it takes everything away', { timeout }, async (signal, moment) => {
    const running = demo();
    await printed(running, moment);
    running.kill(signal);
    expect(await ended(running)).toBe(130);
    await expectNothingLeft();
  });

  it('a second signal ends it at once, and still takes everything away', { timeout }, async () => {
    const running = demo();
    await printed(running, 'reload-nginx');
    running.kill('SIGINT');
    running.kill('SIGTERM');
    expect(await ended(running)).toBe(130);
    await expectNothingLeft();
  });

  it('says where it can not write', async () => {
    await rm(temporary, { recursive: true });
    expect(await ended(demo())).toBe(1);
    expect(output).toContain('error demo-not-possible: no temporary folder can be created');
  });
});
