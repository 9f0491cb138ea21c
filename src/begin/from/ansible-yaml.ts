import { isDoorGroup, type ListedHost, named } from './listed-host.ts';
import { entriesOf, plainData } from './plain-data.ts';

const deepest = 20;

/**
 * The hosts of an Ansible inventory in YAML; undefined if it is none. Form:
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/yaml_inventory.html
 */
export function readAnsibleYaml(text: string): readonly ListedHost[] | undefined {
  const groups = entriesOf(plainData(text));
  if (!groups.some(([, group]) => isGroup(group))) return undefined;
  const hosts = new Map<string, ListedHost>();
  for (const [name, group] of groups) gather(name, group, { hosts, depth: 0 });
  return [...hosts.values()];
}

function isGroup(value: unknown): boolean {
  return entriesOf(value).some(
    ([key, inner]) => (key === 'hosts' || key === 'children') && entriesOf(inner).length > 0,
  );
}

function gather(
  name: string,
  group: unknown,
  { hosts, depth }: { readonly hosts: Map<string, ListedHost>; readonly depth: number },
): void {
  if (depth > deepest) return;
  for (const [key, inner] of entriesOf(group)) {
    if (key === 'children') {
      for (const [child, value] of entriesOf(inner)) gather(child, value, { hosts, depth: depth + 1 });
    }
    if (key !== 'hosts') continue;
    for (const [host, values] of entriesOf(inner)) {
      hosts.set(host, {
        ...hosts.get(host),
        ...hostOf(host, values),
        ...(isDoorGroup(name) ? { isDoor: true } : {}),
      });
    }
  }
}

function hostOf(name: string, values: unknown): ListedHost {
  const given = new Map(entriesOf(values));
  const text = (key: string) => {
    const value = given.get(key);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const [port, user] = [text('ansible_port'), text('ansible_user')];
  return {
    ...named(name, text('ansible_host')),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(user === undefined ? {} : { user }),
  };
}
