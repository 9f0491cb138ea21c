import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inventoryName, sampleHosts } from '../../src/demo/cluster.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';

/** Several clusters of stand-in hosts, each with a proxy and a node, and their inventories in one folder. */
export interface TestFleet {
  /** where a command runs: `clusters/*.yaml` are the inventories */
  readonly folder: string;
  readonly clusters: ReadonlyMap<string, TestCluster>;
  /** writes the inventory of a cluster once more, changed, perhaps under another name */
  write(cluster: string, edit?: (text: string) => string, as?: string): void;
  /** whether clusterproxy has changed the node of a cluster */
  isChanged(cluster: string): boolean;
  close(): Promise<void>;
}

const properties = '/etc/bigbluebutton/bbb-web.properties';

export async function startFleet(names: readonly string[]): Promise<TestFleet> {
  const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-fleet-'));
  mkdirSync(join(folder, 'clusters'));
  const started = await Promise.all(
    names.map(async (name) => [name, await startCluster(sampleHosts.slice(0, 2))] as const),
  );
  const clusters = new Map(started);
  const of = (name: string) => {
    const cluster = clusters.get(name);
    if (cluster === undefined) throw new Error(`there is no cluster ${name}`);
    return cluster;
  };
  const fleet: TestFleet = {
    ...{ folder, clusters },
    write: (name, edit = (text) => text, as = name) => {
      const { folder: home } = of(name);
      const text = readFileSync(join(home, inventoryName), 'utf8')
        .replace('name: demo', `name: ${name}`)
        .replace('./bigbluebutton.yaml', join(home, 'bigbluebutton.yaml'))
        .replace(
          /identity_files: \[([^\]]+)\]/g,
          (_, file: string) => `identity_files: [${join(home, file)}]`,
        );
      writeFileSync(join(folder, 'clusters', `${as}.yaml`), edit(text));
    },
    isChanged: (name) => of(name).text('bbb-01', properties).includes('bbb-proxy.example.com'),
    close: async () => {
      await Promise.all([...clusters.values()].map((cluster) => cluster.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  for (const name of names) fleet.write(name);
  return fleet;
}
