import { readFileSync } from 'node:fs';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { freemem, release } from 'node:os';
import { join } from 'node:path';
import { type Authority, createAuthority } from './authority.ts';
import { baseRoot } from './base-root.ts';
import { type CommandOptions, type CommandResult, mustRun, run } from './command.ts';
import { createHost, type LabHost } from './host.ts';
import { createBridge, createHostNetwork, hostAddress } from './network.ts';
import { type HostKeyType, prepareHost } from './prepare-host.ts';
import { onProcessEnd } from './process-end.ts';
import { cgroupDirectory, claimLab, labDirectory, removeLab, removeLeftovers } from './state.ts';

export interface HostSpec {
  name: string;
  /** Default: NAME.example.com. */
  hostnames?: string[];
  /** Units to enable before the first boot, from those in the base root: nginx, haproxy, xinetd. */
  services?: string[];
  /** Default: ed25519 and ecdsa (an rsa key takes a while to generate). */
  hostKeys?: HostKeyType[];
  /** Called before the first boot: writeFile, copyTree and exec work on the disk. */
  prepare?: (host: LabHost, lab: Lab) => Promise<void>;
}

export interface Lab {
  hosts: LabHost[];
  /** Folder for the state of this lab on this machine; removed with it. */
  directory: string;
  /** Path of a private key (ed25519) that root, ops and deputy accept on all hosts. */
  sshKey: string;
  /** Path of a known_hosts file with the keys of all hosts, by address and by name. */
  knownHosts: string;
  /** Path of an ssh_config that knows all hosts by name: `ssh -F lab.sshConfig bbb-01`. User root. */
  sshConfig: string;
  authority: Authority;
  /** Boots more hosts, in parallel; all hosts then know their names. */
  addHosts(specs: readonly HostSpec[]): Promise<LabHost[]>;
  /** The host of that name; throws if there is none. */
  host(name: string): LabHost;
  /** Runs a program on this machine that resolves the lab's names, and no others (as the hosts do). */
  run(command: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /**
   * The words with which `run` starts a program; the program replaces them, so that their process is the
   * program's.
   */
  wordsFor(command: string, args: readonly string[]): readonly [string, ...string[]];
  /** Ends and removes everything; may be called twice. */
  destroy(): Promise<void>;
}

/** A host needs a few inotify instances for root; 128, a usual default, is too few for 20 hosts. */
const INOTIFY = '/proc/sys/fs/inotify/max_user_instances';

const WITH_NAMES = `
mount --bind "$1/hosts" /etc/hosts && mount --bind "$1/resolv.conf" /etc/resolv.conf && shift && exec "$@"
`;

/**
 * Builds a lab and boots its hosts in parallel. First removes what crashed runs left behind. The lab is
 * removed by `destroy`, and in any case when this process ends.
 */
export async function startLab(specs: readonly HostSpec[]): Promise<Lab> {
  removeLeftovers();
  const base = await baseRoot();
  const record = claimLab();
  const remove = onProcessEnd(() => removeLab(record));
  try {
    const directory = labDirectory(record);
    if (Number(readFileSync(INOTIFY, 'utf8')) < 4096) await writeFile(INOTIFY, '4096');
    await createBridge(record);
    const hostsDirectory = join(directory, 'hosts');
    await mkdir(hostsDirectory);
    if (fitsInMemory()) await mustRun('mount', ['-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', hostsDirectory]);
    const paths = {
      sshKey: join(directory, 'id_ed25519'),
      knownHosts: join(directory, 'known_hosts'),
      sshConfig: join(directory, 'ssh_config'),
      names: join(directory, 'names'),
    };
    await mkdir(paths.names);
    await writeFile(join(paths.names, 'resolv.conf'), 'nameserver 127.0.0.1\n');
    await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', paths.sshKey]);
    await writeFile(paths.knownHosts, '');
    await writeFile(paths.sshConfig, '');
    const publicKey = await readFile(`${paths.sshKey}.pub`, 'utf8');
    const authority = await createAuthority(join(directory, 'authority'));

    let addresses = 0;
    let published: Promise<unknown> = Promise.resolve();
    /** One after the other; the last one knows all hosts. */
    const publishNames = async () => {
      const mine = published.then(() => writeNames(paths.names, lab.hosts));
      published = mine.catch(() => undefined);
      await mine;
    };

    const lab: Lab = {
      hosts: [],
      directory,
      sshKey: paths.sshKey,
      knownHosts: paths.knownHosts,
      sshConfig: paths.sshConfig,
      authority,
      async addHosts(more) {
        // Reserved before any await: several tests may add hosts at the same time.
        const first = addresses;
        addresses += more.length;
        const added = await Promise.all(
          more.map(async (spec, offset) => {
            const host = await createHost({
              name: spec.name,
              hostnames: spec.hostnames ?? [`${spec.name}.example.com`],
              address: hostAddress(record, first + offset),
              directory: join(hostsDirectory, spec.name),
              base,
              namespace: await createHostNetwork(record, first + offset, spec.name),
              cgroup: join(cgroupDirectory(record), spec.name),
            });
            const hostKeys = await prepareHost(host, { publicKey, authority, hostKeys: spec.hostKeys });
            await appendFile(
              paths.knownHosts,
              hostKeys.map((key) => `${knownNames(host)} ${key}\n`).join(''),
            );
            return host;
          }),
        );
        lab.hosts.push(...added);
        await writeFile(paths.sshConfig, sshConfig(lab));
        await publishNames();
        await Promise.all(
          added.map(async (host, offset) => {
            const spec = more[offset];
            await spec?.prepare?.(host, lab);
            const services = spec?.services ?? [];
            if (services.length > 0) await host.mustExec(['systemctl', '--quiet', 'enable', ...services]);
            await host.boot();
          }),
        );
        return added;
      },
      host(name) {
        const found = lab.hosts.find((host) => host.name === name);
        if (found === undefined) throw new Error(`the lab has no host ${name}`);
        return found;
      },
      run(command, args, options) {
        const [program, ...words] = lab.wordsFor(command, args);
        return run(program, words, options);
      },
      wordsFor(command, args) {
        const namespace = ['unshare', '--mount', '--propagation', 'private'] as const;
        return [...namespace, 'sh', '-c', WITH_NAMES, 'sh', paths.names, command, ...args];
      },
      async destroy() {
        remove();
      },
    };
    await lab.addHosts(specs);
    return lab;
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * Whether hosts keep what they write in memory: they often wait for their disks, which are one shared disk.
 * It also outlives a host's loss of power. Before Linux 6.6 tmpfs supported neither user extended attributes
 * nor immutable files.
 */
function fitsInMemory(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return (major > 6 || (major === 6 && minor >= 6)) && freemem() > 3_000_000_000;
}

/** By renaming: nginx may be reading the table, and stops if a name is missing for a moment. */
async function writeNames(directory: string, hosts: readonly LabHost[]): Promise<void> {
  const table = hostsTable(hosts);
  await writeFile(join(directory, '.hosts'), table);
  await rename(join(directory, '.hosts'), join(directory, 'hosts'));
  const replace = 'cat > /etc/.hosts && mv /etc/.hosts /etc/hosts';
  await Promise.all(hosts.map((host) => host.mustExec(replace, { input: table })));
}

function hostsTable(hosts: readonly LabHost[]): string {
  const lines = hosts.map((host) => `${host.address} ${[...host.hostnames, host.name].join(' ')}`);
  return ['127.0.0.1 localhost', '::1 localhost ip6-localhost', ...lines, ''].join('\n');
}

function knownNames(host: LabHost): string {
  return [...new Set([host.address, host.name, ...host.hostnames])].join(',');
}

function sshConfig(lab: Lab): string {
  const hosts = lab.hosts.map(
    (host) => `Host ${[host.name, ...host.hostnames].join(' ')}\n  HostName ${host.address}\n`,
  );
  return `${hosts.join('')}Host *
  User root
  IdentityFile ${lab.sshKey}
  IdentitiesOnly yes
  UserKnownHostsFile ${lab.knownHosts}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  BatchMode yes
`;
}
