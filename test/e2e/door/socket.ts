import { Connection, type Door, requestOf } from './connection.ts';

/** A WebSocket through the proxy to the page `socket` of a node. */
export class OpenSocket {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Rejects where it isn't accepted. */
  static async open(door: Door, target: string): Promise<OpenSocket> {
    const connection = await Connection.open(door);
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    connection.listen().say(requestOf(door, target, { headers }));
    await connection.until((received) => received.includes('\r\n\r\n'));
    const head = connection.received.toString('latin1');
    // The answer to that key; RFC 6455, 1.3.
    if (
      !/^HTTP\/1\.1 101 /.test(head) ||
      !/^sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/im.test(head)
    ) {
      throw new Error(`no WebSocket:\n${head}`);
    }
    return new OpenSocket(connection);
  }

  /** Whether the node still hears and answers. */
  async echoes(text: string): Promise<boolean> {
    if (this.#connection.isOver) return false;
    const mask = Buffer.from([1, 2, 3, 4]);
    const masked = Buffer.from(text).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    this.#connection.say(Buffer.concat([Buffer.from([0x81, 0x80 | masked.length]), mask, masked]));
    return this.#connection
      .until((received) => received.includes(`heard: ${text}`))
      .then(
        () => true,
        () => false,
      );
  }

  close(): void {
    this.#connection.close();
  }
}
