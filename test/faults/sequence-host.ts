import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Change } from '../../src/model/change.ts';
import type { PathState } from '../../src/model/snapshot.ts';
import type { LabHost } from '../lab/host.ts';
import type { HostSpec, Lab } from '../lab/lab.ts';
import { installWrappers, place } from './host-under-test.ts';

/** A file with keys of ours and of others. */
export const keys = '/etc/lab/web.properties';
/** A package's file that is ours as a whole while the host is in the cluster. */
export const site = '/etc/nginx/conf.d/lab.conf';
/** A file of our own in which others may write as well. */
export const dropIn = '/etc/systemd/system/lab-web.service.d/cluster.conf';
/** A directory that we make, in which others may put something. */
export const extra = '/etc/lab/extra';

/** Where all is that runs, people and packages change on such a host. */
const folders = ['/etc/lab', '/etc/nginx', '/etc/systemd/system'];

/** Every value of ours begins so, and nothing else does. */
export const ours = 'ours-';

/** What the package has in its files, by its version. */
export function packageFiles(version: number): Readonly<Record<string, string>> {
  return {
    [keys]: `# version ${version}\ngeneration=package-${version}\ncolour=blue\n`,
    [site]: `server {\n  listen 127.0.0.1:8098;\n  location / { return 200 "package-${version}"; }\n}\n`,
  };
}

/** Notes what it was started with before it counts as active. */
const webService = `[Service]
ExecStartPre=/bin/sh -c 'sed -n s/^generation=//p ${keys} > /run/lab-web; echo "$GENERATION" >> /run/lab-web'
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
`;

const playbook = `name: sequences
description: all kinds of things that a step can do, on a host of which little is asked
variables:
  generation: {type: string, description: what all values are}
  extra: {type: boolean, default: false, description: a directory besides}
roles:
  node:
    description: any host
    hosts: {minimum: 0}
    units: [nginx.service, lab-web.service]
    steps:
      - id: keys
        properties: {path: ${keys}, set: {generation: '{{ vars.generation }}'}}
        notify: restart-web
      - id: extra
        when: {vars.extra: true}
        file: {path: ${extra}/deep/file, content: '{{ vars.generation }}', mode: '0640'}
      - id: link
        file: {path: /etc/lab/link, link: 'to-{{ vars.generation }}'}
      - id: drop-in
        systemd-dropin: {unit: lab-web.service, name: cluster.conf, environment: {GENERATION: '{{ vars.generation }}'}}
        notify: restart-web
      - id: site
        file:
          path: ${site}
          content: |
            server {
              listen 127.0.0.1:8098;
              location / { return 200 "{{ vars.generation }}"; }
            }
        notify: reload-nginx
    handlers:
      - {id: restart-web, daemon-reload: true, restart: lab-web.service, ready: [{active: lab-web.service}], timeout: 20, settle: 0}
      - {id: reload-nginx, validate: [nginx, -t], reload: nginx.service, ready: [{active: nginx.service}, nginx-workers], timeout: 20, settle: 0}
`;

export function sequenceHost(name: string): HostSpec {
  return {
    name,
    services: ['nginx', 'lab-web'],
    prepare: async (host) => {
      await installWrappers(host);
      await host.writeFile('/etc/systemd/system/lab-web.service', webService);
      for (const [path, text] of Object.entries(packageFiles(1))) await host.writeFile(path, text);
    },
  };
}

/** An inventory file of a cluster of this host alone. */
export async function writeInventory(
  lab: Lab,
  host: LabHost,
  vars: { readonly generation: string; readonly extra: boolean },
): Promise<string> {
  const folder = join(lab.directory, 'sequences', host.name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'playbook.yaml'), playbook);
  const file = join(folder, 'inventory.yaml');
  // JSON is YAML.
  const inventory = {
    playbook: './playbook.yaml',
    cluster: { name: host.name, hostname: `${host.name}.example.com` },
    windows: 'anytime',
    ssh: { user: 'root', identity_files: [lab.sshKey], known_hosts: [lab.knownHosts] },
    vars,
    hosts: { node: [{ name: host.name, address: host.address }] },
  };
  await writeFile(file, JSON.stringify(inventory, null, 2));
  return file;
}

/** Kind, mode, owner and bytes (or target) of all that is below the folders, by path. */
export type Tree = ReadonlyMap<string, string>;

export async function treeOf(host: LabHost): Promise<Tree> {
  const tree = new Map<string, string>();
  const walk = async (path: string): Promise<void> => {
    const real = join(host.root, path);
    const stat = await lstat(real);
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isDirectory()) {
      tree.set(path, `directory ${mode}`);
      for (const name of (await readdir(real)).sort()) await walk(`${path}/${name}`);
    } else if (stat.isSymbolicLink()) tree.set(path, `symlink ${await readlink(real)}`);
    else tree.set(path, `file ${mode} ${stat.uid} ${await readFile(real, 'utf8')}`);
  };
  for (const folder of folders) await walk(folder);
  return tree;
}

/** What a plan makes of it. A directory in which others have put something stays, which a plan can't know. */
export function planned(tree: Tree, changes: readonly Change[]): Tree {
  const after = new Map(tree);
  for (const { path, after: state } of changes) {
    const text = descriptionOf(state);
    if (text !== undefined) after.set(path, text);
    else if (![...after.keys()].some((other) => other.startsWith(`${path}/`))) after.delete(path);
  }
  return after;
}

function descriptionOf(state: PathState): string | undefined {
  switch (state.kind) {
    case 'absent':
      return undefined;
    case 'symlink':
      return `symlink ${state.target}`;
    case 'directory':
      return `directory ${state.mode.toString(8)}`;
    case 'file':
      return `file ${state.mode.toString(8)} ${state.user === 'root' ? 0 : state.user} ${state.content.toString('utf8')}`;
    case 'unreadable':
      throw new Error(`a plan has something unreadable: ${state.reason}`);
  }
}

/** The paths in which two trees differ. */
export function differing(one: Tree, other: Tree): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((path) => one.get(path) !== other.get(path))
    .sort();
}

/**
 * What the services took up: `GENERATION of the keys, GENERATION of the drop-in, of nginx`; or which of them
 * isn't active.
 */
export async function takenUp(host: LabHost): Promise<string> {
  const script = `for unit in nginx lab-web; do
    state=$(/usr/bin/systemctl is-active $unit) || echo "$unit is $state"
  done
  cat /run/lab-web
  curl -s --max-time 5 --retry 5 --retry-connrefused http://127.0.0.1:8098/`;
  return (await host.exec(script)).stdout.trim().split('\n').join(', ');
}

/** The host as it was when it was made, whatever an earlier test has left. */
export async function reset(host: LabHost): Promise<void> {
  await stopCounting(host);
  if (!host.isRunning()) await host.boot();
  await host.mustExec(
    `/usr/bin/systemctl stop 'clusterproxy-*' 2>/dev/null
    /usr/bin/rm -rf /var/lib/clusterproxy /etc/lab /etc/systemd/system/lab-web.service.d /etc/systemd/system/*clusterproxy* /etc/systemd/system/*/*clusterproxy*
    find /etc -name '.cp-*' -delete`,
  );
  for (const [path, text] of Object.entries(packageFiles(1))) await host.writeFile(path, text);
  await host.mustExec('/usr/bin/systemctl daemon-reload; /usr/bin/systemctl restart lab-web nginx');
}

const at = (host: LabHost, name: string) => join(host.root, place, name);

/** The host will stop in its next run before the call of that number; see wrapper.sh. */
export async function stopAtCall(host: LabHost, call: number): Promise<void> {
  await writeFile(at(host, 'nth'), String(call));
}

/** The calls of the host's run up to now. */
export async function callsOf(host: LabHost): Promise<readonly string[]> {
  const text = await readFile(at(host, 'calls'), 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}

export function standsStill(host: LabHost): boolean {
  return existsSync(at(host, 'reached'));
}

/** Whoever stands still goes on, and nobody is stopped any more. */
export async function stopCounting(host: LabHost): Promise<void> {
  for (const name of ['nth', 'counting', 'calls', 'reached'])
    await rm(at(host, name), { recursive: true, force: true });
}
