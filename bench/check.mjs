// How long `clusterproxy check` takes on real hosts that need no change, beside a bare parallel
// `ssh HOST true` to the same hosts. Has the same requirements as the lab (test/lab/README.md), and
// therefore needs root.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inTurns, run } from './compare.mjs';
import { loadTypeScript } from './load-typescript.mjs';

/**
 * `hosts`: how many, the proxy among them; `user`: root, or ops, who runs check through sudo. Returns rows as
 * inTurns makes them; throws, with the reason, where no hosts can be made.
 */
export async function measureCheck({ main, hosts, user, rounds }) {
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
    console.error(`${hosts} hosts are up; they are made a cluster, so that check has nothing to report`);
    await run(process.execPath, [main, 'apply', '--inventory', inventory, '--yes', '--quiet']);
    const ssh = (host) => run('ssh', ['-F', lab.sshConfig, '-l', user, host.name, 'true']);
    const to = `${hosts} times \`ssh HOST true\` at once`;
    const rows = await inTurns(
      {
        [to]: () => Promise.all(lab.hosts.map(ssh)),
        'clusterproxy check': () =>
          run(process.execPath, [main, 'check', '--inventory', inventory, '--quiet']),
      },
      { rounds, to },
    );
    return { to: 'ssh', rows };
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
      user: user,
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
