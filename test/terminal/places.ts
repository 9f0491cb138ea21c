import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { inventoryName } from '../../src/demo/cluster.ts';
import type { TestCluster } from '../run/cluster.ts';

/** A server that lets everybody in and never says a word: who looks at it keeps looking. */
export interface SilentHost {
  readonly port: number;
  /** so many have come */
  readonly callers: number;
  close(): void;
}

export async function startSilentHost(): Promise<SilentHost> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get callers() {
      return sockets.size;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** An inventory of one node on this machine, in the cluster's folder; returns its name. */
export function oneNode(cluster: TestCluster, name: string, ssh: Readonly<Record<string, unknown>>): string {
  const inventory = {
    playbook: 'bigbluebutton',
    cluster: { name: 'one', hostname: 'bbb.example.com' },
    windows: 'anytime',
    ssh: { user: 'root', config: 'none', address: '127.0.0.1', connect_timeout: 60, ...ssh },
    hosts: { proxy: 'external', node: [{ name: 'node-1', hostname: 'node-1.example.com' }] },
  };
  const { address, ...common } = inventory.ssh;
  const [node] = inventory.hosts.node;
  Object.assign(node ?? {}, { address });
  return write(cluster, name, JSON.stringify({ ...inventory, ssh: common }));
}

/** The cluster's inventory, changed; returns its name. */
export function changed(cluster: TestCluster, name: string, change: (text: string) => string): string {
  return write(cluster, name, change(readFileSync(join(cluster.folder, inventoryName), 'utf8')));
}

/** The key by which a host of the cluster is entered, with a passphrase; returns its path. */
export function lockedKey(cluster: TestCluster, host: string, passphrase: string): string {
  const [key = ''] = cluster.demo.hosts.get(host)?.target.identityFiles ?? [];
  const locked = join(cluster.folder, `locked-${host}`);
  copyFileSync(key, locked);
  execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', passphrase, '-f', locked]);
  return locked;
}

function write({ folder }: TestCluster, name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}
