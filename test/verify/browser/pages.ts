import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Credentials {
  readonly certificate: string;
  readonly key: string;
}

export interface Page {
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
  readonly script?: string;
}

/** A server with TLS on 127.0.0.1, and its port. */
export interface Site {
  readonly server: Server;
  readonly port: number;
}

async function listening(server: Server): Promise<Site> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** Serves the pages by their paths, 404 elsewhere. */
export function serving(
  { certificate, key }: Credentials,
  pages: () => Readonly<Record<string, Page>>,
): Promise<Site> {
  return listening(
    createServer({ cert: certificate, key }, ({ url = '' }, response) => {
      const { headers = {}, status = 200, script = '' } = pages()[url.split('?')[0] ?? ''] ?? { status: 404 };
      response.writeHead(status, { 'Content-Type': 'text/html', ...headers });
      response.end(`<!DOCTYPE html><title>a client</title><h1>A client</h1><script>${script}</script>`);
    }),
  );
}

/** A node: `/api` and the WebSocket `/socket` are for pages of one origin, `/closed` for none. */
export async function node({ certificate, key }: Credentials, origin: () => string): Promise<Site> {
  const server = createServer({ cert: certificate, key }, (request, response) => {
    answer(request, response, origin());
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    if (request.url !== '/socket' || request.headers.origin !== origin()) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('error', () => socket.destroy());
    socket.on('data', () => socket.end());
  });
  return listening(server);
}

function answer({ url }: IncomingMessage, response: ServerResponse, origin: string): void {
  const cors = { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' };
  if (url === '/api') response.writeHead(200, cors).end('{}');
  else if (url === '/bad-gateway') response.writeHead(502, cors).end();
  else if (url === '/closed') response.writeHead(200).end('{}');
  else response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!DOCTYPE html><h1>The node</h1>');
}

export function credentials(files: {
  readonly certificate: string;
  readonly privateKey: string;
}): Credentials {
  return {
    certificate: readFileSync(files.certificate, 'utf8'),
    key: readFileSync(files.privateKey, 'utf8'),
  };
}
