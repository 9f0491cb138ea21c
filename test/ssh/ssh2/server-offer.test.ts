import { once } from 'node:events';
import net from 'node:net';
import fc from 'fast-check';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { parseOffer } from '../../../src/ssh/ssh2/server-offer.ts';

/** What a server sends first, as it comes over the line. */
async function firstBytes(): Promise<Buffer> {
  const { private: key } = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const algorithms = { kex: ['diffie-hellman-group14-sha1'], cipher: ['aes128-cbc'], hmac: ['hmac-sha1'] };
  const server = new ssh2.Server({ hostKeys: [key], algorithms } as never, (client) => {
    client.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  socket.write('SSH-2.0-test\r\n');
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    if (parseOffer(bytes) !== 'incomplete') break;
  }
  socket.destroy();
  server.close();
  return bytes;
}

test('what a server offers is read from its first packet, in pieces of any size', async () => {
  const bytes = await firstBytes();
  const whole = parseOffer(bytes);
  expect(whole).toMatchObject({ cipher: ['aes128-cbc'], mac: ['hmac-sha1'] });
  expect(typeof whole === 'object' && whole.kex).toContain('diffie-hellman-group14-sha1');
  const lengths = Array.from(bytes, (_, length) => parseOffer(bytes.subarray(0, length)));
  expect(new Set(lengths)).toEqual(new Set(['incomplete']));
  const greeting = Buffer.concat([Buffer.from('a line before\r\n'), bytes]);
  expect(parseOffer(greeting)).toEqual(whole);
});

test('whatever comes, nothing is thrown', () => {
  const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(noise, fc.boolean(), (bytes, greeted) => {
      parseOffer(greeted ? Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), bytes]) : bytes);
    }),
  );
});
