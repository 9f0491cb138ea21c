import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedHost, startEmbeddedHost } from '../../src/demo/embedded-host.ts';
import { processesOf } from '../../src/demo/processes.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';

let folder: string;
let root: string;
let host: EmbeddedHost;
beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'clusterproxy-test-')));
  root = join(folder, 'root');
  host = await startEmbeddedHost({ name: 'node-1', root, work: join(folder, 'work') });
});
afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Writes below the root for as long as it can, as what starts a service does. */
const writing =
  'while :; do mkdir -p "$CLUSTERPROXY_ROOT/busy" && : >"$CLUSTERPROXY_ROOT/busy/$$.$((n += 1))"; done';

it("has a check of a playbook read the host's own files, not those of this machine", async () => {
  const file = '/etc/bigbluebutton/bbb-html5.yml';
  mkdirSync(join(root, 'etc/bigbluebutton'), { recursive: true });
  writeFileSync(join(root, file), 'its own\n');
  expect(await host.run('sh', '-c', 'cat "$1" 2> /dev/null | cat', 'sh', file)).toBe('its own\n');
  expect(await host.run('cat', '--', join(root, file))).toBe('its own\n');
});

describe('a simulated host that is closed', () => {
  it.each([
    ['runs by itself', async () => void host.run('timeout', '60', 'sh', '-c', writing)],
    [
      'was started over a connection, and is detached from it',
      async () => {
        const connection = await connect(host.target);
        await connection.exec(`setsid sh -c '${writing}' </dev/null >/dev/null 2>&1 &`, [], {
          timeout: 60_000,
          maximumOutput: 1000,
        });
        await connection.close();
      },
    ],
    [
      'was started by another program that runs on it',
      async () =>
        void host.run('sh', '-c', `while :; do sh -c 'mkdir -p "$CLUSTERPROXY_ROOT/busy/$$"'; done`),
    ],
  ])('ends what %s, so that its files can be removed', async (_, start) => {
    await start();
    await expect.poll(() => processesOf(root).length).toBeGreaterThan(0);
    await host.close();
    expect(processesOf(root)).toEqual([]);
    rmSync(root, { recursive: true });
  });

  it('leaves alone what runs on another host, whose root only begins with the same letters', async () => {
    const other = await startEmbeddedHost({ name: 'node-10', root: `${root}0`, work: join(folder, 'other') });
    try {
      const running = other.run(
        'sh',
        '-c',
        'until [ -e "$CLUSTERPROXY_ROOT/end" ]; do sleep 0.05; done; echo ended',
      );
      await expect.poll(() => processesOf(other.root).length).toBeGreaterThan(0);
      await host.close();
      await other.run('touch', join(other.root, 'end'));
      expect(await running).toBe('ended\n');
    } finally {
      await other.close();
    }
  });
});
