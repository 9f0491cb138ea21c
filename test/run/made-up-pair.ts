import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedHost, startEmbeddedHost } from '../../src/demo/embedded-host.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { HostPlan } from '../../src/model/plan.ts';
import { noReads } from '../../src/model/reads.ts';
import { packageRoot } from '../../src/package-root.ts';
import { handOverQueries } from '../../src/playbook/resolve/hand-over.ts';
import { readText } from '../../src/playbook/resolve/load-inventory.ts';
import { lookAt } from '../../src/run/look.ts';
import { type Given, hostPlan } from '../support/host-plan.ts';
import { applyOptions } from './cluster.ts';

/** Two proxies that have nothing but their addresses, which are in a file that a stand-in for `ip` prints. */
export interface MadeUpPair {
  readonly hosts: ReadonlyMap<string, EmbeddedHost>;
  /** those of a cluster that is on the pair */
  inventory(cluster?: string): Promise<Inventory>;
  /** a file of a host, below its root */
  path(host: string, path: string): string;
  /** the clusters' address is on this host now, and on no other one */
  has(host: string): void;
  /** plans from what the hosts say now */
  plans(inventory: Inventory, given?: Given): Promise<readonly HostPlan[]>;
  close(): Promise<void>;
}

export const virtualAddress = '192.0.2.10';
const names = ['proxy-1', 'proxy-2'];

export async function startPair(): Promise<MadeUpPair> {
  const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-pair-'));
  const path = (host: string, name: string) => join(folder, host, name);
  const hosts = new Map<string, EmbeddedHost>();
  for (const [index, name] of names.entries()) {
    for (const below of ['etc', 'var/lib', 'run', 'proc']) mkdirSync(path(name, below), { recursive: true });
    writeFileSync(path(name, 'etc/machine-id'), `${`${index + 1}`.repeat(32)}\n`);
    writeFileSync(path(name, 'etc/os-release'), 'ID=debian\n');
    writeFileSync(path(name, 'proc/uptime'), '1000.5 900.1\n');
    const work = join(folder, `ssh-${name}`);
    mkdirSync(work);
    hosts.set(name, await startEmbeddedHost({ name, root: path(name, ''), work }));
    const ip = `#!/bin/sh\ncat '${path(name, 'addresses')}'\n`;
    writeFileSync(join(work, 'bin/ip'), ip, { mode: 0o755 });
  }
  const pair: MadeUpPair = {
    hosts,
    path,
    inventory: (cluster = 'prod') =>
      readText({
        file: `${packageRoot()}/inventory.yaml`,
        text: `playbook: bigbluebutton
cluster: {name: ${cluster}, hostname: ${cluster}.example.com, virtual_address: ${virtualAddress}}
hosts:
  proxy:
${names.map((name, index) => `    - {name: ${name}, address: 192.0.2.${5 + index}, ssh: ${JSON.stringify(sshOf(hosts.get(name)))}}\n`).join('')}  node:
    - {name: bbb-01, hostname: bbb-01.example.com}
`,
      }),
    has: (holder) => {
      for (const [index, name] of names.entries()) {
        const own = `2: eth0    inet 192.0.2.${5 + index}/24 scope global eth0\n`;
        const more = name === holder ? `2: eth0    inet ${virtualAddress}/32 scope global eth0\n` : '';
        writeFileSync(path(name, 'addresses'), own + more);
      }
    },
    plans: (inventory, given) =>
      Promise.all(
        inventory.hosts
          .filter(({ role }) => role === 'proxy')
          .map(async (host) => {
            const queries = handOverQueries(inventory, host);
            const { snapshot } = await lookAt(host, () => ({ ...noReads, queries }), applyOptions(inventory));
            return hostPlan(host.name, 'proxy', { ...given, snapshot });
          }),
      ),
    close: async () => {
      for (const host of hosts.values()) await host.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  pair.has('proxy-1');
  return pair;
}

function sshOf(host: EmbeddedHost | undefined) {
  if (host === undefined) throw new Error('there is no such host');
  const { port, hostKey, target } = host;
  return {
    address: '127.0.0.1',
    ...{ port, user: 'root', host_keys: [hostKey], identity_files: target.identityFiles },
  };
}

/** A file of a host; empty if it isn't there. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
