import { join } from 'node:path';
import type { LabHost } from '../lab/host.ts';
import { waitForSsh } from '../lab/network.ts';

/** One more sshd on a host of the lab, with a configuration and a log of its own. */
export interface Sshd {
  readonly address: string;
  readonly port: number;
  /** public host keys, `TYPE BASE64`, in the order of the options */
  readonly hostKeys: readonly string[];
  /** what it logged, LogLevel DEBUG1 */
  log(): Promise<string>;
  stop(): Promise<void>;
}

export interface SshdOptions {
  readonly port: number;
  /** lines of sshd_config; what stands first counts */
  readonly config?: readonly string[];
  /** key types; default: those of the host itself are used, ed25519 and ecdsa */
  readonly newHostKeys?: readonly string[];
  /** machine-id(5) as those see it who log in here, 32 hexadecimal digits; default: that of the host */
  readonly machineId?: string;
  /** signs the first host key with this authority's private key (a path on the host), for these names */
  readonly certifiedBy?: { readonly authority: string; readonly names: string };
}

/** Several of them on one host are cheaper than several hosts. Resolves when it greets. */
export async function startSshd(host: LabHost, options: SshdOptions): Promise<Sshd> {
  const folder = `/etc/ssh/test-${options.port}`;
  const unit = `test-sshd-${options.port}`;
  const log = `/var/log/${unit}.log`;
  const keys =
    options.newHostKeys === undefined
      ? ['ed25519', 'ecdsa'].map((type) => `/etc/ssh/ssh_host_${type}_key`)
      : options.newHostKeys.map((type) => join(folder, `${type}_key`));
  await host.mustExec(['mkdir', '-p', folder]);
  for (const [index, type] of (options.newHostKeys ?? []).entries()) {
    await host.mustExec(['ssh-keygen', '-q', '-t', type, '-N', '', '-C', '', '-f', keys[index] ?? '']);
  }
  const certificate: string[] = [];
  if (options.certifiedBy !== undefined) {
    const { authority, names } = options.certifiedBy;
    const key = `${keys[0]}.pub`;
    await host.mustExec(['ssh-keygen', '-q', '-s', authority, '-I', unit, '-h', '-n', names, key]);
    certificate.push(`HostCertificate ${keys[0]}-cert.pub`);
  }
  const lines = [
    ...(options.config ?? []),
    `Port ${options.port}`,
    ...keys.map((key) => `HostKey ${key}`),
    ...certificate,
    'PidFile none',
    'LogLevel DEBUG1',
    'UsePAM yes',
    'KbdInteractiveAuthentication no',
    'PasswordAuthentication no',
    'PermitRootLogin yes',
    '',
  ];
  await host.writeFile(join(folder, 'sshd_config'), lines.join('\n'));
  await host.mustExec(['/usr/sbin/sshd', '-t', '-f', join(folder, 'sshd_config')]);
  const machine = join(folder, 'machine-id');
  if (options.machineId !== undefined) await host.writeFile(machine, `${options.machineId}\n`);
  await host.mustExec([
    ...['systemd-run', '--quiet', `--unit=${unit}`, '--property=RuntimeDirectory=sshd'],
    ...['--property=RuntimeDirectoryPreserve=yes', '--collect'],
    ...(options.machineId === undefined ? [] : [`--property=BindReadOnlyPaths=${machine}:/etc/machine-id`]),
    ...['/usr/sbin/sshd', '-D', '-E', log, '-f', join(folder, 'sshd_config')],
  ]);
  await waitForSsh(host.address, options.port, 120_000);
  const publicKeys = await Promise.all(
    keys.map((key) => host.mustExec(['cut', '-d ', '-f1,2', `${key}.pub`])),
  );
  return {
    address: host.address,
    port: options.port,
    hostKeys: publicKeys.map((line) => line.trim()),
    log: () => host.mustExec(['cat', log]),
    stop: async () => {
      await host.mustExec(['systemctl', 'stop', unit]);
    },
  };
}
