import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedHost, startEmbeddedHost } from '../../src/demo/embedded-host.ts';
import { makeSampleHost, servicesOf } from '../../src/demo/sample-host.ts';
import { hostnameOf, nodeName, publicAddress } from './names.ts';

/** A host whose answers are recorded: a folder in which the programs that look at hosts really run. */
export interface Original {
  readonly name: string;
  readonly role: 'proxy' | 'node';
  readonly host: EmbeddedHost;
}

export const clusterHostname = 'bbb-proxy.example.com';
export const proxyName = 'proxy-1';
/** Of the nodes, in turns. */
const kinds = ['2.6', '3.0', '3.0.28'];

/** The proxy, and a node of each kind: the first nodes of the cluster. `nodes`: how many it has in all. */
export async function startOriginals(folder: string, nodes: number): Promise<readonly Original[]> {
  const proxy = { name: proxyName, hostname: clusterHostname, sample: 'proxy', role: 'proxy' as const };
  const samples = kinds.map((sample, index) => {
    const name = nodeName(index);
    return { name, hostname: hostnameOf(name), sample, role: 'node' as const };
  });
  const names = [
    `192.0.2.1 ${clusterHostname}\n`,
    ...Array.from(
      { length: nodes },
      (_, index) => `${publicAddress(index)} ${hostnameOf(nodeName(index))}\n`,
    ),
  ].join('');
  return Promise.all(
    [proxy, ...samples].map(async ({ role, ...sample }) => {
      const root = join(folder, 'hosts', sample.name);
      await makeSampleHost(root, sample, []);
      await writeFile(join(root, 'etc/hosts'), names);
      const work = join(folder, 'ssh', sample.name);
      const host = await startEmbeddedHost({ name: sample.name, root, work, units: await servicesOf(root) });
      return { name: sample.name, role, host };
    }),
  );
}

/** The original that the node is like. */
export function originalOf(index: number, originals: readonly Original[]): Original {
  const nodes = originals.filter(({ role }) => role === 'node');
  const original = nodes[index % nodes.length];
  if (original === undefined) throw new Error('there is no original');
  return original;
}
