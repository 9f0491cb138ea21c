import { Document } from 'yaml';
import type { Draft, DraftHost } from './draft.ts';

/** Names the file that `clusterproxy schema inventory --playbook NAME --out .` writes, for editors. */
const schemaComment = (playbook: string) =>
  ` yaml-language-server: $schema=./inventory-${playbook}.schema.json`;

/**
 * The text of an inventory: about ten lines, one for each host. `roles` are those of the playbook, in its
 * order.
 */
export function inventoryText(draft: Draft, roles: readonly string[]): string {
  const { playbook, cluster, ssh, external } = draft;
  const document = new Document();
  const onOneLine = (data: unknown) => document.createNode(data, { flow: true });
  const hosts = roles.flatMap((role): (readonly [string, unknown])[] => {
    if (external.includes(role)) return [[role, 'external']];
    const own = draft.hosts.filter((host) => host.role === role);
    return own.length === 0 ? [] : [[role, own.map((host) => onOneLine(hostData(host, ssh)))]];
  });
  const sshData = sshDataOf(ssh);
  document.contents = document.createNode({
    playbook,
    cluster: onOneLine({ name: cluster.name, hostname: cluster.hostname }),
    ...(Object.keys(sshData).length === 0 ? {} : { ssh: onOneLine(sshData) }),
    hosts: Object.fromEntries(hosts),
  });
  const comment = schemaComment(playbook);
  document.commentBefore = comment;
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  // The library keeps a comment before everything apart by an empty line.
  return text.replace(`#${comment}\n\n`, `#${comment}\n`);
}

function hostData(
  { name, hostname, address, port, user }: DraftHost,
  everywhere: Draft['ssh'],
): Readonly<Record<string, unknown>> {
  // Where root logs in to all others, nothing is said for all of how commands run as root.
  const needsSudo = everywhere.become === undefined && user !== undefined && user !== 'root';
  const ssh = {
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(needsSudo ? { become: 'sudo' } : {}),
  };
  return {
    name,
    ...(hostname === undefined ? {} : { hostname }),
    ...(address === undefined ? {} : { address }),
    ...(Object.keys(ssh).length === 0 ? {} : { ssh }),
  };
}

function sshDataOf({ user, become, config, proxyJump }: Draft['ssh']): Readonly<Record<string, unknown>> {
  return {
    ...(user === undefined ? {} : { user }),
    ...(become === 'sudo' ? { become } : {}),
    ...(proxyJump === undefined ? {} : { proxy_jump: proxyJump }),
    ...(config === undefined ? {} : { config }),
  };
}
