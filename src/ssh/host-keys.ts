import { readFile } from 'node:fs/promises';
import type { Problem } from '../model/operator-error.ts';
import {
  entriesFor,
  fingerprint,
  type KnownHost,
  keyType,
  lookupName,
  parseKnownHosts,
} from './known-hosts.ts';
import { addressOf, type SshTarget } from './target.ts';

/** What is known of a host's keys before it is talked to. */
export interface KnownKeys {
  readonly pinned: readonly string[];
  readonly entries: readonly (KnownHost & { readonly file: string })[];
  /** key types that can be expected, for the order in which they are offered */
  readonly types: readonly string[];
}

/** Reads all known_hosts files; one that isn't there knows nothing. */
export async function readKnownKeys(target: SshTarget): Promise<KnownKeys> {
  const files = await Promise.all(
    target.knownHostsFiles.map(async (file) => {
      const hosts = await parsedFile(file);
      return entriesFor(hosts, target.host, target.port).map((entry) => ({ ...entry, file }));
    }),
  );
  const entries = files.flat();
  const types = target.hostKeys.length > 0 ? [] : plain(entries).map((entry) => entry.type);
  return { pinned: target.hostKeys, entries, types };
}

/** Why a key that a host showed isn't accepted; undefined where it is the one that is known. */
export function keyProblem(target: SshTarget, known: KnownKeys, key: Buffer): Problem | undefined {
  const shown = fingerprint(key);
  const where = addressOf(target);
  const revoked = known.entries.find((entry) => entry.marker === 'revoked' && entry.key.equals(key));
  if (revoked !== undefined) {
    return {
      code: 'host-key-revoked',
      message: `${where} shows a host key that is marked as revoked (${keyType(key)} ${shown})`,
      next: `the mark is in ${revoked.file}, line ${revoked.line}: don't log in there before you know why`,
    };
  }
  if (known.pinned.length > 0) {
    if (known.pinned.includes(shown)) return undefined;
    return changed(target, key, `the inventory pins ${known.pinned.join(', ')}`);
  }
  const entries = plain(known.entries);
  if (entries.some((entry) => entry.key.equals(key))) return undefined;
  if (entries.length > 0) {
    const expected = entries.map(
      (entry) => `${entry.type} ${fingerprint(entry.key)} (${entry.file}, line ${entry.line})`,
    );
    return changed(target, key, `known is ${expected.join(', ')}`);
  }
  const authority = known.entries.find((entry) => entry.marker === 'cert-authority');
  if (authority !== undefined) {
    return {
      code: 'host-key-unknown',
      message: `${where} is known through a certificate authority only, and host certificates aren't supported`,
      next: `pin the key itself: ${pinning(target)}`,
      detail: `${keyType(key)} ${shown}\n${authority.file}, line ${authority.line}: @cert-authority`,
    };
  }
  return {
    code: 'host-key-unknown',
    message: `the host key of ${where} isn't known: ${keyType(key)} ${shown}`,
    next: `compare it with what \`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\` says on the host itself, then ${pinning(target)}`,
    detail: `${keyType(key)} ${shown}`,
  };
}

function changed(target: SshTarget, key: Buffer, expected: string): Problem {
  return {
    code: 'host-key-changed',
    message: `${addressOf(target)} shows another host key than the one that is known: ${keyType(key)} ${fingerprint(key)}`,
    next: `somebody may be listening in, or the host was installed anew. If you know that it was: ssh-keygen -R '${lookupName(target.host, target.port)}', then ${pinning(target)}`,
    detail: expected,
  };
}

function pinning(target: SshTarget): string {
  const port = target.port === 22 ? '' : `-p ${target.port} `;
  const file = target.knownHostsFiles[0] ?? '~/.ssh/known_hosts';
  return `ssh-keyscan ${port}${target.host} >> ${file}, or put the fingerprint under ssh.host_keys in the inventory`;
}

function plain<Entry extends KnownHost>(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter((entry) => entry.marker === undefined);
}

/** A file is read once for all the hosts of a run, and again when it changes between runs in one process. */
const parsed = new Map<string, { text: string; hosts: readonly KnownHost[] }>();

async function parsedFile(file: string): Promise<readonly KnownHost[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const before = parsed.get(file);
  if (before?.text === text) return before.hosts;
  const hosts = parseKnownHosts(text);
  parsed.set(file, { text, hosts });
  return hosts;
}
