import { readFile } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';
import type { Keyring } from '../keys/keyring.ts';
import type { SshTarget } from '../target.ts';

/** Keys that ssh(1) can't open by itself, or would offer too late. */
export interface LockedKeys {
  /** keys opened in this run, for any host, and keys to offer before those of the agent */
  readonly opened: readonly ParsedKey[];
  /** paths of encrypted keys that were not opened and that no agent holds */
  readonly locked: readonly string[];
  /** why they were not opened, one line each */
  readonly tried: readonly string[];
}

/**
 * The encrypted keys among the identity files. Keys with a passphrase in the inventory are opened; with
 * `ask`, the passphrases of the others are requested.
 */
export async function lockedKeys(
  target: SshTarget,
  keyring: Keyring,
  { ask }: { readonly ask: boolean },
): Promise<LockedKeys> {
  // ssh offers keys from files after all keys of the agent, unless the agent has them too, and a server
  // usually allows about six attempts.
  const isFirst = target.identitiesNamed && !target.identitiesOnly && target.agent !== undefined;
  const opened: ParsedKey[] = [];
  const locked: string[] = [];
  const tried: string[] = [];
  for (const path of target.identityFiles) {
    const before = await keyring.file(path);
    if (before.kind === 'encrypted' && !(await isInAgent(target, keyring, before.publicKey))) {
      if (ask || target.passphrase !== undefined) {
        const failure = await keyring.unlock(path, target.passphrase);
        if (failure !== undefined) tried.push(`${path}: ${failure}`);
      }
    }
    const file = await keyring.file(path);
    if (file.kind === 'missing' && target.identitiesNamed) tried.push(`${path}: no such file`);
    if (file.reason !== undefined) tried.push(`${path}: ${file.reason}`);
    if (file.kind === 'encrypted') {
      if (!(await isInAgent(target, keyring, file.publicKey))) locked.push(path);
    } else if (file.key !== undefined && (isFirst || (await isEncryptedOnDisk(path)))) opened.push(file.key);
  }
  return { opened, locked, tried };
}

async function isInAgent(
  target: SshTarget,
  keyring: Keyring,
  publicKey: Buffer | undefined,
): Promise<boolean> {
  if (target.agent === undefined || publicKey === undefined) return false;
  const keys = await keyring.agentKeys(target.agent);
  return !(keys instanceof Error) && keys.some(({ blob }) => blob.equals(publicKey));
}

async function isEncryptedOnDisk(path: string): Promise<boolean> {
  const content = await readFile(path).catch(() => undefined);
  return content !== undefined && ssh2.utils.parseKey(content) instanceof Error;
}
