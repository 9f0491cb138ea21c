import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findEngineServer } from '../../scripts/engine-server.mjs';
import { freePorts } from '../support/running-haproxy.ts';

const program = findEngineServer();

/** Why tests with the real engine don't run; undefined if they do. */
export const withoutEngine =
  program === undefined
    ? 'the engine is not installed: node scripts/engine-server.mjs does that, on Linux x64'
    : undefined;

/** A real engine of one node on loopback, whose store outlives its process. */
export interface TestEngine {
  /** for `fleet` */
  readonly ingress: string;
  /** for `worker` */
  readonly admin: string;
  /** ends it as a power cut does */
  kill(): Promise<void>;
  /** starts it again on the same store, and resolves once it answers */
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startEngine(): Promise<TestEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'restate-'));
  const [node, ingress, admin] = await freePorts(3);
  writeFileSync(join(folder, 'restate.toml'), configuration({ folder, node, ingress, admin }));
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const engine: TestEngine = {
    ingress: `http://127.0.0.1:${ingress}`,
    admin: `http://127.0.0.1:${admin}`,
    kill,
    start: async () => {
      const log = join(folder, 'restate.log');
      // It asks GitHub for newer versions of itself; nothing of a test leaves this machine.
      const env = { PATH: process.env.PATH, HOME: folder, HTTPS_PROXY: 'http://127.0.0.1:9' };
      const started = spawn(
        '/bin/sh',
        ['-c', `exec "$0" --no-logo -c "$1" >> "$2" 2>&1`, program ?? '', join(folder, 'restate.toml'), log],
        { env, stdio: 'ignore' },
      );
      child = started;
      while (
        !((await answers(`${engine.admin}/health`)) && (await answers(`${engine.ingress}/restate/health`)))
      ) {
        if (started.exitCode !== null) throw new Error(readFileSync(log, 'utf8'));
        await sleep(100);
      }
    },
    close: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await engine.start();
  return engine;
}

interface Placed {
  readonly folder: string;
  readonly node: number | undefined;
  readonly ingress: number | undefined;
  readonly admin: number | undefined;
}

/** https://docs.restate.dev/references/server-config */
function configuration({ folder, node, ingress, admin }: Placed): string {
  const lines = [
    'disable-telemetry = true',
    'listen-mode = "tcp"',
    'bind-ip = "127.0.0.1"',
    `bind-port = ${node}`,
    `advertised-address = "http://127.0.0.1:${node}"`,
    `base-dir = "${folder}/data"`,
    'node-name = "one"',
    'default-num-partitions = 2',
    'rocksdb-total-memory-size = "128 MB"',
    '[ingress]',
    'bind-ip = "127.0.0.1"',
    `bind-port = ${ingress}`,
    '[admin]',
    'bind-ip = "127.0.0.1"',
    `bind-port = ${admin}`,
  ];
  return `${lines.join('\n')}\n`;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
