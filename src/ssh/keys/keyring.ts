import { readFile, stat } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';
import { keyType } from '../host-keys/known-hosts.ts';
import { remembered } from '../remembered.ts';
import type { SecretText } from '../settings.ts';
import { type AgentKey, listAgentKeys } from './agent.ts';
import { readOnce } from './signing.ts';
import { WireReader } from './wire.ts';

/** `attempt` counts from 1: if it is higher, the previous answer didn't open the key. */
export type AskPassphrase = (file: string, attempt: number) => Promise<string | undefined>;

/** The contents of an identity file. */
export interface KeyFile {
  readonly file: string;
  readonly kind: 'missing' | 'unusable' | 'private' | 'encrypted' | 'public' | 'security-key';
  /** why it is unusable */
  readonly reason: string | undefined;
  /** kind `private` */
  readonly key: ParsedKey | undefined;
  /** its public half, if it can be read without a passphrase */
  readonly publicKey: Buffer | undefined;
  /** its certificate is beside it, as `FILE-cert.pub` */
  readonly isCertified: boolean;
}

/**
 * The private keys of this machine. Each is read, and its passphrase is requested, once per run for all
 * hosts.
 */
export interface Keyring {
  file(path: string): Promise<KeyFile>;
  /** Opens an encrypted key. Undefined on success, otherwise the reason. */
  unlock(path: string, passphrase: SecretText | undefined): Promise<string | undefined>;
  /** somebody can be asked for passphrases */
  readonly canAsk: boolean;
  agentKeys(socket: string): Promise<readonly AgentKey[] | Error>;
}

/** How often a passphrase is requested after a mistake; NumberOfPasswordPrompts of ssh_config(5). */
const prompts = 3;

export function createKeyring(askPassphrase?: AskPassphrase): Keyring {
  const files = new Map<string, Promise<KeyFile>>();
  const unlocking = new Map<string, Promise<string | undefined>>();
  const agents = new Map<string, Promise<readonly AgentKey[] | Error>>();
  // One prompt at a time.
  let asked: Promise<unknown> = Promise.resolve();

  const unlock = async (path: string, passphrase: string | undefined): Promise<string | undefined> => {
    // Somebody else's passphrase has opened it meanwhile.
    if ((await files.get(path))?.kind === 'private') return undefined;
    const content = await readFile(path);
    const { isCertified } = await keyring.file(path);
    const open = (secret: string) => {
      const key = ssh2.utils.parseKey(content, secret);
      if (key instanceof Error) return false;
      files.set(path, Promise.resolve({ ...asPrivate(path, key), isCertified }));
      return true;
    };
    if (passphrase !== undefined) {
      return open(passphrase) ? undefined : 'the passphrase from the inventory does not open it';
    }
    if (askPassphrase === undefined) return 'encrypted, and its passphrase cannot be requested';
    for (let attempt = 1; attempt <= prompts; attempt++) {
      const answer = await askPassphrase(path, attempt);
      if (answer === undefined || answer === '') return 'encrypted, and no passphrase was given';
      if (open(answer)) return undefined;
    }
    return 'encrypted, and none of the passphrases opens it';
  };

  const keyring: Keyring = {
    canAsk: askPassphrase !== undefined,
    file: (path) => remembered(files, path, () => readKeyFile(path)),
    unlock: async (path, passphrase) => {
      // A wrong one in the inventory of one cluster says nothing about that of another.
      const given = await passphrase?.();
      return remembered(unlocking, JSON.stringify([path, given]), () => {
        const mine = asked.then(() => unlock(path, given));
        asked = mine.catch(() => undefined);
        return mine;
      });
    },
    agentKeys: (socket) =>
      remembered(agents, socket, () => listAgentKeys(socket).catch((error: Error) => error)),
  };
  return keyring;
}

async function readKeyFile(file: string): Promise<KeyFile> {
  const isCertified = await stat(`${file}-cert.pub`).then(
    () => true,
    () => false,
  );
  return { ...(await readKey(file)), isCertified };
}

type Key = Omit<KeyFile, 'isCertified'>;

async function readKey(file: string): Promise<Key> {
  const unusable = (reason: string): Key => ({ ...nothing(file), kind: 'unusable', reason });
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') return unusable(`not readable (${code})`);
    // The private half may be in the agent or on a token.
    const publicKey = await publicHalf(file);
    return publicKey === undefined ? nothing(file) : { ...nothing(file), kind: 'public', publicKey };
  }
  const publicKey = publicKeyIn(content) ?? (await publicHalf(file));
  if (publicKey !== undefined && keyType(publicKey).startsWith('sk-')) {
    return { ...nothing(file), kind: 'security-key', publicKey };
  }
  const key = ssh2.utils.parseKey(content);
  if (key instanceof Error) {
    if (!/encrypted/i.test(key.message)) {
      return unusable(
        `not a key in a supported format (${key.message}); convert it with \`ssh-keygen -p -f ${file}\``,
      );
    }
    return (await isOpenToOthers(file))
      ? unusable(openToOthers(file))
      : { ...nothing(file), kind: 'encrypted', publicKey };
  }
  if (!key.isPrivateKey()) {
    return { ...nothing(file), kind: 'public', publicKey: key.getPublicSSH() };
  }
  return (await isOpenToOthers(file)) ? unusable(openToOthers(file)) : asPrivate(file, key);
}

function nothing(file: string): Key {
  return { file, kind: 'missing', reason: undefined, key: undefined, publicKey: undefined };
}

function asPrivate(file: string, key: ParsedKey): Key {
  return { file, kind: 'private', reason: undefined, key: readOnce(key), publicKey: key.getPublicSSH() };
}

function openToOthers(file: string): string {
  return `others can read it, so ssh refuses to use it; run \`chmod 600 ${file}\``;
}

/** As in sshkey_perm_ok() of OpenSSH: only the user's own files must be closed to others. */
async function isOpenToOthers(file: string): Promise<boolean> {
  const { mode, uid } = await stat(file);
  return process.getuid !== undefined && uid === process.getuid() && (mode & 0o077) !== 0;
}

async function publicHalf(file: string): Promise<Buffer | undefined> {
  const text = await readFile(`${file}.pub`, 'utf8').catch(() => '');
  return publicKeyOfLine(text);
}

/**
 * The public half of a private key in OpenSSH's own format (PROTOCOL.key), where it isn't encrypted; or the
 * key in a public key's line.
 */
function publicKeyIn(content: Buffer): Buffer | undefined {
  const text = content.toString('latin1');
  const encoded = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END/.exec(text)?.[1];
  if (encoded === undefined) return text.startsWith('-----') ? undefined : publicKeyOfLine(text);
  const bytes = Buffer.from(encoded, 'base64');
  const magic = 'openssh-key-v1\0';
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined;
  const reader = new WireReader(bytes.subarray(magic.length));
  // Cipher, key derivation function, its options, number of keys.
  if (!reader.string() || !reader.string() || !reader.string() || reader.uint32() !== 1) return undefined;
  return reader.string();
}

function publicKeyOfLine(text: string): Buffer | undefined {
  const [type = '', encoded = ''] = text.trim().split(/\s+/);
  const key = Buffer.from(encoded, 'base64');
  return type !== '' && keyType(key) === type ? key : undefined;
}
