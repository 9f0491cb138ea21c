import { existsSync, readFileSync } from 'node:fs';
import { lstat, mkdir, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Change, changeBetween } from '../../src/model/change.ts';
import type { Handler } from '../../src/model/handler.ts';
import type { PathState } from '../../src/model/snapshot.ts';
import type { Transaction } from '../../src/model/transaction.ts';
import { transaction } from '../host/sample.ts';
import { mustRun } from '../lab/command.ts';
import type { LabHost } from '../lab/host.ts';
import type { HostSpec, Lab } from '../lab/lab.ts';

/** Programs of the host that stop where a test wants them to. */
const wrapped = ['mv', 'ln', 'rm', 'mkdir', 'rmdir', 'cp', 'systemctl', 'nginx', 'sync'];
export const place = '/lab-faults';

/**
 * Serves what was in its file when it was started, so that a test can see which files a service runs with.
 */
const webProgram = `#!/bin/sh
serve='import socket
text = open("/etc/lab/web.conf", "rb").read()
server = socket.create_server(("127.0.0.1", 8099))
while True:
    client = server.accept()[0]
    client.recv(4096)
    client.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n" + text)
    client.close()'
if [ "$(cat ${place}/handler 2>/dev/null)" = dies ] && grep -qsF "$(cat ${place}/wrong)" /etc/lab/web.conf; then
  exec timeout 2 python3 -IS -c "$serve"
fi
exec python3 -IS -c "$serve"
`;

/**
 * A host whose /etc and /var/lib/clusterproxy are a small disk of their own (ext4), which can be filled or
 * made read-only.
 */
export function hostUnderTest(name: string): HostSpec {
  return {
    name,
    services: ['nginx', 'lab-web'],
    prepare: async (host, lab) => {
      await giveDisk(host, lab);
      await installWrappers(host);
      await host.writeFile('/usr/local/bin/lab-web', webProgram, 0o755);
      // Each of them is started whenever units are read, and has nothing to say here.
      await host.mustExec('rm /usr/lib/systemd/system-generators/*');
      await host.writeFile(
        '/etc/systemd/system/lab-web.service',
        '[Service]\nExecStart=/usr/local/bin/lab-web\n[Install]\nWantedBy=multi-user.target\n',
      );
      for (const [path, state] of filesOf(0)) {
        if (state.kind === 'file') await host.writeFile(path, state.content);
        if (state.kind === 'symlink') await host.mustExec(['ln', '-sT', state.target, path]);
        if (state.kind === 'directory') await host.mustExec(['mkdir', '-p', path]);
      }
    },
  };
}

/** Puts what stops where a test wants it before the programs that a run calls. */
export async function installWrappers(host: LabHost): Promise<void> {
  const wrapper = readFileSync(join(import.meta.dirname, 'wrapper.sh'));
  for (const program of wrapped) await host.writeFile(`/usr/local/sbin/${program}`, wrapper, 0o755);
  await mkdir(join(host.root, place));
}

async function giveDisk(host: LabHost, lab: Lab): Promise<void> {
  const disk = diskOf(host, lab);
  await mustRun('truncate', ['-s', '96M', `${disk}.img`]);
  await mustRun('mkfs.ext4', ['-q', '-m', '0', '-O', '^has_journal', `${disk}.img`]);
  await mkdir(disk);
  await mustRun('mount', ['-o', 'loop', `${disk}.img`, disk]);
  await mustRun('cp', ['-a', join(host.root, 'etc'), join(disk, 'etc')]);
  await mkdir(join(disk, 'clusterproxy'), { mode: 0o700 });
  await mkdir(join(host.root, 'var/lib/clusterproxy'), { recursive: true });
  await mustRun('mount', ['--bind', join(disk, 'etc'), join(host.root, 'etc')]);
  await mustRun('mount', ['--bind', join(disk, 'clusterproxy'), join(host.root, 'var/lib/clusterproxy')]);
}

function diskOf(host: LabHost, lab: Lab): string {
  return join(lab.directory, `disk-${host.name}`);
}

/** Takes every block that is left on the host's disk; the function returned gives them back. */
export async function fillDisk(host: LabHost, lab: Lab): Promise<() => Promise<void>> {
  const filler = join(diskOf(host, lab), 'filler');
  await mustRun('sh', [
    '-c',
    'dd if=/dev/zero of="$1" bs=1M 2>/dev/null; dd if=/dev/zero of="$1.rest" bs=1k 2>/dev/null; sync -f "$1"',
    'sh',
    filler,
  ]);
  return async () => {
    await rm(filler);
    await rm(`${filler}.rest`, { force: true });
  };
}

const dropIn = '/etc/systemd/system/lab-web.service.d/cluster.conf';
/**
 * What the host's files are in each generation: every kind of change happens on the way from one to the next,
 * and back.
 */
export function filesOf(generation: number): ReadonlyMap<string, PathState> {
  const root = { user: 'root', group: 'root' };
  const file = (text: string): PathState => ({
    kind: 'file',
    content: Buffer.from(text),
    mode: 0o644,
    ...root,
  });
  const odd = generation % 2 === 1;
  return new Map<string, PathState>([
    ['/etc/lab/web.conf', file(`generation ${generation};\n`)],
    ['/etc/lab/more', odd ? { kind: 'directory', mode: 0o750, ...root } : { kind: 'absent' }],
    ['/etc/lab/less', odd ? { kind: 'absent' } : { kind: 'directory', mode: 0o755, ...root }],
    ['/etc/lab/link', { kind: 'symlink', target: `web.conf-${generation}` }],
    ['/etc/systemd/system/lab-web.service.d', { kind: 'directory', mode: 0o755, ...root }],
    [dropIn, odd ? file(`[Service]\nEnvironment=GENERATION=${generation}\n`) : { kind: 'absent' }],
    [
      '/etc/nginx/conf.d/lab.conf',
      file(
        `server {\n  listen 127.0.0.1:8098;\n  location / { return 200 "generation ${generation};\\n"; }\n}\n`,
      ),
    ],
  ]);
}

export const restartWeb: Handler = {
  id: 'restart-web',
  validate: undefined,
  actions: [{ kind: 'daemon-reload' }, { kind: 'restart', unit: 'lab-web' }],
  checks: [
    { kind: 'active', unit: 'lab-web' },
    { kind: 'port', port: 8099 },
  ],
  guards: [],
  timeout: 60,
  settle: 0,
  rewrites: [],
};
export const reloadNginx: Handler = {
  id: 'reload-nginx',
  validate: ['nginx', '-t'],
  actions: [{ kind: 'reload', unit: 'nginx' }],
  checks: [{ kind: 'active', unit: 'nginx' }, { kind: 'nginx-workers' }],
  guards: [],
  timeout: 60,
  settle: 0,
  rewrites: [],
};

let runs = 0;

/** From one generation to another. */
export function step(host: LabHost, from: number, to: number, more: Partial<Transaction> = {}): Transaction {
  const after = filesOf(to);
  const changes = [...filesOf(from)].flatMap(([path, state]): readonly Change[] => {
    const change = changeBetween(path, state, after.get(path) ?? { kind: 'absent' }, ['lab']);
    return change === undefined ? [] : [change];
  });
  const sequence = String(++runs).padStart(6, '0');
  return transaction(changes, changes.length === 0 ? [] : [restartWeb, reloadNginx], {
    host: host.name,
    machineId: readFileSync(join(host.root, 'etc/machine-id'), 'utf8').trim(),
    units: ['nginx', 'lab-web'],
    run: `20261121T${sequence}Z-${host.name.replace(/[^a-f0-9]/g, '').padStart(6, '0')}`,
    keep: 3,
    ...more,
  });
}

/** Which generation the files are, every byte and mode of them; undefined where they are of more than one. */
export async function generationOf(host: LabHost): Promise<number | undefined> {
  const text = await readFile(join(host.root, 'etc/lab/web.conf'), 'utf8').catch(() => '');
  const generation = Number(/^generation (\d+);\n$/.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(generation)) return undefined;
  for (const [path, state] of filesOf(generation)) {
    if ((await described(join(host.root, path))) !== descriptionOf(state)) return undefined;
  }
  return generation;
}

async function described(path: string): Promise<string> {
  const stat = await lstat(path).catch(() => undefined);
  if (stat === undefined) return 'absent';
  if (stat.isSymbolicLink()) return `symlink ${await readlink(path)}`;
  const mode = (stat.mode & 0o7777).toString(8);
  if (stat.isDirectory()) return `directory ${mode}`;
  return `file ${mode} ${stat.uid} ${await readFile(path, 'utf8')}`;
}

function descriptionOf(state: PathState): string {
  switch (state.kind) {
    case 'symlink':
      return `symlink ${state.target}`;
    case 'directory':
      return `directory ${state.mode.toString(8)}`;
    case 'file':
      return `file ${state.mode.toString(8)} 0 ${state.content.toString('utf8')}`;
    default:
      return 'absent';
  }
}

/** Everything on the host that must not be there once a run is over. */
export async function leftovers(host: LabHost): Promise<readonly string[]> {
  const { stdout } = await host.exec(
    `find /etc /run /tmp /var/tmp /dev/shm -xdev \\( -name '.cp-*' -o -name '*clusterproxy*' \\) 2>/dev/null; systemctl list-units --all --no-legend --plain 'clusterproxy-*'; find /var/lib/clusterproxy -maxdepth 1 -name '.*' ! -name '.' ! -path /var/lib/clusterproxy; find /var/lib/clusterproxy/clusters -name '.*' 2>/dev/null`,
  );
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('/etc/ssl/') && !line.includes('ca-certificates'));
}

/** What the services run with, as far as they are active: `nginx generation 3; lab-web generation 3;`. */
export async function served(host: LabHost): Promise<string> {
  const script = `for pair in nginx:8098 lab-web:8099; do
    unit=\${pair%:*}
    [ "$(/usr/bin/systemctl is-active "$unit")" = active ] || { echo "$unit is $(/usr/bin/systemctl is-active "$unit")"; continue; }
    for try in 1 2 3 4 5 6 7 8 9 10; do
      text=$(curl -s --max-time 2 "http://127.0.0.1:\${pair#*:}/") && break
      sleep 0.2
    done
    echo "$unit $text"
  done`;
  return (await host.exec(script)).stdout.trim().replaceAll('\n', ' ');
}

/** The host will stop at the first call that matches one of the patterns of sh(1). */
export async function setTrap(
  host: LabHost,
  { moment, patterns }: { readonly moment: 'before' | 'after'; readonly patterns: readonly string[] },
): Promise<void> {
  const at = (name: string) => join(host.root, place, name);
  await writeFile(at('armed.new'), patterns.map((pattern) => `${moment} ${pattern}\n`).join(''));
  await rename(at('armed.new'), at('armed'));
}

/**
 * Resolves with true when the host stands at the boundary; false when `over` was settled without its ever
 * coming there.
 */
export async function trapped(host: LabHost, over: Promise<unknown>): Promise<boolean> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  over.then(end, end);
  for (;;) {
    if (existsSync(join(host.root, place, 'reached'))) return true;
    if (ended) return false;
    await sleep(15);
  }
}

/** Whoever stands at the boundary goes on. A trap that was set meanwhile is the next one. */
export async function release(host: LabHost): Promise<void> {
  await rm(join(host.root, place, 'reached'), { recursive: true, force: true });
}

export async function disarm(host: LabHost): Promise<void> {
  for (const name of ['armed', 'handler', 'wrong']) await rm(join(host.root, place, name), { force: true });
}

/**
 * From now on the handlers hang or fail, or the unit dies two seconds after its restart, with the files of
 * this generation.
 */
export async function spoil(host: LabHost, how: 'hang' | 'fail' | 'dies', generation: number): Promise<void> {
  await writeFile(join(host.root, place, 'wrong'), `generation ${generation};\n`);
  await writeFile(join(host.root, place, 'handler'), `${how}\n`);
}
