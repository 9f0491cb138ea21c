import { createHmac, randomBytes } from 'node:crypto';
import { entriesNamed, keyType, parseKnownHosts } from './known-hosts.ts';

/** What a known_hosts file is to say about a host from now on. */
export interface KnownHostEdit {
  /** the look-up name: `host`, `[host]:port` or a HostKeyAlias */
  readonly name: string;
  readonly add: readonly Buffer[];
  /** keys that no longer belong to the host */
  readonly remove: readonly Buffer[];
  /** write names as hashes: HashKnownHosts of ssh_config(5) */
  readonly hash: boolean;
}

export interface EditedKnownHosts {
  readonly text: string;
  /**
   * line numbers (from 1) that should be removed but that also match other hosts by a pattern; they were kept
   */
  readonly shared: readonly number[];
}

/**
 * A known_hosts file with the keys of these hosts. Pure. Lines about other hosts stay byte for byte, a known
 * key isn't added again, and from a line with several names only the host's own name is removed. Format:
 * sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". `text` may be read as latin1, so that all bytes survive.
 */
export function editKnownHosts(text: string, edits: readonly KnownHostEdit[]): EditedKnownHosts {
  const lines = text.split('\n');
  const shared = new Set<number>();
  const gone = new Set<number>();
  for (const { name, remove } of edits) {
    const concerned = entriesNamed(parseKnownHosts(lines.join('\n')), name).filter(
      (entry) => entry.marker === undefined && remove.some((key) => key.equals(entry.key)),
    );
    for (const { line, names } of concerned) {
      const rest = withoutName(names, name.toLowerCase());
      if (rest === undefined) shared.add(line);
      else if (rest === '') {
        gone.add(line);
        lines[line - 1] = '';
      } else lines[line - 1] = (lines[line - 1] ?? '').replace(names, () => rest);
    }
  }
  let result = lines.filter((_, index) => !gone.has(index + 1)).join('\n');
  for (const { name, add, hash } of edits) {
    for (const key of add) {
      const known = entriesNamed(parseKnownHosts(result), name);
      if (known.some((entry) => entry.marker === undefined && entry.key.equals(key))) continue;
      if (result !== '' && !result.endsWith('\n')) result += '\n';
      result += `${written(name, hash)} ${keyType(key)} ${key.toString('base64')}\n`;
    }
  }
  return { text: result, shared: [...shared].sort((one, other) => one - other) };
}

/** The other names of a line; undefined if patterns decide. */
function withoutName(names: string, name: string): string | undefined {
  if (names.startsWith('|')) return '';
  if (/[*?!]/.test(names)) return undefined;
  return names
    .split(',')
    .filter((other) => other.toLowerCase() !== name)
    .join(',');
}

/** `|1|base64 of a salt|base64 of HMAC-SHA1(salt, name)` if names are hashed. */
function written(name: string, hash: boolean): string {
  if (!hash) return name.toLowerCase();
  const salt = randomBytes(20);
  const digest = createHmac('sha1', salt).update(name.toLowerCase()).digest('base64');
  return `|1|${salt.toString('base64')}|${digest}`;
}
