import { readFile } from 'node:fs/promises';
import { eventually } from '../../lab/fetch.ts';
import type { LabHost } from '../../lab/host.ts';
import type { Lab } from '../../lab/lab.ts';
import { CERTIFICATE } from '../../lab/prepare-host.ts';
import { type Cluster, type ClusterOptions, startCluster } from '../cluster.ts';
import type { Door } from '../door/connection.ts';
import { installSoftware } from '../door/list.ts';
import { layPages } from '../door/node.ts';
import type { ProxySoftware } from '../door/software.ts';
import { statusOf } from './audience.ts';
import { has, withIpv6 } from './network.ts';

/** Two proxies with an address that one of them has, and a cluster behind them. */
export class Pair {
  readonly cluster: Cluster;
  virtual: string;
  door: Door;

  constructor(cluster: Cluster, virtual: string, door: Door) {
    this.cluster = cluster;
    this.virtual = virtual;
    this.door = door;
  }

  /** From now on the address is one of IPv6, which the hosts get as well; the next apply moves to it. */
  async moveToIpv6(): Promise<void> {
    const { cluster } = this;
    const { addresses, free } = await withIpv6(cluster.proxies);
    cluster.inventory.hosts.proxy = cluster.proxies.map((host) => ({
      ...{ name: host.name, address: addresses.get(host) ?? '' },
      ssh: { address: `${host.name}.example.com` },
    }));
    this.virtual = free;
    this.door = { ...this.door, address: free };
    cluster.inventory.cluster.virtual_address = free;
    await cluster.save();
  }

  page(number = 1): string {
    return `/${this.cluster.node(number).name}/html5client/door/echo`;
  }

  socket(number = 1): string {
    return `/${this.cluster.node(number).name}/html5client/door/socket`;
  }

  async holders(): Promise<readonly LabHost[]> {
    const { proxies } = this.cluster;
    const having = await Promise.all(
      proxies.map(async (host) => ((await has(host, this.virtual)) ? [host] : [])),
    );
    return having.flat();
  }

  /** Who has the address, once exactly one has it, and answers. */
  holder(): Promise<LabHost> {
    return eventually(async () => {
      const [host, ...others] = await this.holders();
      const answer = await statusOf(this.door, this.page(), 2_000);
      if (host === undefined || others.length > 0 || answer !== '200')
        throw new Error(`${(await this.holders()).map(({ name }) => name).join(', ')} have it; ${answer}`);
      return host;
    });
  }

  other(host: LabHost): LabHost {
    const found = this.cluster.proxies.find((one) => one !== host);
    if (found === undefined) throw new Error('there is no other proxy');
    return found;
  }
}

/** Boots a pair whose proxies have one certificate. */
export async function startPair(
  lab: Lab,
  {
    name,
    software,
    ...options
  }: Pick<ClusterOptions, 'name' | 'nodes' | 'vars'> & { readonly software: ProxySoftware },
): Promise<Pair> {
  const hostname = `${name}.example.com`;
  const issued = await lab.authority.issue([
    hostname,
    `${name}-proxy.example.com`,
    `${name}-proxy-2.example.com`,
  ]);
  const cluster = await startCluster(lab, {
    ...{ ...options, name, proxies: 2, prepareNode: layPages },
    vars: { ...software.vars, ...options.vars },
    prepareProxy: async (host) => {
      await host.writeFile(CERTIFICATE.fullchain, await readFile(issued.certificate));
      await host.writeFile(CERTIFICATE.privateKey, await readFile(issued.privateKey), 0o600);
      await installSoftware(host, software);
    },
  });
  const virtual = cluster.proxy.address.replace(/\d+$/, '250');
  cluster.inventory.cluster.virtual_address = virtual;
  await cluster.save();
  const ca = await readFile(lab.authority.certificate, 'utf8');
  return new Pair(cluster, virtual, { address: virtual, hostname, ca });
}
