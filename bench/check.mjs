// Measures how long `clusterproxy check` takes on hosts that need no change, alternating with a bare parallel
// `ssh HOST true` on the same hosts; and start-up compared with `node -e 0`. Has the same requirements as the
// lab (test/lab/README.md), and therefore needs root:
//
//   npm run bench -- [--hosts 20] [--rounds 9] [--user root|ops]
//
// As ops, check runs through sudo. Prints the median of each, and the ratio; above 1 the check is slower.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTypeScript } from './load-typescript.mjs';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '9' },
    user: { type: 'string', default: 'root' },
  },
});
const rounds = Number(values.rounds);
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const { CERTIFICATE, installBigBlueButton, installProxy, labAvailable, startLab, untilServing } =
  await loadTypeScript(fileURLToPath(new URL('./lab.ts', import.meta.url)));

const available = await labAvailable();
if (!available.available) {
  console.error(`no hosts can be made here: ${available.reason}`);
  process.exit(1);
}

await run(process.execPath, [fileURLToPath(new URL('../scripts/build.mjs', import.meta.url))]);
const names = Array.from({ length: Number(values.hosts) - 1 }, (_, index) => `bbb-${index + 1}`);
const folder = await mkdtemp(join(tmpdir(), 'clusterproxy-bench-'));
const lab = await startLab([
  { name: 'proxy', hostnames: ['proxy.example.com', 'bbb.example.com'], prepare: installProxy },
  ...names.map((name) => ({ name, prepare: (host) => installBigBlueButton(host, '3.0') })),
]);
try {
  const inventory = join(folder, 'inventory.yaml');
  await writeFile(inventory, JSON.stringify(inventoryOf(lab)));
  await Promise.all(names.map((name) => untilServing(lab.host(name), '3.0')));
  console.log(
    `${lab.hosts.length} hosts are up; they are made a cluster, so that check has nothing to report`,
  );
  await run(process.execPath, [main, 'apply', '--inventory', inventory, '--yes', '--quiet']);

  const check = () => run(process.execPath, [main, 'check', '--inventory', inventory, '--quiet']);
  const bareSsh = () =>
    Promise.all(
      lab.hosts.map((host) => run('ssh', ['-F', lab.sshConfig, '-l', values.user, host.name, 'true'])),
    );
  await compare('check', check, `${lab.hosts.length} parallel \`ssh HOST true\``, bareSsh);
  const help = () => run(process.execPath, [main, '--help']);
  await compare('--help', help, 'node -e 0', () => run(process.execPath, ['-e', '0']));
} finally {
  await lab.destroy();
  await rm(folder, { recursive: true });
}

function inventoryOf({ hosts: [proxy, ...nodes], sshKey, knownHosts }) {
  return {
    playbook: 'bigbluebutton',
    cluster: { name: 'bench', hostname: 'bbb.example.com' },
    windows: 'anytime',
    ssh: {
      user: values.user,
      become: values.user === 'root' ? 'none' : 'sudo',
      identity_files: [sshKey],
      known_hosts: [knownHosts],
    },
    vars: { certificate: CERTIFICATE.fullchain, certificate_key: CERTIFICATE.privateKey },
    hosts: {
      proxy: [{ name: proxy.name, address: proxy.address }],
      node: nodes.map((host) => ({ name: host.name, hostname: host.hostnames[0], address: host.address })),
    },
  };
}

/**
 * Alternating, so that other load on the machine affects both alike. The first round is a warm-up and doesn't
 * count.
 */
async function compare(ours, runOurs, theirs, runTheirs) {
  const times = { ours: [], theirs: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const [who, work] of [
      ['ours', runOurs],
      ['theirs', runTheirs],
    ]) {
      const start = performance.now();
      await work();
      if (round > 0) times[who].push(performance.now() - start);
    }
  }
  const [a, b] = [median(times.ours), median(times.theirs)];
  const show = (name, time, all) =>
    console.log(
      `${name}: median ${Math.round(time)} ms (${Math.round(Math.min(...all))} to ${Math.round(Math.max(...all))})`,
    );
  show(ours, a, times.ours);
  show(theirs, b, times.theirs);
  console.log(`${ours} takes ${(a / b).toFixed(2)} times as long, over ${rounds} rounds`);
}

function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}

/** An exit status other than 0 ends the measurement, which would be meaningless. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')}: exit ${code}\n${Buffer.concat(output)}`));
    });
  });
}
