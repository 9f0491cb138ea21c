import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { reasonOf } from '../../document/reason.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { Sdk } from './sdk.ts';
import type { servicesFor } from './services.ts';

/** Where a worker is reached. */
export interface ListenAt {
  readonly address: string;
  /** 0: any that is free */
  readonly port: number;
}

/** `127.0.0.1:9080`, `[::1]:9080` or `:9080`; undefined for any other text. */
export function parseListen(text: string): ListenAt | undefined {
  const [, six, four, digits = ''] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) return undefined;
  return { address: six ?? (four === '' || four === undefined ? '::' : four), port };
}

/** Whether only this machine reaches it. */
export function isLoopback({ address }: ListenAt): boolean {
  return address === 'localhost' || address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/** What serves the engine. */
export interface Serving {
  /** of the worker as it listens, such as `http://127.0.0.1:9080` */
  readonly url: string;
  /** resolves once the engine has the answers to all calls of this service */
  answered(service: string): Promise<void>;
  /** ends all connections: the engine repeats what had no answer */
  close(): Promise<void>;
}

/** Serves the services. Throws OperatorError `worker-listen`. */
export async function listen(
  sdk: Sdk,
  {
    services,
    at,
    identityKeys,
    log,
  }: {
    readonly services: ReturnType<typeof servicesFor>;
    readonly at: ListenAt;
    readonly identityKeys: readonly string[];
    readonly log: (text: string) => void;
  },
): Promise<Serving> {
  const handler = sdk.createEndpointHandler({
    services,
    ...(identityKeys.length === 0 ? {} : { identityKeys: [...identityKeys] }),
    // What it tells at other levels is about every step of every call.
    logger: ({ level }, ...words) => {
      if (String(level) === 'error') log(wordsOf(words));
    },
  });
  const server = createServer(handler);
  const sessions = new Set<ServerHttp2Session>();
  const calls = new Map<ServerHttp2Stream, string>();
  server.on('stream', (stream, headers) => {
    calls.set(stream, headers[':path'] ?? '');
    stream.once('close', () => calls.delete(stream));
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  await listening(server, at);
  const { address, family, port } = server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return {
    url: `http://${host}:${port}`,
    answered: async (service) => {
      const open = () =>
        [...calls].flatMap(([stream, path]) => (path.includes(`/${service}/`) ? stream : []));
      for (let streams = open(); streams.length > 0; streams = open())
        await Promise.all(streams.map((stream) => once(stream, 'close')));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}

function listening(server: Http2Server, { address, port }: ListenAt): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new OperatorError({
          code: 'worker-listen',
          message: `the worker can't listen on ${address}, port ${port}: ${reasonOf(error)}`,
          next: 'choose another address or port with --listen, or end what has it',
        }),
      ),
    );
    server.listen(port, address, resolve);
  });
}

function wordsOf(words: readonly unknown[]): string {
  return words.map((word) => (word instanceof Error ? word.message : String(word))).join(' ');
}
