import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Amf0Value, decodeAmf0, encodeAmf0 } from '../../../src/verify/rtmp/amf0.ts';
import { ChunkReader, chunksOf, messageType } from '../../../src/verify/rtmp/chunks.ts';

/** A command as a client says it. */
export interface Said {
  /** the number of the connection, from 0 on */
  readonly connection: number;
  readonly name: string;
  readonly number: number;
  readonly values: readonly Amf0Value[];
}

/** A server of RTMP that answers each command as a test wants: with commands, or by hanging up. */
export class ScriptedRtmp {
  readonly said: Said[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(
    answer: (said: Said) => readonly (readonly Amf0Value[])[] | 'hang up' | { readonly bytes: Buffer },
  ) {
    let connections = 0;
    this.#server = createServer((socket) => {
      const connection = connections++;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      const chunks = new ChunkReader();
      let hello = Buffer.alloc(0);
      let isShaken = false;
      socket.on('data', (part: Buffer) => {
        let rest = part;
        if (!isShaken) {
          const before = hello.length;
          hello = Buffer.concat([hello, part]);
          if (before < 1537 && hello.length >= 1537)
            socket.write(Buffer.concat([Buffer.of(3), Buffer.alloc(3072)]));
          if (hello.length < 3073) return;
          isShaken = true;
          rest = hello.subarray(3073);
        }
        for (const { payload } of chunks.push(rest)) {
          const [name, number, ...values] = decodeAmf0(payload);
          const command = { connection, name: String(name), number: Number(number), values };
          this.said.push(command);
          const said = answer(command);
          if (said === 'hang up') return socket.destroy();
          if ('bytes' in said) socket.write(said.bytes);
          else
            for (const one of said)
              socket.write(chunksOf({ type: messageType.commandAmf0, stream: 0, payload: encodeAmf0(one) }));
        }
      });
    });
  }

  /** Its port, once it listens. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#sockets.size;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** A status as servers give it (Adobe's specification, 7.2.2). */
export function status(code: string, description = '', level = 'status'): ReadonlyMap<string, Amf0Value> {
  return new Map([
    ['level', level],
    ['code', code],
    ['description', description],
  ]);
}

/** What a sound server answers. */
export function soundly({ name, number }: Said): readonly (readonly Amf0Value[])[] {
  const begun = (code: string): readonly Amf0Value[][] => [['onStatus', 0, null, status(code)]];
  switch (name) {
    case 'connect':
      return [
        ['onBWDone', 0, null],
        ['_result', number, new Map(), status('NetConnection.Connect.Success')],
      ];
    case 'createStream':
      return [['_result', number, null, 1]];
    case 'publish':
      return begun('NetStream.Publish.Start');
    case 'play':
      return [...begun('NetStream.Play.Reset'), ...begun('NetStream.Play.Start')];
    default:
      return [];
  }
}
