import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { type EmbeddedHost, startEmbeddedHost } from './embedded-host.ts';
import { makeSampleHost, type SampleHost, servicesOf } from './sample-host.ts';

/** The simulated cluster: hosts that answer over ssh, and an inventory of them. */
export interface DemoCluster {
  readonly hosts: ReadonlyMap<string, EmbeddedHost>;
  close(): Promise<void>;
}

export const inventoryName = 'demo.yaml';
const playbookName = 'bigbluebutton.yaml';
/** The folder beside the playbook, with all programs and templates that it names. */
const playbookFiles = 'files';

const clusterHostname = 'bbb-proxy.example.com';
export const sampleHosts: readonly SampleHost[] = [
  { name: 'proxy-1', hostname: clusterHostname, sample: 'proxy' },
  { name: 'bbb-01', hostname: 'bbb-01.example.com', sample: '2.4' },
  { name: 'bbb-02', hostname: 'bbb-02.example.com', sample: '2.6' },
  { name: 'bbb-03', hostname: 'bbb-03.example.com', sample: '3.0' },
];

/** Creates hosts, playbook and inventory below a folder, and starts an ssh server for each host. */
export async function makeCluster(
  folder: string,
  samples: readonly SampleHost[] = sampleHosts,
): Promise<DemoCluster> {
  const hosts = new Map<string, EmbeddedHost>();
  const cluster = {
    hosts,
    close: async () => {
      await Promise.all([...hosts.values()].map((host) => host.close()));
    },
  };
  try {
    for (const sample of samples) {
      const root = join(folder, 'hosts', sample.name);
      await makeSampleHost(root, sample, samples);
      const work = join(folder, 'ssh', sample.name);
      const units = await servicesOf(root);
      hosts.set(sample.name, await startEmbeddedHost({ name: sample.name, root, work, units }));
    }
    await writeDemoPlaybook(folder);
    await writeFile(join(folder, inventoryName), inventoryOf(folder, samples, hosts));
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}

/**
 * The program's own playbook, but with shorter waits, since nothing real restarts. Returns how an inventory
 * in that folder names it.
 */
export async function writeDemoPlaybook(folder: string): Promise<string> {
  const text = await readFile(join(packageRoot(), 'playbooks', playbookName), 'utf8');
  const header = `# A copy of the playbook bigbluebutton, with shorter waits after restarts (settle: 1), and without
# questions through the proxy (ask_itself: false), since nothing answers for the cluster's name here.
`;
  const changed = text
    .replace(/settle: \d+/g, 'settle: 1')
    .replace(/^( {2}ask_itself:\n {4}type: boolean\n {4}default: )true$/m, '$1false');
  await writeFile(join(folder, playbookName), header + changed);
  await cp(join(packageRoot(), 'playbooks', playbookFiles), join(folder, playbookFiles), { recursive: true });
  return `./${playbookName}`;
}

function inventoryOf(
  folder: string,
  samples: readonly SampleHost[],
  hosts: ReadonlyMap<string, EmbeddedHost>,
): string {
  const [proxy, ...nodes] = samples.map((sample) => hostEntry(folder, sample, hosts.get(sample.name)));
  return `# A cluster of simulated hosts on this machine: one proxy, ${nodes.length} nodes.
# The program's own playbook bigbluebutton, with shorter waits after restarts:
playbook: ./${playbookName}
cluster:
  name: demo
  hostname: ${clusterHostname}
# Nobody is in a class here, so services may be restarted by day as well.
windows: anytime
ssh:
  user: root
  # Your own ssh configuration is for real hosts, so it is not used here.
  config: none
hosts:
  proxy:
${proxy}
  node:
${nodes.join('\n')}
`;
}

function hostEntry(folder: string, { name, hostname }: SampleHost, host: EmbeddedHost | undefined): string {
  if (host === undefined) throw new Error(`${name} was not started`);
  const identity = host.target.identityFiles.map((file) => file.replace(`${folder}/`, ''));
  const lines = [
    `    - name: ${name}`,
    ...(hostname === clusterHostname ? [] : [`      hostname: ${hostname}`]),
    '      ssh:',
    '        address: 127.0.0.1',
    `        port: ${host.port}`,
    `        host_keys: ['${host.hostKey}']`,
    `        identity_files: [${identity.join(', ')}]`,
  ];
  return lines.join('\n');
}
