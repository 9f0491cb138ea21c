import { isDoorGroup, type ListedHost, named } from './listed-host.ts';

/** What an inventory has of its own. */
const plain = new Set(['hostname', 'port', 'user']);

/** The single hosts of an ssh configuration, ssh_config(5); undefined if the text is none. */
export function readSshConfig(text: string): readonly ListedHost[] | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  if (!lines.some((line) => /^Host(?:\s*=\s*|\s+)\S/i.test(line)) || /[{}]\s*$/m.test(text)) return undefined;
  const entries: { readonly names: readonly string[]; readonly values: Map<string, string> }[] = [];
  for (const line of lines) {
    const [, key = '', value = ''] = /^([A-Za-z]+)(?:\s*=\s*|\s+)"?(.*?)"?$/.exec(line) ?? [];
    const keyword = key.toLowerCase();
    if (keyword === 'host') entries.push({ names: value.split(/\s+/), values: new Map() });
    // What is in a Match isn't about one host.
    else if (keyword === 'match') entries.push({ names: [], values: new Map() });
    else if (key !== '' && !entries.at(-1)?.values.has(keyword)) entries.at(-1)?.values.set(keyword, value);
  }
  return entries.flatMap(({ names, values }) => {
    const [port, user, place] = ['port', 'user', 'hostname'].map((key) => values.get(key));
    return names
      .filter((name) => !/[*?!]/.test(name))
      .map((name) => ({
        ...named(name, place?.replaceAll('%h', name)),
        alias: name,
        ...([...values.keys()].some((key) => !plain.has(key)) ? { hasMore: true } : {}),
        ...(port === undefined ? {} : { port: Number(port) }),
        ...(user === undefined ? {} : { user }),
        ...(isDoorGroup(name) ? { isDoor: true } : {}),
      }));
  });
}
