import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RunningHaproxy {
  /** loads the file anew, as systemd does; sessions go on in the former process */
  reload(text: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A real HAProxy, with a master as under systemd. Resolves once it listens on `port` of 127.0.0.1.
 */
export async function startHaproxy(text: string, port: number): Promise<RunningHaproxy> {
  const folder = mkdtempSync(join(tmpdir(), 'haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, text);
  const child = spawn('haproxy', ['-W', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await waitFor(
    child,
    () => said,
    () => /New worker.*forked|Loading success/.test(said),
    port,
  );
  return {
    reload: async (next) => {
      writeFileSync(file, next);
      const before = said.length;
      child.kill('SIGUSR2');
      await waitFor(
        child,
        () => said,
        () => /New worker.*forked|Loading success/.test(said.slice(before)),
        port,
      );
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

async function waitFor(
  child: ChildProcess,
  said: () => string,
  isThere: () => boolean,
  port: number,
): Promise<void> {
  while (!isThere() || !(await isTaken(port))) {
    if (child.exitCode !== null) throw new Error(`HAProxy didn't start: ${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Ports of this machine that nothing listens on. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(true));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)));
  });
}
