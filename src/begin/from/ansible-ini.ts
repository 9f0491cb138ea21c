import { isDoorGroup, type ListedHost, named } from './listed-host.ts';

/**
 * The hosts of an Ansible inventory in INI; undefined if it is none. Form:
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/ini_inventory.html
 */
export function readAnsibleIni(text: string): readonly ListedHost[] | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  if (!lines.some((line) => /^\[[A-Za-z_][\w.-]*(?::(?:vars|children))?\]$/.test(line))) return undefined;
  const hosts = new Map<string, ListedHost>();
  let group = '';
  let isHosts = true;
  for (const line of lines) {
    const section = /^\[([^\]:]*)(?::(\w+))?\]$/.exec(line);
    if (section !== null) {
      group = section[1] ?? '';
      isHosts = section[2] === undefined;
    } else if (isHosts && line !== '' && !/^[#;]/.test(line)) {
      for (const [name, host] of hostsOf(line, group)) hosts.set(name, { ...hosts.get(name), ...host });
    }
  }
  return [...hosts.values()];
}

function hostsOf(line: string, group: string): readonly (readonly [string, ListedHost])[] {
  const [pattern = '', ...words] = line.split(/\s+#/)[0]?.split(/\s+/) ?? [];
  const values = new Map(
    words.flatMap((word) => {
      const [, key = '', value = ''] = /^(\w+)=["']?(.*?)["']?$/.exec(word) ?? [];
      return key === '' ? [] : [[key, value] as const];
    }),
  );
  const port = values.get('ansible_port') ?? values.get('ansible_ssh_port');
  const user = values.get('ansible_user') ?? values.get('ansible_ssh_user');
  const place = values.get('ansible_host') ?? values.get('ansible_ssh_host');
  return expanded(pattern).map((name) => [
    name,
    {
      ...named(name, place),
      ...(port === undefined ? {} : { port: Number(port) }),
      ...(user === undefined ? {} : { user }),
      ...(isDoorGroup(group) ? { isDoor: true } : {}),
    },
  ]);
}

/** `bbb-[01:03].example.com` */
function expanded(pattern: string): readonly string[] {
  const [, before = '', first = '', last = '', after = ''] =
    /^(.*?)\[(\d{1,4}):(\d{1,4})\](.*)$/.exec(pattern) ?? [];
  if (first === '') return [pattern];
  const count = Number(last) - Number(first) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    return `${before}${String(Number(first) + index).padStart(first.length, '0')}${after}`;
  });
}
