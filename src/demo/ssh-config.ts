import type { EmbeddedHost } from './embedded-host.ts';

/**
 * A configuration for ssh(1) by which the demo's hosts have their names, as those of a real cluster have in
 * DNS. Nothing of the account's own is used, nor written to: keys of hosts go to `knownHosts`.
 */
export function sshConfigOf(
  hosts: Iterable<Pick<EmbeddedHost, 'name' | 'port' | 'target'>>,
  knownHosts: string,
): string {
  const entries = [...hosts].map(({ name, port, target }) =>
    [
      `Host ${name}`,
      '  HostName 127.0.0.1',
      `  Port ${port}`,
      ...target.identityFiles.map((file) => `  IdentityFile "${file}"`),
    ].join('\n'),
  );
  const all = `Host *
  User root
  UserKnownHostsFile "${knownHosts}"
  IdentitiesOnly yes
  IdentityAgent none`;
  return `${[...entries, all].join('\n\n')}\n`;
}
