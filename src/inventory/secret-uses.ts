import { valueAt } from '../document/found-value.ts';
import type { YamlDocument, YamlPath } from '../document/yaml-document.ts';
import type { Playbook } from '../model/playbook.ts';
import { isSecretReference } from '../secrets/reference.ts';
import { hostEntries } from './host-entries.ts';
import type { HostState } from './inventory.ts';
import { type SecretUse, type SshKey, sshKeys } from './secret-use.ts';

/** Every secret that a host of the cluster gets; a variable counts only if the playbook's text names it. */
export function secretUses(
  document: YamlDocument,
  playbook: Playbook,
  hosts: readonly { readonly name: string; readonly state: HostState }[],
): readonly SecretUse[] {
  const declared = Object.entries(playbook.variables).flatMap(([name, { type }]) =>
    type === 'secret' && isMentioned(playbook, name) ? [name] : [],
  );
  const listed = new Set(playbook.roles.flatMap((role) => role.serverLists.map(({ secret }) => secret)));
  const at = (host: string | undefined, holder: YamlPath, place: SecretUse['for']): readonly SecretUse[] => {
    const [group, key] = place.kind === 'ssh' ? ['ssh', place.key] : ['vars', place.name];
    const own = [...holder, group, key];
    const path = valueAt(document.value, own) === undefined ? [group, key] : own;
    const value = valueAt(document.value, path);
    if (typeof value !== 'string' && !isSecretReference(value)) return [];
    return [{ host, for: place, value, location: document.location(path) }];
  };
  const variables = declared.map((name) => ({ kind: 'variable', name }) as const);
  const connections = (Object.keys(sshKeys) as SshKey[]).map((key) => ({ kind: 'ssh', key }) as const);
  const entries = hostEntries(document.value);
  return [
    ...[...listed].flatMap((name) => at(undefined, [], { kind: 'server-list', name })),
    ...(hosts.length === 0 ? variables.flatMap((place) => at(undefined, [], place)) : []),
    ...hosts.flatMap(({ name, state }) => {
      const path = entries.find(({ data }) => data.name === name)?.path ?? [];
      const places = state !== 'retired' ? [...variables, ...connections] : connections;
      return places.flatMap((place) => at(name, path, place));
    }),
  ];
}

/** Whether anything in a playbook could use a variable: its name occurs somewhere besides its declaration. */
function isMentioned({ text, roles }: Playbook, name: string): boolean {
  const word = new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'g');
  const templates = roles.flatMap((role) => role.steps.flatMap(({ template }) => template?.text ?? []));
  const lists = roles.flatMap(({ serverLists }) => serverLists.filter(({ secret }) => secret === name));
  // Naming it as the secret of a server list is no use on a host.
  const declarations = 1 + lists.length;
  return (text.match(word)?.length ?? 0) > declarations || templates.some((one) => one.search(word) !== -1);
}
