import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BinaryResult,
  type CommandOptions,
  type CommandResult,
  DEFAULT_TIMEOUT_MS,
  mustRun,
  runBinary,
} from './command.ts';
import { waitForSsh } from './network.ts';
import { killCgroup } from './state.ts';

/**
 * A real host: systemd as first process, sshd, a disk that survives the loss of power, an address of its own.
 */
export interface LabHost {
  /** Its host name, and the name of its machine in the lab. */
  name: string;
  /**
   * Fully qualified names; the first is the answer of `hostname --fqdn`. Every host of the lab resolves them.
   */
  hostnames: string[];
  address: string;
  port: 22;
  /**
   * The path of its root directory on this machine. Absolute links in it point outside: use readFile and
   * writeFile.
   */
  root: string;
  /** The layers of its root directory: the base that all hosts share, and what this host has changed. */
  layers: { base: string; upper: string };
  /** The console output since the first boot. */
  console: string;
  /** Runs a program as root in the host, not through ssh. On a host without power: in its root directory. */
  exec(command: string | readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Like exec, but an exit status other than 0 is an error. */
  mustExec(command: string | readonly string[], options?: CommandOptions): Promise<string>;
  /** Kills all its processes at once, like a power cut. Its disk stays. */
  powerOff(): Promise<void>;
  /** Starts it; resolves when sshd answers. Does nothing if the host is running. */
  boot(): Promise<void>;
  isRunning(): boolean;
  /** Owned by root; creates missing parent directories. Mode as octal number; default 0o644. */
  writeFile(path: string, content: string | Buffer, mode?: number): Promise<void>;
  readFile(path: string): Promise<Buffer>;
  /**
   * Copies the files below a directory of this machine into its root: owned by root, with the same modes,
   * following links to directories.
   */
  copyTree(directory: string): Promise<void>;
}

export interface HostPlace {
  name: string;
  hostnames: string[];
  address: string;
  /** The host's own directory in the lab's state directory. */
  directory: string;
  /** The base root. */
  base: string;
  /** Name of its network namespace. */
  namespace: string;
  /** Directory of its control group. */
  cgroup: string;
}

const BOOT_TIMEOUT_MS = 120_000;

/**
 * systemd-nspawn refuses a /run on disk and would pick cgroup v1 by what is mounted, so it gets a view of its
 * own. With --keep-unit it exits with 133 when the host reboots itself. A host may give
 * itself further addresses: its network is its own.
 */
const START = `
echo $$ > "$1/cgroup.procs"
exec nsenter --net="/run/netns/$2" unshare --mount --propagation private sh -c '
  mount -t tmpfs tmpfs /run &&
  umount --lazy /sys/fs/cgroup &&
  mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 1
  while :; do
    systemd-nspawn --quiet --directory="$1" --boot --machine="$2" --register=no --keep-unit --console=pipe \
      --capability=CAP_NET_ADMIN --resolv-conf=off --timezone=off --link-journal=no
    [ $? = 133 ] || exit 0
  done' sh "$3" "$4"
`;

/**
 * A host that shuts down stops all its processes before it kills them; if nsenter forks, it then stops itself
 * for good and never reaps its child, so the host never ends. A shell doesn't have this problem.
 */
const FORK_INSIDE = ['/bin/sh', '-c', '"$@"; exit $?', 'sh'];

const CLEAN_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
};

/** Creates the host's disk (an overlay over the base root) and mounts it; the host isn't running yet. */
export async function createHost(place: HostPlace): Promise<LabHost> {
  const root = join(place.directory, 'root');
  const layers = { upper: join(place.directory, 'upper'), work: join(place.directory, 'work') };
  for (const directory of [root, layers.upper, layers.work]) mkdirSync(directory, { recursive: true });
  await mustRun('mount', [
    ...['-t', 'overlay', 'overlay', '-o'],
    `lowerdir=${place.base},upperdir=${layers.upper},workdir=${layers.work}`,
    root,
  ]);
  const consoleFile = join(place.directory, 'console.log');

  const runInside = (
    command: string | readonly string[],
    options: CommandOptions = {},
  ): Promise<BinaryResult> => {
    const words = typeof command === 'string' ? ['sh', '-c', command] : command;
    const leader = firstProcess(place.cgroup);
    const environment = Object.entries({ ...CLEAN_ENVIRONMENT, ...options.env }).map(([k, v]) => `${k}=${v}`);
    const enter =
      leader === undefined
        ? ['chroot', root]
        : ['nsenter', '--target', String(leader), '--all', '--no-fork', '--root', '--wd', ...FORK_INSIDE];
    const seconds = (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) / 1_000 + 0.5;
    const limit = ['timeout', '--signal=KILL', String(seconds)];
    const { env: _, ...rest } = options;
    const inside = [...limit, 'env', '--ignore-environment', ...environment, ...words];
    const [program = '', ...args] = [...enter, ...inside];
    return runBinary(program, args, rest);
  };

  const host: LabHost = {
    name: place.name,
    hostnames: place.hostnames,
    address: place.address,
    port: 22,
    root,
    layers: { base: place.base, upper: layers.upper },
    get console() {
      return existsSync(consoleFile) ? readFileSync(consoleFile, 'utf8') : '';
    },
    async exec(command, options) {
      const { code, stdout, stderr } = await runInside(command, options);
      return { code, stdout: stdout.toString(), stderr: stderr.toString() };
    },
    async mustExec(command, options) {
      const { code, stdout, stderr } = await host.exec(command, options);
      if (code !== 0) throw new Error(`${host.name}: ${command}: exit ${code}\n${stderr || stdout}`.trim());
      return stdout;
    },
    async powerOff() {
      killCgroup(place.cgroup);
    },
    async boot() {
      if (host.isRunning()) return;
      // The remains of a host that was shut down from the inside.
      killCgroup(place.cgroup);
      mkdirSync(place.cgroup, { recursive: true });
      const output = openSync(consoleFile, 'a');
      const child = spawn('sh', ['-c', START, 'sh', place.cgroup, place.namespace, root, place.name], {
        stdio: ['ignore', output, output],
        detached: true,
      });
      child.unref();
      closeSync(output);
      await new Promise<void>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code) => {
          if (!settled) reject(new Error(`${host.name} ended while booting (${code}):\n${host.console}`));
        });
        let settled = false;
        waitForSsh(place.address, 22, BOOT_TIMEOUT_MS).then(
          () => {
            settled = true;
            resolve();
          },
          (error: Error) => reject(new Error(`${error.message}\n${host.console}`)),
        );
      });
    },
    isRunning() {
      return firstProcess(place.cgroup) !== undefined;
    },
    async writeFile(path, content, mode = 0o644) {
      const program = 'mkdir -p "$(dirname "$1")" && cat > "$1" && chmod "$2" "$1"';
      await host.mustExec(['sh', '-c', program, 'sh', path, mode.toString(8)], {
        input: content,
      });
    },
    async readFile(path) {
      const { code, stdout, stderr } = await runInside(['cat', '--', path]);
      if (code !== 0) throw new Error(`${host.name}: ${stderr.toString().trim()}`);
      return stdout;
    },
    async copyTree(directory) {
      const archive = await runBinary('tar', [
        ...['--create', '--directory', directory, '--owner=0', '--group=0', '--mode=u+w,a+rX', '.'],
      ]);
      if (archive.code !== 0) throw new Error(archive.stderr.toString());
      await host.mustExec(
        ['tar', '--extract', '--keep-directory-symlink', '--no-overwrite-dir', '--directory', '/'],
        {
          input: archive.stdout,
        },
      );
    },
  };
  return host;
}

/**
 * The process of this machine that is number 1 in the host (the last number of `NSpid`), if the host is
 * running.
 */
function firstProcess(cgroup: string): number | undefined {
  const members = join(cgroup, 'payload', 'init.scope', 'cgroup.procs');
  try {
    for (const pid of readFileSync(members, 'utf8').trim().split('\n')) {
      const numbers = /^NSpid:\s+(.+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      if (numbers?.split(/\s+/).at(-1) === '1') return Number(pid);
    }
  } catch {
    // No such group or process: it isn't running (any more).
  }
  return undefined;
}
