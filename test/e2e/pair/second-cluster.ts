import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Cluster } from '../cluster.ts';
import { Pair } from './pair.ts';

/** A cluster of its own, with an address of its own, for the pair's last node, which the first one loses. */
export async function secondCluster(pair: Pair, name: string, hostname: string): Promise<Pair> {
  const { cluster } = pair;
  const own = structuredClone(cluster.inventory);
  const [last] = own.hosts.node.splice(-1);
  if (last === undefined || own.hosts.node.length === 0) throw new Error('the pair has one node alone');
  const virtual = pair.virtual.replace(/\d+$/, '251');
  const inventory = structuredClone({ ...own, hosts: { ...own.hosts, node: [last] } });
  inventory.cluster = { ...own.cluster, name, hostname, virtual_address: virtual };
  cluster.inventory.hosts = own.hosts;
  await cluster.save();
  const file = join(cluster.file, '..', `${name}.yaml`);
  await writeFile(file, '');
  const { lab, proxies, program } = cluster;
  const second = new Cluster(lab, {
    ...{ name, proxies, program, inventory, file },
    nodes: cluster.nodes.slice(-1),
    versions: cluster.versions.slice(-1),
  });
  await second.save();
  return new Pair(second, virtual, { ...pair.door, address: virtual, hostname });
}
