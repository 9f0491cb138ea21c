import { spawn, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Lab } from './lab.ts';
import { onProcessEnd } from './process-end.ts';

/** Why a real ACME server can't run on this machine; undefined if it can. */
export const withoutAcme =
  spawnSync('pebble', ['-version']).error === undefined
    ? undefined
    : 'pebble is not installed on this machine (Debian: pebble)';

export interface AcmeServer {
  /** the URL of its directory, for `certbot --server` */
  readonly url: string;
  stop(): void;
}

/**
 * Starts pebble, an ACME server for tests (RFC 8555), on this machine: the lab's hosts trust it, and it
 * validates them on port 80, by their names in the lab.
 */
export async function startAcmeServer(lab: Lab): Promise<AcmeServer> {
  const [host] = lab.hosts;
  if (host === undefined) throw new Error('the lab has no hosts yet');
  const address = host.address.replace(/\.\d+$/, '.1');
  const folder = join(lab.directory, 'acme');
  await mkdir(folder, { recursive: true });
  const { certificate, privateKey } = await lab.authority.issue(['acme.test'], [address]);
  const config = join(folder, 'pebble.json');
  const settings = {
    ...{ listenAddress: `${address}:14000`, managementListenAddress: `${address}:15000` },
    ...{ certificate, privateKey, httpPort: 80, tlsPort: 443 },
  };
  await writeFile(config, JSON.stringify({ pebble: settings }));
  const [program, ...args] = lab.wordsFor('pebble', ['-config', config]);
  const child = spawn(program, args, {
    cwd: folder,
    // By default it rejects nonces and waits at random, to test clients; certbot needs no such test.
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => (said += data));
  const stop = onProcessEnd(() => child.kill('SIGKILL'));
  const deadline = Date.now() + 120_000;
  while (!(await listens(address, 14000))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`pebble does not answer: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url: `https://${address}:14000/dir`, stop };
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const done = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', done(true)).once('error', done(false)).once('timeout', done(false));
  });
}
