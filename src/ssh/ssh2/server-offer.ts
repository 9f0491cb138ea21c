import type { Duplex } from 'node:stream';
import type { Problem } from '../../model/operator-error.ts';
import { transport } from '../algorithms.ts';
import type { OpenOptions } from '../contract.ts';
import { WireReader } from '../keys/wire.ts';
import { addressOf, type SshTarget } from '../target.ts';
import { openStream } from './open-stream.ts';

/** What a server offers in its first packet (RFC 4253, section 7.1). */
export interface ServerOffer {
  readonly kex: readonly string[];
  readonly hostKey: readonly string[];
  readonly cipher: readonly string[];
  readonly mac: readonly string[];
}

/**
 * Why two ends without a common algorithm can't connect, with the algorithms that the server offers, for
 * which it is asked once more. Undefined if `said`, an error from ssh2, is about something else.
 */
export async function offerProblem(
  target: SshTarget,
  said: string,
  options: OpenOptions,
): Promise<Problem | undefined> {
  const missing = /no matching (key exchange algorithm|(?:C->S|S->C) (cipher|MAC))/.exec(said);
  if (missing === null) return undefined;
  const kind = missing[2] === 'cipher' ? 'cipher' : missing[2] === 'MAC' ? 'mac' : 'kex';
  const offer = await readOffer(target, options);
  const offered = offer?.[kind] ?? [];
  const names = offered.filter((name) => !/^ext-info-|^kex-strict-/.test(name));
  const taken = kind === 'mac' ? transport.hmac : transport[kind];
  if (names.some((name) => onlyOpenSsh.has(name))) {
    return {
      code: 'needs-openssh',
      message: `${addressOf(target)} offers only ${list(names)} as ${words[kind]}, which requires the system's ssh`,
      next: 'set `ssh.transport: openssh` in the inventory to reach it with ssh(1), which must be installed here',
      detail: said,
    };
  }
  return {
    code: 'no-common-algorithm',
    message: `${addressOf(target)} offers only ${list(names)} as ${words[kind]}, and none of them is accepted here: ${list(taken)}`,
    next: `update its OpenSSH (7.0 or later has stronger algorithms), or remove the line ${keywords[kind]} from its sshd_config. If neither is possible, let ssh itself use the weak one: set ${keywords[kind]} for this host in your ssh configuration, and \`ssh.transport: openssh\` in the inventory`,
    detail: said,
  };
}

/**
 * Good algorithms that ssh2 lacks, or that are not used because they block JavaScript's only thread for
 * seconds.
 */
const onlyOpenSsh = new Set([
  'mlkem768x25519-sha256',
  'sntrup761x25519-sha512',
  'sntrup761x25519-sha512@openssh.com',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group-exchange-sha256',
  'aes192-ctr',
  'umac-128-etm@openssh.com',
  'umac-128@openssh.com',
]);

const words = { kex: 'key exchange', cipher: 'cipher', mac: 'message authentication (MAC)' } as const;
const keywords = { kex: 'KexAlgorithms', cipher: 'Ciphers', mac: 'MACs' } as const;

function list(names: readonly string[]): string {
  return names.length === 0 ? 'unknown algorithms' : names.slice(0, 20).join(', ');
}

/** Undefined if it isn't available: what is known so far has to do. */
async function readOffer(target: SshTarget, options: OpenOptions): Promise<ServerOffer | undefined> {
  const stream = await openStream(target, options).catch(() => undefined);
  if (stream === undefined) return undefined;
  try {
    return await firstPacket(stream, Math.min(target.connectTimeout, 5) * 1_000);
  } finally {
    stream.destroy();
  }
}

/** If more bytes arrive before the end of the first packet, it isn't an sshd. */
const longestStart = 64 * 1024;

function firstPacket(stream: Duplex, patience: number): Promise<ServerOffer | undefined> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const deadline = setTimeout(() => resolve(undefined), patience);
    const end = (offer: ServerOffer | undefined) => {
      clearTimeout(deadline);
      resolve(offer);
    };
    stream.on('close', () => end(undefined));
    stream.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const offer = parseOffer(bytes);
      if (offer !== 'incomplete') end(offer);
      else if (bytes.length > longestStart) end(undefined);
    });
    stream.write('SSH-2.0-clusterproxy\r\n');
  });
}

/**
 * Lines up to the one that begins with `SSH-`, then an unencrypted packet: its length, its padding length,
 * KEXINIT.
 */
export function parseOffer(bytes: Buffer): ServerOffer | 'incomplete' | undefined {
  const text = bytes.toString('latin1');
  const version = /(?:^|\n)SSH-[^\n]*\n/.exec(text);
  if (version === null) return 'incomplete';
  const start = version.index + version[0].length;
  if (bytes.length < start + 4) return 'incomplete';
  const length = bytes.readUInt32BE(start);
  if (length > longestStart) return undefined;
  if (bytes.length < start + 4 + length) return 'incomplete';
  const reader = new WireReader(bytes.subarray(start + 5, start + 4 + length));
  // The message number, and 16 random bytes.
  reader.skip(17);
  const kex = reader.names();
  const hostKey = reader.names();
  const cipher = reader.names();
  reader.names();
  const mac = reader.names();
  return kex && hostKey && cipher && mac ? { kex, hostKey, cipher, mac } : undefined;
}
