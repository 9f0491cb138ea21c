import { rm } from 'node:fs/promises';
import net from 'node:net';
import type { ParsedKey } from 'ssh2';
import { WireReader } from '../keys/wire.ts';

/**
 * An agent on a socket of this process. It offers the keys that were opened here and everything that another
 * agent can do.
 */
export interface AgentServer {
  readonly socket: string;
  close(): Promise<void>;
}

/** Message numbers and flags of the agent protocol: RFC 9987, section 6. */
const failure = 5;
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;
const rsaSha256 = 2;
const rsaSha512 = 4;

const longestMessage = 1 << 20;

/**
 * Starts an agent for ssh(1) that has these keys and forwards everything else unchanged to the agent at
 * `behind`, including certificates, keys on tokens and extensions, all of which ssh2's agent protocol would
 * drop.
 */
export async function startAgentServer(
  socket: string,
  keys: readonly ParsedKey[],
  behind: string | undefined,
): Promise<AgentServer> {
  const clients = new Set<net.Socket>();
  const server = net.createServer((client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    serve(client, keys, behind);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  server.on('error', () => {});
  server.unref();
  return {
    socket,
    async close() {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(socket, { force: true });
    },
  };
}

/** Answers are sent in the order of the requests, one at a time, as agents do. */
function serve(client: net.Socket, keys: readonly ParsedKey[], behind: string | undefined): void {
  const other = behind === undefined ? undefined : new OtherAgent(behind);
  let answered: Promise<void> = Promise.resolve();
  client.on('error', () => client.destroy());
  client.on('close', () => other?.close());
  onMessages(client, (message) => {
    answered = answered.then(async () => {
      const answer = await answerTo(message, keys, other).catch(() => Buffer.from([failure]));
      if (!client.destroyed) client.write(framed(answer));
    });
  });
}

async function answerTo(
  message: Buffer,
  keys: readonly ParsedKey[],
  other: OtherAgent | undefined,
): Promise<Buffer> {
  const ask = () => other?.ask(message) ?? Promise.resolve(Buffer.from([failure]));
  switch (message[0]) {
    case requestIdentities:
      return withIdentities(keys, await ask().catch(() => Buffer.alloc(0)));
    case signRequest:
      return signed(message, keys) ?? ask();
    default:
      return ask();
  }
}

function withIdentities(keys: readonly ParsedKey[], answer: Buffer): Buffer {
  const others = answer[0] === identitiesAnswer && answer.length >= 5 ? answer : undefined;
  const count = Buffer.alloc(4);
  count.writeUInt32BE(keys.length + (others?.readUInt32BE(1) ?? 0));
  return Buffer.concat([
    Buffer.from([identitiesAnswer]),
    count,
    ...keys.flatMap((key) => [text(key.getPublicSSH()), text(Buffer.from(key.comment))]),
    ...(others === undefined ? [] : [others.subarray(5)]),
  ]);
}

/** Undefined if the key isn't one of ours. */
function signed(message: Buffer, keys: readonly ParsedKey[]): Buffer | undefined {
  const reader = new WireReader(message.subarray(1));
  const blob = reader.string();
  const data = reader.string();
  const flags = reader.uint32() ?? 0;
  const key = keys.find((one) => blob !== undefined && one.getPublicSSH().equals(blob));
  if (key === undefined || data === undefined) return undefined;
  const [algorithm, hash] = signatureOf(key.type, flags);
  const signature: Buffer | Error = key.sign(data, hash);
  if (signature instanceof Error) return Buffer.from([failure]);
  return Buffer.concat([
    Buffer.from([signResponse]),
    text(Buffer.concat([text(Buffer.from(algorithm)), text(inSshForm(key.type, signature))])),
  ]);
}

/**
 * ECDSA: OpenSSL gives DER, `SEQUENCE { INTEGER r, INTEGER s }`; ssh has two mpints (RFC 5656, section
 * 3.1.2).
 */
function inSshForm(type: string, signature: Buffer): Buffer {
  if (!type.startsWith('ecdsa-')) return signature;
  // Tag and length; from 128 bytes on, the length takes two bytes, the first being 0x81.
  const start = signature[1] === 0x81 ? 3 : 2;
  const r = start + 2 + (signature[start + 1] ?? 0);
  const s = r + 2 + (signature[r + 1] ?? 0);
  return Buffer.concat([text(signature.subarray(start + 2, r)), text(signature.subarray(r + 2, s))]);
}

function signatureOf(type: string, flags: number): readonly [algorithm: string, hash: string | undefined] {
  if (type !== 'ssh-rsa') return [type, undefined];
  if ((flags & rsaSha512) !== 0) return ['rsa-sha2-512', 'sha512'];
  if ((flags & rsaSha256) !== 0) return ['rsa-sha2-256', 'sha256'];
  return ['ssh-rsa', 'sha1'];
}

/** One connection to the other agent per client connection: extensions bind a session to it. */
class OtherAgent {
  readonly #path: string;
  readonly #waiting: { resolve(answer: Buffer): void; reject(error: Error): void }[] = [];
  #socket: net.Socket | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  ask(message: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#connected().write(framed(message));
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connected(): net.Socket {
    if (this.#socket !== undefined && !this.#socket.destroyed) return this.#socket;
    const socket = net.connect(this.#path);
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const one of this.#waiting.splice(0)) one.reject(new Error('the agent closed the connection'));
    });
    onMessages(socket, (answer) => this.#waiting.shift()?.resolve(answer));
    this.#socket = socket;
    return socket;
  }
}

function onMessages(socket: net.Socket, take: (message: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const length = rest.readUInt32BE(0);
      if (length > longestMessage) return void socket.destroy();
      if (rest.length < 4 + length) return;
      take(Buffer.from(rest.subarray(4, 4 + length)));
      rest = rest.subarray(4 + length);
    }
  });
}

function framed(message: Buffer): Buffer {
  return text(message);
}

/** A string of RFC 4251, section 5. */
function text(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
