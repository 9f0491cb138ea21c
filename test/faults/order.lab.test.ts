import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { transact } from '../../src/host/transact.ts';
import type { PathState } from '../../src/model/snapshot.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { change, transaction } from '../host/sample.ts';
import { labAvailable } from '../lab/available.ts';
import type { LabHost } from '../lab/host.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { targetOf } from './attempt.ts';
import { expectOrder, traced } from './call-order.ts';

const availability = await labAvailable();
const straceWorks = spawnSync('strace', ['-f', '-qq', '-e', 'trace=none', 'true']).status === 0;
if (!availability.available) console.warn(`The trace of a real host is skipped: ${availability.reason}`);
else if (!straceWorks) console.warn('The trace of a real host is skipped: strace does not work here');

const replaced = '/etc/lab-site';
const made = '/etc/lab-made';
const file = (text: string): PathState => ({
  kind: 'file',
  content: Buffer.from(text),
  mode: 0o644,
  user: 'root',
  group: 'root',
});

describe.skipIf(!availability.available || !straceWorks)('on a real host', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab([{ name: 'traced-01', services: ['nginx'] }]);
  });
  afterAll(async () => {
    await lab?.destroy();
  });

  test('data reach the disk before names change, and names before what relies on them', async () => {
    const host = lab.host('traced-01');
    await host.writeFile(replaced, 'old\n');
    const output = join(lab.directory, 'trace');
    const trace = await attach(processesOf(host), output);
    const handler = {
      id: 'reload-nginx',
      validate: undefined,
      actions: [{ kind: 'reload' as const, unit: 'nginx' }],
      checks: [{ kind: 'active' as const, unit: 'nginx' }],
      guards: [],
      timeout: 120,
      settle: 0,
      rewrites: [],
    };
    const plan = transaction(
      [change(replaced, file('old\n'), file('new\n')), change(made, { kind: 'absent' }, file('made\n'))],
      [handler],
      {
        host: host.name,
        machineId: (await host.readFile('/etc/machine-id')).toString().trim(),
        units: ['nginx'],
      },
    );
    try {
      const result = await transact(() => connect(targetOf(lab, host)), plan);
      expect(result).toMatchObject({ state: 'committed', problem: undefined });
    } finally {
      await trace.end();
    }
    expectOrder({
      trace: readFileSync(output, 'utf8'),
      run: plan.run,
      at: (path) => path,
      replaced,
      made,
    });
  });
});

/**
 * The host's first process and its sshd, of which all that a run does is descended; as this machine numbers
 * them.
 */
function processesOf(host: LabHost): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
      if (name !== 'systemd' && name !== 'sshd') return false;
      return readFileSync(`/proc/${pid}/root/etc/hostname`, 'utf8').trim() === host.name;
    } catch {
      return false;
    }
  });
}

async function attach(pids: readonly string[], output: string): Promise<{ end(): Promise<unknown> }> {
  const follow = pids.flatMap((pid) => ['-p', pid]);
  const words = ['-f', '-y', '-A', '-o', output, '-e', `trace=${traced}`, ...follow];
  const child = spawn('strace', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  while (pids.some((pid) => !said.includes(`Process ${pid} attached`))) {
    if (child.exitCode !== null) throw new Error(`strace did not attach: ${said}`);
    await sleep(20);
  }
  return {
    end: async () => {
      child.kill('SIGINT');
      await closed;
    },
  };
}
