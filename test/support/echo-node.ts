import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

export interface EchoNode {
  readonly port: number;
  /** request lines that have come, as they were */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/**
 * A node by TLS that answers what it was asked, as JSON. A header `x-answer` says otherwise: `STATUS`,
 * optionally with a blank and a `Location`. `x-part` is answered by a part of a file (206). An upgrade is
 * answered by a WebSocket's handshake, and whatever comes on it is sent back.
 */
export async function startEchoNode(certificate: string, key: string): Promise<EchoNode> {
  const requests: string[] = [];
  const server = createServer({ cert: certificate, key, keepAlive: true }, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const [status = '200', location] = String(request.headers['x-answer'] ?? '200').split(' ');
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
    });
    request.on('end', () => {
      const { servername } = request.socket as TLSSocket & { servername?: string };
      const seen = {
        method: request.method,
        url: request.url,
        version: request.httpVersion,
        host: request.headers.host,
        name: servername,
        range: request.headers.range,
        size,
      };
      const part = request.headers['x-part'] === undefined ? {} : { 'content-range': 'bytes 0-1/9' };
      const answer = JSON.stringify(seen);
      response.writeHead(Number(status), {
        'content-length': answer.length,
        ...(location === undefined ? {} : { location }),
        ...part,
      });
      response.end(answer);
    });
  });
  server.on('upgrade', (request, socket: Duplex) => {
    requests.push(`${request.method} ${request.url}`);
    const key = String(request.headers['sec-websocket-key']);
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.on('error', () => socket.destroy());
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  await listen(server);
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
}
