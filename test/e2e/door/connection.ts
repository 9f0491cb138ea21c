import { connect as connectPlainly, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecurely } from 'node:tls';

/** Where a proxy is asked, and what its certificate is checked with. */
export interface Door {
  readonly address: string;
  /** the name for Host and SNI */
  readonly hostname: string;
  /** the authority's certificate, PEM */
  readonly ca: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

export interface Asked {
  readonly method?: string;
  /** of the Host header; default: the door's */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** A connection over which a test says every byte itself. */
export class Connection {
  readonly socket: Socket;
  #received: Buffer[] = [];
  #isOver = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
    socket.on('end', () => this.#end());
  }

  /** By TLS at port 443, with the certificate checked, unless `port` is 80. */
  static async open(door: Door, options: ConnectionOptions = {}): Promise<Connection> {
    const { address: host, hostname: servername, ca } = door;
    const socket =
      options.port === 80
        ? connectPlainly({ host, port: 80 })
        : connectSecurely({ host, port: 443, servername, ca, ...options });
    await new Promise<void>((resolve, reject) => {
      socket.once(options.port === 80 ? 'connect' : 'secureConnect', resolve);
      socket.once('error', reject);
    });
    return new Connection(socket);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  /** From now on what comes is read; before that it waits, and holds up the other side. */
  listen(): this {
    this.socket.on('data', (data: Buffer) => this.#received.push(data));
    return this;
  }

  say(data: string | Buffer): this {
    // The other side may have heard enough.
    if (!this.socket.destroyed) this.socket.write(data);
    return this;
  }

  /** All that came until the other side closed. */
  async whole(): Promise<Buffer> {
    if (!this.#isOver) await new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
    return this.received;
  }

  /** Waits until what came fits; rejects where the other side closes before. */
  async until(fits: (received: Buffer) => boolean): Promise<void> {
    while (!fits(this.received)) {
      if (this.#isOver) throw new Error(`the connection ended after: ${this.received.toString('latin1')}`);
      await new Promise<void>((resolve) => {
        const again = () => {
          for (const event of ['data', 'close', 'error']) this.socket.removeListener(event, again);
          resolve();
        };
        for (const event of ['data', 'close', 'error']) this.socket.once(event, again);
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }

  #end(): void {
    this.#isOver = true;
  }
}

/** Asks over a connection of its own, which the other side is asked to close. The target is sent as it is. */
export async function ask(
  door: Door,
  target: string,
  asked: Asked = {},
  options: ConnectionOptions = {},
): Promise<Answer> {
  const connection = await Connection.open(door, options);
  connection.listen().say(requestOf(door, target, asked));
  return parse(await connection.whole(), asked.method);
}

export function requestOf(door: Door, target: string, asked: Asked = {}): Buffer {
  const { method = 'GET', host = door.hostname, headers = {}, body } = asked;
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const all = { Host: host, Connection: 'close', ...length, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  return Buffer.concat([head, Buffer.from(body ?? '')]);
}

/** Throws where an answer is cut short; status 0 is a connection that was closed without one. */
export function parse(received: Buffer, method = 'GET'): Answer {
  if (received.length === 0) return { status: 0, headers: [], body: received };
  const end = received.indexOf('\r\n\r\n');
  const [first = '', ...rest] = received.subarray(0, Math.max(end, 0)).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
  // A server that takes a request for one of HTTP/0.9 answers without a head.
  if (end < 0 || Number.isNaN(status)) return { status: 400, headers: [], body: received };
  const headers = rest.map((line) => {
    const [, name = '', value = ''] = /^([^:]+):[ \t]*(.*)$/.exec(line) ?? [];
    return [name.toLowerCase(), value] as const;
  });
  const raw = received.subarray(end + 4);
  if (status === 100) return parse(raw, method);
  const isChunked = headers.some(([name, value]) => name === 'transfer-encoding' && value === 'chunked');
  const body = isChunked ? joined(raw) : raw;
  const length = headers.find(([name]) => name === 'content-length')?.[1];
  if (method !== 'HEAD' && length !== undefined && Number(length) !== body.length) {
    throw new Error(`${body.length} of ${length} bytes came:\n${first}\n${rest.join('\n')}`);
  }
  return { status, headers, body };
}

function joined(chunked: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = chunked.indexOf('\r\n', at);
    const length = end < 0 ? Number.NaN : Number.parseInt(chunked.subarray(at, end).toString('latin1'), 16);
    if (Number.isNaN(length)) throw new Error('the last chunk never came');
    if (length === 0) return Buffer.concat(parts);
    parts.push(chunked.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}

export function values({ headers }: Answer, name: string): readonly string[] {
  return headers.filter(([one]) => one === name).map(([, value]) => value);
}
