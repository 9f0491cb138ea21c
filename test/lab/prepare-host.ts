import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Authority } from './authority.ts';
import type { LabHost } from './host.ts';

export type HostKeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface Preparation {
  /** In the form of authorized_keys. */
  publicKey: string;
  authority: Authority;
  hostKeys: HostKeyType[] | undefined;
}

/** Where every host has the certificate for its names, signed by the lab's authority. */
export const CERTIFICATE = {
  fullchain: '/etc/ssl/clusterproxy-lab/fullchain.pem',
  privateKey: '/etc/ssl/clusterproxy-lab/privkey.pem',
} as const;

/**
 * Makes a host distinct before its first boot: names, machine id, host keys, accepted keys, certificates.
 * Returns its public host keys (`TYPE BASE64`).
 */
export async function prepareHost(host: LabHost, preparation: Preparation): Promise<string[]> {
  const certificates = await preparation.authority.issue([...host.hostnames, host.name], [host.address]);
  const authority = await readFile(preparation.authority.certificate, 'utf8');
  await host.writeFile('/etc/hostname', `${host.name}\n`);
  await host.writeFile('/etc/machine-id', `${randomBytes(16).toString('hex')}\n`, 0o444);
  await host.writeFile('/root/.ssh/authorized_keys', preparation.publicKey, 0o600);
  await host.writeFile('/usr/local/share/ca-certificates/clusterproxy-lab.crt', authority);
  await host.writeFile(CERTIFICATE.fullchain, await readFile(certificates.certificate));
  await host.writeFile(CERTIFICATE.privateKey, await readFile(certificates.privateKey), 0o600);
  const types = preparation.hostKeys ?? ['ed25519', 'ecdsa'];
  return (await host.mustExec(['sh', '-ceu', FINISH, 'sh', ...types])).trim().split('\n');
}

const FINISH = `
chmod 0700 /root/.ssh
for user in ops deputy; do
  install -d -o "$user" -g "$user" -m 0700 "/home/$user/.ssh"
  install -o "$user" -g "$user" -m 0600 /root/.ssh/authorized_keys "/home/$user/.ssh/authorized_keys"
done
cat /usr/local/share/ca-certificates/clusterproxy-lab.crt >> /etc/ssl/certs/ca-certificates.crt
for type; do
  ssh-keygen -q -t "$type" -N '' -C '' -f "/etc/ssh/ssh_host_\${type}_key"
  cut -d ' ' -f 1,2 "/etc/ssh/ssh_host_\${type}_key.pub"
done
`;
