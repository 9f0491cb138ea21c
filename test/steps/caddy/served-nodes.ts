import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { chained } from '../../support/certificates.ts';
import { runStep } from '../../support/run-step.ts';
import type { FakeHost } from '../../support/snapshot-from-folder.ts';

/** What a node was asked. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  readonly serverName: string;
  /** bytes of the body, once it has ended */
  size: number;
}

/** A node with TLS on a port of 127.0.0.1, whose certificate an authority of its own has signed. */
export interface ServedNode {
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
  /** certificate of the authority that its authority is signed by, PEM */
  readonly root: string;
  readonly asked: Asked[];
  stop(): Promise<void>;
}

/**
 * `?redirect=URL` gets a redirect there, a request for a range a part, one for a WebSocket a stream that says
 * what it hears, anything else 200 and the node's name.
 */
export async function serveNode(name: string, certifiedFor = `${name}.example.com`): Promise<ServedNode> {
  const hostname = `${name}.example.com`;
  const { certificate, intermediate, key, root } = chained(certifiedFor);
  const asked: Asked[] = [];
  const sockets = new Set<Duplex>();
  const server: Server = createServer({ cert: certificate + intermediate, key }, (request, response) => {
    const one = seen(request);
    asked.push(one);
    request.on('data', (chunk: Buffer) => {
      one.size += chunk.length;
    });
    const answer = () => {
      const to = /[?&]redirect=([^&]*)/.exec(one.url)?.[1];
      if (to !== undefined) response.writeHead(302, { Location: decodeURIComponent(to) }).end();
      else if (request.headers.range !== undefined) {
        response.writeHead(206, { 'Content-Range': 'bytes 0-1/4' }).end('pa');
      } else response.writeHead(200, { Server: 'node' }).end(name);
    };
    request.on('end', answer);
    request.on('error', () => undefined);
  });
  server.on('upgrade', (request, socket) => {
    asked.push(seen(request));
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.on('data', (chunk: Buffer) => socket.write(`${name}:${chunk.toString()}`));
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ name, hostname, root, asked, port: (server.address() as AddressInfo).port },
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function seen(request: IncomingMessage): Asked {
  const { method = '', url = '', httpVersion, headers } = request;
  const serverName = String((request.socket as TLSSocket & { servername?: string }).servername ?? '');
  return { method, url, httpVersion, headers, serverName, size: 0 };
}

/** A node as the steps know it, with the paths that BigBlueButton needs. */
export function nodeParameters({ name, hostname, port }: ServedNode, verify = true) {
  const target = `https://${hostname}:${port}`;
  return {
    ...{ name, hostname, given_address: '127.0.0.1', state: 'active', known: true },
    recipe: {
      verify,
      locations: [
        { path: `/${name}/html5client/`, target: `${target}/${name}/html5client/` },
        { path: `/${name}/bigbluebutton/api`, target: `${target}/bigbluebutton/api` },
      ],
    },
  };
}

/** The text of a cluster's file with the nodes' rules. */
export function nodesFile(parameters: object, host: FakeHost = {}): string {
  const path = '/etc/caddy/clusterproxy/prod/nodes.caddy';
  const wanted = { path, cluster: 'prod', server_name: 'proxy.example.com', ...parameters };
  return (
    runStep('caddy-locations', wanted, { packages: { 'ca-certificates': '1' }, ...host }).text(path) ?? ''
  );
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly body?: Buffer;
  readonly host?: string;
}

/** Asks a server with TLS on 127.0.0.1, whose certificate doesn't matter. */
export function askTls(port: number, path: string, ask: Ask = {}): Promise<Reply> {
  const { host = 'proxy.example.com', headers = {}, method = 'GET', body } = ask;
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      {
        ...{ host: '127.0.0.1', port, path, method, agent: false, rejectUnauthorized: false },
        ...{ servername: 'proxy.example.com', headers: { Host: host, ...headers } },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A stream that a WebSocket would use; resolves once it is open. */
export function openStream(port: number, path: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest({
      ...{ host: '127.0.0.1', port, path, agent: false, rejectUnauthorized: false },
      servername: 'proxy.example.com',
      headers: { Host: 'proxy.example.com', Connection: 'Upgrade', Upgrade: 'websocket' },
    });
    sent.on('upgrade', (_, socket) => {
      socket.on('error', () => undefined);
      resolve(socket);
    });
    sent.on('response', ({ statusCode }) => reject(new Error(`answered ${statusCode}`)));
    sent.on('error', reject);
    sent.end();
  });
}

/** What a stream hears next. */
export function nextOf(socket: Duplex): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
}
