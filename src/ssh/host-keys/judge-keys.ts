import { hostKeyFamilies } from '../algorithms.ts';
import type { SshTarget } from '../target.ts';
import { knownHostsName, readKnownKeys } from './host-keys.ts';
import { fingerprint, keyType } from './known-hosts.ts';

/**
 * The status of a shown key on this machine. `unneeded`: the key is not known, but the host is, through a
 * certificate authority or another key that the inventory pins.
 */
export type KeyState = 'known' | 'new' | 'contradicts' | 'revoked' | 'unneeded';

export interface JudgedKey {
  readonly key: Buffer;
  readonly type: string;
  readonly fingerprint: string;
  readonly state: KeyState;
}

/**
 * A known key of an unsupported type (on a token, or obsolete) is never shown to us, so its absence means
 * nothing.
 */
const scannedTypes: ReadonlySet<string> = new Set<string>([...hostKeyFamilies.flat(), 'ssh-rsa']);

/** An entry that contradicts a shown key. */
export interface OldKey {
  readonly key: Buffer;
  readonly type: string;
  readonly fingerprint: string;
  readonly file: string;
  readonly line: number;
}

export interface KeyJudgement {
  /** the host's name in known_hosts */
  readonly name: string;
  readonly keys: readonly JudgedKey[];
  /** known keys that are no longer shown, of the types that contradict; empty if there is no contradiction */
  readonly old: readonly OldKey[];
  /** fingerprints that the inventory pins; if there are any, nothing else counts */
  readonly pinned: readonly string[];
  /** the contradiction is with known_hosts files, not with the inventory */
  readonly replaceable: boolean;
}

/**
 * Compares the keys that a host shows with the known ones. A key contradicts if another key of its type is
 * known and none of the known keys is shown: connecting is then refused.
 */
export async function judgeKeys(target: SshTarget, shown: readonly Buffer[]): Promise<KeyJudgement> {
  const { pinned, entries, portless } = await readKnownKeys(target);
  const all = [...entries, ...portless];
  const plain = entries.filter((entry) => entry.marker === undefined);
  const accepted = [...plain, ...portless.filter((entry) => entry.marker === undefined)];
  const isShown = (key: Buffer) => shown.some((other) => other.equals(key));
  const askedFor = plain.filter((entry) => scannedTypes.has(entry.type));
  const noneIsShown = askedFor.length > 0 && !askedFor.some((entry) => isShown(entry.key));
  const byAuthority = plain.length === 0 && all.some((entry) => entry.marker === 'cert-authority');

  const stateOf = (key: Buffer): KeyState => {
    if (all.some((entry) => entry.marker === 'revoked' && entry.key.equals(key))) return 'revoked';
    if (pinned.length > 0) {
      if (pinned.includes(fingerprint(key))) return 'known';
      return shown.some((other) => pinned.includes(fingerprint(other))) ? 'unneeded' : 'contradicts';
    }
    if (accepted.some((entry) => entry.key.equals(key))) return 'known';
    const another = plain.some((entry) => entry.type === keyType(key));
    if (another || noneIsShown) return 'contradicts';
    return byAuthority ? 'unneeded' : 'new';
  };
  const keys = shown.map((key) => ({
    key,
    type: keyType(key),
    fingerprint: fingerprint(key),
    state: stateOf(key),
  }));
  const contradicted = (type: string) =>
    noneIsShown || keys.some((key) => key.state === 'contradicts' && key.type === type);
  return {
    name: knownHostsName(target),
    keys,
    old: plain
      .filter((entry) => scannedTypes.has(entry.type) && !isShown(entry.key) && contradicted(entry.type))
      .map(({ key, type, file, line }) => ({ key, type, fingerprint: fingerprint(key), file, line })),
    pinned,
    replaceable: pinned.length === 0,
  };
}
