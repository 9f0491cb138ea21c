import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reasonOf } from '../../document/reason.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { metricsContentType } from '../metrics/metrics-text.ts';
import type { Listen } from './listen.ts';

/** What it answers; asked for each request. */
export interface Answering {
  /** why the process is not alive; undefined: it is */
  readonly ailing: () => string | undefined;
  /** why what it tells can't be relied on yet, or any more; undefined: it can */
  readonly unready: () => string | undefined;
  /** in Prometheus' text exposition format */
  readonly metrics: () => string;
}

export interface Endpoints {
  /** `http://127.0.0.1:9469` */
  readonly url: string;
  close(): Promise<void>;
}

/** How long whoever asks may take for it, and for the answer. Milliseconds. */
const usualPatience = 5_000;

/**
 * Serves `/healthz`, `/readyz` and `/metrics`, and nothing else. `patience` in milliseconds. Throws
 * OperatorError `listen-failed`.
 */
export async function serveEndpoints(
  listen: Listen,
  answering: Answering,
  patience = usualPatience,
): Promise<Endpoints> {
  // Node looks only every 30 seconds for those who have taken too long.
  const server = createServer({ connectionsCheckingInterval: patience / 5 }, (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const found = answerTo(path, answering);
    const isAllowed = request.method === 'GET' || request.method === 'HEAD';
    const { status, type, text } = isAllowed
      ? found
      : { status: 405, type: plainText, text: 'only GET and HEAD are allowed\n' };
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(isAllowed ? {} : { allow: 'GET, HEAD' }),
    });
    response.end(request.method === 'HEAD' ? undefined : text);
    request.resume();
  });
  // Whoever asks slowly, or keeps asking, doesn't keep others waiting.
  server.headersTimeout = patience;
  server.requestTimeout = 2 * patience;
  server.keepAliveTimeout = patience;
  // Whoever takes no answer has had no limit by then.
  server.timeout = 2 * patience;
  server.maxConnections = 100;
  await listening(server, listen);
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const plainText = 'text/plain; charset=utf-8';

function answerTo(path: string, { ailing, unready, metrics }: Answering) {
  switch (path) {
    case '/healthz':
      return state(ailing());
    case '/readyz':
      return state(ailing() ?? unready());
    case '/metrics':
      return { status: 200, type: metricsContentType, text: metrics() };
    default:
      return { status: 404, type: plainText, text: 'there are /healthz, /readyz and /metrics\n' };
  }
}

function state(trouble: string | undefined) {
  return trouble === undefined
    ? { status: 200, type: plainText, text: 'ok\n' }
    : { status: 503, type: plainText, text: `${trouble}\n` };
}

async function listening(server: Server, { host, port }: Listen): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Where there is no IPv6, Node takes 0.0.0.0 in place of `::`, but only if that isn't asked for.
      server.listen(host === '::' ? { port } : { host, port }, () => resolve());
    });
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw new OperatorError({
      code: 'listen-failed',
      message: `can't listen on ${host}:${port}: ${isTaken ? 'another program listens there' : reasonOf(error)}`,
      next: 'name another address with --listen, or none',
    });
  }
  // What goes wrong with one connection is no reason to end.
  server.on('error', () => undefined);
}
