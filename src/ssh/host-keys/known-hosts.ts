import { createHash, createHmac } from 'node:crypto';
import { remembered } from '../remembered.ts';

/**
 * Parser for known_hosts files as described in sshd(8), section "SSH_KNOWN_HOSTS FILE FORMAT". Its tests
 * compare it with `ssh-keygen -F`, which isn't used here because a process per file and host would cost more
 * than the connection.
 */
export interface KnownHost {
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** the first field: patterns separated by commas, or one hashed name */
  readonly names: string;
  readonly type: string;
  readonly key: Buffer;
  /** counts from 1 */
  readonly line: number;
}

export function parseKnownHosts(text: string): readonly KnownHost[] {
  const hosts: KnownHost[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const fields = line.trim().split(/[ \t]+/);
    const first = fields[0] ?? '';
    if (first === '' || first.startsWith('#')) continue;
    const marker = markers.get(first);
    if (first.startsWith('@')) {
      if (marker === undefined) continue;
      fields.shift();
    }
    const [names, type, encoded] = fields;
    if (names === undefined || type === undefined || encoded === undefined) continue;
    const key = Buffer.from(encoded, 'base64');
    if (keyType(key) !== type) continue;
    hosts.push({ marker, names, type, key, line: index + 1 });
  }
  return hosts;
}

const markers = new Map<string, KnownHost['marker']>([
  ['@revoked', 'revoked'],
  ['@cert-authority', 'cert-authority'],
]);

/** The entries that match a host, by its name in such files: see lookupName. */
export function entriesNamed(hosts: readonly KnownHost[], name: string): readonly KnownHost[] {
  return hosts.filter((known) => matchesNames(known.names, name.toLowerCase()));
}

/**
 * The same for many names, in the same order. Lines that only name hosts, as most do, are found by these
 * names: to go through all lines for each of thousands of hosts would take longer than to connect to them.
 */
export function indexOf(hosts: readonly KnownHost[]): (name: string) => readonly KnownHost[] {
  const plain = new Map<string, KnownHost[]>();
  const others: KnownHost[] = [];
  for (const host of hosts) {
    if (/[|*?!]/.test(host.names)) others.push(host);
    else for (const name of new Set(host.names.toLowerCase().split(','))) addTo(plain, name, host);
  }
  const found = new Map<string, readonly KnownHost[]>();
  const find = (name: string) =>
    [...(plain.get(name.toLowerCase()) ?? []), ...entriesNamed(others, name)].sort(
      (one, other) => one.line - other.line,
    );
  return (name) => remembered(found, name, () => find(name));
}

function addTo(lists: Map<string, KnownHost[]>, name: string, host: KnownHost): void {
  remembered(lists, name, () => []).push(host);
}

/** A host's name in a known_hosts file. */
export function lookupName(host: string, port: number): string {
  return (port === 22 ? host : `[${host}]:${port}`).toLowerCase();
}

/** `SHA256:…` as ssh-keygen(1) prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a public key declares: its first field (RFC 4253, section 6.6); empty if it isn't a key. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length > 0 && length <= 64 && 4 + length <= key.length ? key.toString('latin1', 4, 4 + length) : '';
}

function matchesNames(names: string, name: string): boolean {
  if (names.startsWith('|')) return matchesHashed(names, name);
  let matched = false;
  for (const pattern of names.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (matchesPattern(pattern.slice(1), name)) return false;
    } else if (matchesPattern(pattern, name)) matched = true;
  }
  return matched;
}

/** `|1|base64 of the salt|base64 of HMAC-SHA1(salt, name)` */
function matchesHashed(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** Only `*` and `?`: brackets are literal, since they are part of `[host]:port`. */
function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  let position = 0;
  let reached = 0;
  let star = -1;
  let resume = 0;
  while (reached < name.length) {
    const expected = pattern[position];
    if (expected === '*') {
      star = position++;
      resume = reached;
    } else if (expected === '?' || expected === name[reached]) {
      position++;
      reached++;
    } else if (star >= 0) {
      position = star + 1;
      reached = ++resume;
    } else return false;
  }
  while (pattern[position] === '*') position++;
  return position === pattern.length;
}
