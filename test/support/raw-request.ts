import { connect, type TLSSocket } from 'node:tls';

export interface RawAnswer {
  readonly status: number;
  /** names in small letters */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A TLS connection on which a request is written byte for byte; certificates aren't checked. */
export function connected(port: number, name: string, more: object = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host: '127.0.0.1', port, servername: name, rejectUnauthorized: false },
      ALPNProtocols: ['http/1.1'],
      ...more,
    });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Sends a request with a target as it is, which no URL parser has touched. */
export async function rawRequest(
  port: number,
  target: string,
  {
    host,
    method = 'GET',
    headers = [],
    body = '',
  }: {
    readonly host: string;
    readonly method?: string;
    readonly headers?: readonly string[];
    readonly body?: string;
  },
): Promise<RawAnswer> {
  const socket = await connected(port, host.replace(/:.*/, ''));
  const head = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers];
  return await new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const answer = () => parsed(Buffer.concat(parts).toString('latin1'));
    socket.on('data', (chunk: Buffer) => {
      parts.push(chunk);
      // Who refuses a body may wait for it nevertheless before closing.
      const length = answer().headers.get('content-length');
      if (length !== undefined && answer().body.length >= Number(length)) socket.end(() => resolve(answer()));
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer()));
    socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
  });
}

function parsed(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const headers = lines.map((one) => {
    const at = one.indexOf(':');
    return [one.slice(0, at).toLowerCase(), one.slice(at + 1).trim()] as const;
  });
  return { status: Number(line.split(' ')[1]), headers: new Map(headers), body: rest.join('\r\n\r\n') };
}
