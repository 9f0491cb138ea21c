import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { WireReader } from '../../src/ssh/keys/wire.ts';

/** An agent with one key on a token (FIDO, `sk-`) that is emulated: what it signs is what a token signs. */
export interface TokenAgent {
  readonly socket: string;
  /** a line of authorized_keys */
  readonly publicKey: string;
  /** how often it signed: each time somebody would have had to touch it */
  readonly touches: number;
  close(): Promise<void>;
}

export type TokenKeyType = 'sk-ssh-ed25519@openssh.com' | 'sk-ecdsa-sha2-nistp256@openssh.com';

const application = 'ssh:';
/** Somebody was there and touched it. */
const userPresence = 1;

/** Forms as in PROTOCOL.u2f of OpenSSH, message numbers as in RFC 9987. */
export async function startTokenAgent(socket: string, type: TokenKeyType): Promise<TokenAgent> {
  const isEdwards = type === 'sk-ssh-ed25519@openssh.com';
  const { publicKey, privateKey } = isEdwards
    ? generateKeyPairSync('ed25519')
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const blob = Buffer.concat([
    text(type),
    ...(isEdwards ? [text(rawEd25519(publicKey))] : [text('nistp256'), text(point(publicKey))]),
    text(application),
  ]);
  let touches = 0;
  const answerTo = (message: Buffer): Buffer => {
    if (message[0] === 11) return Buffer.concat([Buffer.from([12, 0, 0, 0, 1]), text(blob), text('token')]);
    if (message[0] !== 13) return Buffer.from([5]);
    const reader = new WireReader(message.subarray(1));
    if (reader.string()?.equals(blob) !== true) return Buffer.from([5]);
    touches++;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(touches);
    const tail = Buffer.concat([Buffer.from([userPresence]), counter]);
    const signed = Buffer.concat([
      sha256(Buffer.from(application)),
      tail,
      sha256(reader.string() ?? Buffer.alloc(0)),
    ]);
    const signature = isEdwards
      ? sign(null, signed, privateKey)
      : mpints(sign('sha256', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
    return Buffer.concat([Buffer.from([14]), text(Buffer.concat([text(type), text(signature), tail]))]);
  };
  const server = net.createServer((client) => {
    let rest = Buffer.alloc(0);
    client.on('error', () => {});
    client.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        const end = 4 + rest.readUInt32BE(0);
        client.write(text(answerTo(rest.subarray(4, end))));
        rest = rest.subarray(end);
      }
    });
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    socket,
    publicKey: `${type} ${blob.toString('base64')} token`,
    get touches() {
      return touches;
    },
    async close() {
      server.close();
    },
  };
}

function text(bytes: Buffer | string): Buffer {
  const content = Buffer.from(bytes as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function rawEd25519(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}

function point(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}

/** r and s, 32 bytes each, as two mpints. */
function mpints(signature: Buffer): Buffer {
  return Buffer.concat(
    [signature.subarray(0, 32), signature.subarray(32)].map((number) => {
      let start = 0;
      while (start < 31 && number[start] === 0) start++;
      const digits = number.subarray(start);
      return text((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
    }),
  );
}
