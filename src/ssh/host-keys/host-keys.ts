import { readFile, stat } from 'node:fs/promises';
import type { Problem } from '../../model/operator-error.ts';
import { addressOf, type SshTarget } from '../target.ts';
import { howToPrint } from './how-to-print.ts';
import { fingerprint, indexOf, type KnownHost, lookupName, parseKnownHosts } from './known-hosts.ts';

/** What is known about a host's keys before the connection. */
export interface KnownKeys {
  readonly pinned: readonly string[];
  readonly entries: readonly (KnownHost & { readonly file: string })[];
  /**
   * Entries for the host without its port, used if there are none with the port: as with ssh, a key among
   * them is accepted, and another key is unknown, not changed.
   */
  readonly portless: readonly (KnownHost & { readonly file: string })[];
  /** expected key types; they determine the order in which algorithms are offered */
  readonly types: readonly string[];
}

/** Reads all known_hosts files; a missing file counts as empty. */
export async function readKnownKeys(target: SshTarget): Promise<KnownKeys> {
  const files = await Promise.all(
    target.knownHostsFiles.map(async (file) => ({ file, named: await linesOf(file) })),
  );
  const entriesOf = (name: string) =>
    files.flatMap(({ file, named }) => named(name).map((entry) => ({ ...entry, file })));
  const entries = entriesOf(knownHostsName(target));
  const isElsewhere = target.hostKeyAlias === undefined && target.port !== 22;
  const portless = isElsewhere && plain(entries).length === 0 ? entriesOf(target.host) : [];
  const types = plain([...entries, ...portless]).map((entry) => entry.type);
  return { pinned: target.hostKeys, entries, portless, types: target.hostKeys.length > 0 ? [] : types };
}

/** A host key in the form that people compare. */
export interface ShownKey {
  /** `ssh-ed25519`, … */
  readonly type: string;
  /** `SHA256:…`, over the whole key */
  readonly fingerprint: string;
}

/** Why the key that a host showed is not accepted; undefined if it is the known one. */
export function keyProblem(target: SshTarget, known: KnownKeys, key: ShownKey): Problem | undefined {
  const shown = key.fingerprint;
  const where = addressOf(target);
  const isShown = (entry: KnownHost) => fingerprint(entry.key) === shown;
  const revoked = [...known.entries, ...known.portless].find(
    (entry) => entry.marker === 'revoked' && isShown(entry),
  );
  if (revoked !== undefined) {
    return {
      code: 'host-key-revoked',
      message: `${where} shows a host key marked as revoked (${key.type} ${shown})`,
      next: `the mark is in ${revoked.file}, line ${revoked.line}: do not log in there until you know why`,
    };
  }
  if (known.pinned.length > 0) {
    if (known.pinned.includes(shown)) return undefined;
    return {
      ...changed(target, key),
      next: `${suspicion}, replace the old fingerprint under ssh.host_keys in the inventory with the new one`,
      detail: `the inventory pins ${known.pinned.join(', ')}`,
    };
  }
  const entries = plain(known.entries);
  if ([...entries, ...plain(known.portless)].some(isShown)) return undefined;
  if (entries.length > 0) {
    return {
      ...changed(target, key),
      next: `${suspicion}, run \`clusterproxy trust --replace HOST\` to pin the new key in place of the old one`,
      detail: entries
        .map(
          (entry) =>
            `the known key is ${entry.type} ${fingerprint(entry.key)} (${entry.file}, line ${entry.line})`,
        )
        .join('\n'),
    };
  }
  const authority = [...known.entries, ...known.portless].find((entry) => entry.marker === 'cert-authority');
  if (authority !== undefined) {
    return {
      code: 'host-key-unknown',
      message: `${where} is known only through a certificate authority, which requires the system's ssh; its key is ${key.type} ${shown}`,
      next: `remove ssh.transport from the inventory or set it to openssh. Or pin the key itself: ${pinning}`,
      detail: `${authority.file}, line ${authority.line}: @cert-authority`,
    };
  }
  return {
    code: 'host-key-unknown',
    message: `the host key of ${where} is not known: ${key.type} ${shown}`,
    next: `compare it with the output of \`${howToPrint([key.type])}\` on the host itself, then pin it: ${pinning}`,
  };
}

function changed(target: SshTarget, key: ShownKey): Problem {
  return {
    code: 'host-key-changed',
    message: `${addressOf(target)} shows a different host key than the known one: ${key.type} ${key.fingerprint}`,
  };
}

const suspicion =
  'someone may be intercepting the connection, or the host was reinstalled. Do not log in until you know which. If it was reinstalled';

/** How to pin a key, for messages. */
export const pinning =
  '`clusterproxy trust` shows the keys of all hosts and pins them; or add the fingerprint under ssh.host_keys in the inventory';

/** The name to look the host up by: HostKeyAlias has no port. */
export function knownHostsName(target: Pick<SshTarget, 'hostKeyAlias' | 'host' | 'port'>): string {
  return target.hostKeyAlias ?? lookupName(target.host, target.port);
}

function plain<Entry extends KnownHost>(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter((entry) => entry.marker === undefined);
}

type Named = (name: string) => readonly KnownHost[];

/** What files said when they were in a state, by name: read once for all hosts, and again once changed. */
const parsed = new Map<string, { readonly state: string; readonly named: Promise<Named> }>();

async function linesOf(file: string): Promise<Named> {
  const state = await stateOf(file);
  const before = parsed.get(file);
  if (before?.state === state) return before.named;
  const text = readFile(file, 'utf8').catch(() => '');
  const named = text.then((read) => indexOf(parseKnownHosts(read)));
  parsed.set(file, { state, named });
  return named;
}

/** Whoever writes a file moves the time of its last change, and replacing it makes another inode of it. */
async function stateOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return 'missing';
  }
}
