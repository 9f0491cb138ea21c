// Real hosts for a benchmark: a proxy and nodes of BigBlueButton, each with its own sshd and systemd. Has the
// same requirements as the lab (test/lab/README.md), and therefore needs root.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTypeScript } from './load-typescript.mjs';

/**
 * What `measure` returns of that many hosts, the proxy among them, and of the file of an inventory with them;
 * nothing has been applied to them. `user`: root, or ops, who changes hosts through sudo. Throws, with the
 * reason, where no hosts can be made.
 */
export async function withCluster({ hosts, user }, measure) {
  const { CERTIFICATE, installBigBlueButton, installProxy, labAvailable, startLab, untilServing } =
    await loadTypeScript(fileURLToPath(new URL('./lab.ts', import.meta.url)));
  const available = await labAvailable();
  if (!available.available) throw new Error(`no hosts can be made here: ${available.reason}`);
  const names = Array.from({ length: hosts - 1 }, (_, index) => `bbb-${index + 1}`);
  const folder = await mkdtemp(join(tmpdir(), 'clusterproxy-bench-'));
  const lab = await startLab([
    { name: 'proxy', hostnames: ['proxy.example.com', 'bbb.example.com'], prepare: installProxy },
    ...names.map((name) => ({ name, prepare: (host) => installBigBlueButton(host, '3.0') })),
  ]);
  try {
    const inventory = join(folder, 'inventory.yaml');
    await writeFile(inventory, JSON.stringify(inventoryOf(lab, { user, certificate: CERTIFICATE })));
    await Promise.all(names.map((name) => untilServing(lab.host(name), '3.0')));
    return await measure({ lab, inventory, folder });
  } finally {
    await lab.destroy();
    await rm(folder, { recursive: true });
  }
}

function inventoryOf({ hosts: [proxy, ...nodes], sshKey, knownHosts }, { user, certificate }) {
  return {
    playbook: 'bigbluebutton',
    cluster: { name: 'bench', hostname: 'bbb.example.com' },
    windows: 'anytime',
    ssh: {
      user,
      become: user === 'root' ? 'none' : 'sudo',
      identity_files: [sshKey],
      known_hosts: [knownHosts],
    },
    vars: { certificate: certificate.fullchain, certificate_key: certificate.privateKey },
    hosts: {
      proxy: [{ name: proxy.name, address: proxy.address }],
      node: nodes.map((host) => ({ name: host.name, hostname: host.hostnames[0], address: host.address })),
    },
  };
}
