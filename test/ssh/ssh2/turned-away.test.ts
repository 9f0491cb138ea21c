import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createConnector } from '../../../src/ssh/connector.ts';
import { plainTarget } from '../../../src/ssh/resolve-target.ts';
import { scanHostKeys } from '../../../src/ssh/ssh2/scan-host-keys.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** A server that answers each connection in its own way; the last way is for all that follow. */
async function serve(...ways: readonly ((socket: Socket) => void)[]) {
  let connections = 0;
  server = createServer((socket) => {
    socket.on('error', () => {});
    (ways[connections] ?? ways.at(-1))?.(socket);
    connections++;
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server?.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    settings: { host: '127.0.0.1', port, user: 'ops', config: 'none' } as const,
    count: () => connections,
  };
}

const says = (words: string) => (socket: Socket) => socket.end(words);

describe('a host that drops the connection', () => {
  test('because earlier ones failed says so, and is not tried again', async () => {
    const { settings, count } = await serve(says('Not allowed at this time\r\n'));
    const connector = createConnector();
    await expect(connector.connect({ ...settings, transport: 'node' })).rejects.toMatchObject({
      code: 'source-penalty',
      message: expect.stringContaining("In sshd's words: Not allowed at this time"),
    });
    expect(count()).toBe(1);
    await connector.close();
  });

  test('because there are too many says so, and is tried again', async () => {
    const { settings, count } = await serve(says('Exceeded MaxStartups\r\n'));
    const connector = createConnector();
    await expect(connector.connect({ ...settings, transport: 'node' })).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining("In sshd's words: Exceeded MaxStartups"),
    });
    expect(count()).toBe(3);
    await connector.close();
  });

  test('before it has shown any key has none', async () => {
    const { settings, count } = await serve(says('Not allowed at this time\r\n'));
    await expect(scanHostKeys(plainTarget(settings), {})).rejects.toMatchObject({ code: 'source-penalty' });
    expect(count()).toBe(1);
  });
});
