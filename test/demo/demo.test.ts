import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { processesBelow } from '../../src/demo/processes.ts';
import { buildProgram, clusterproxy, main, removeProgram } from '../cli/program.ts';

/** The whole story on a busy machine. */
const timeout = 240_000;

beforeAll(buildProgram, timeout);
afterAll(removeProgram);

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
  child?.kill('SIGTERM');
  await rm(join(temporary, '..'), { recursive: true, force: true });
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

describe('the demo', () => {
  it('tells the whole story, each command ending as it should, and leaves nothing', { timeout }, async () => {
    const status = await ended(demo());
    expect(output).not.toContain('error demo-failed');
    expect(status).toBe(0);
    const milestones = [
      'demo.yaml is valid: cluster demo, playbook bigbluebutton, proxy: 1, node: 3',
      'bbb-01: node, recipe 2.4 (',
      'bbb-02: node, recipe 2.5-2.7 (',
      'bbb-03: node, recipe 3.0 (',
      ' securitySalt=********\n',
      '+defaultHTML5ClientUrl=https://bbb-proxy.example.com/bbb-01/html5client/join\n',
      '4 hosts: 4 changed (run ',
      'proxy-1, bbb-01, bbb-02, bbb-03: nothing to do\n\n4 hosts: 4 in sync\n',
      '-accessControlAllowOrigin=*\n',
      '(exit status 2: ',
      '4 hosts: 1 changed, 3 in sync (run ',
      '1 meeting is running: Biology 7b (28 in it)',
      '(exit status 5: ',
      'nginx: [emerg] unexpected end of file, expecting "}" in /etc/nginx/conf.d/own.conf:2\n',
      '4 hosts: 1 changed, 2 in sync, 1 rolled back (run ',
      '(exit status 3: ',
      '  autoindex off;\n',
      '$ clusterproxy rollback --inventory demo.yaml --run ',
      '4 hosts: 4 changed (run ',
      '\nno file differs\n',
      'none of them differs, and no file or directory is left over',
    ];
    let at = 0;
    for (const milestone of milestones) {
      const found = output.indexOf(milestone, at);
      expect(found, `${milestone} after:\n${output.slice(0, at)}`).toBeGreaterThanOrEqual(at);
      at = found + milestone.length;
    }
    expect(output).not.toContain('\u001b');
    await expectNothingLeft();
  });

  it('fits 80 columns where the words are its own', { timeout }, async () => {
    const running = demo('--keep');
    await printed(running, 'In another terminal:');
    const prose = output.split('\n').filter((line) => /^[$A-Z0-9] ?/.test(line) && !line.includes(temporary));
    expect(prose.length).toBeGreaterThan(30);
    for (const line of prose) expect(line.length, line).toBeLessThanOrEqual(80);

    // The hosts are there, and commands in another terminal reach them.
    const folder = /cd '(.*)'/.exec(output)?.[1] ?? '';
    expect(existsSync(join(folder, 'hosts/bbb-02/etc/bigbluebutton/bbb-web.properties'))).toBe(true);
    expect(readFileSync(join(folder, 'demo.yaml'), 'utf8')).toContain("host_keys: ['SHA256:");
    const plan = await clusterproxy(['plan', '--inventory', join(folder, 'demo.yaml'), '--json']);
    expect(JSON.parse(plan.stdout).summary).toMatchObject({ exitStatus: 0, statuses: { 'would-change': 4 } });

    running.kill('SIGINT');
    expect(await ended(running)).toBe(0);
    expect(output).toContain("interrupted: the demo's hosts are taken down");
    await expectNothingLeft();
  });

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
    expect(output).toContain('error demo-not-possible: no temporary folder can be made');
  });
});
