import { isIP, type Socket, connect as tcpConnect } from 'node:net';
import { type SecureContext, connect as tlsConnect } from 'node:tls';
import type { NoAnswer } from './answers.ts';
import { type NetworkOptions, waitFor } from './patience.ts';
import { troubleFix, troubleWords } from './trouble-words.ts';

/** What is said over a connection that isn't HTTP, and how much has to come back. */
export interface Talk {
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
  readonly send: Buffer;
  /** whether enough has come back; asked after each part */
  readonly until: (received: Buffer) => boolean;
}

/** What came back until there was enough of it, or until the server or patience came to an end. */
export interface Talked {
  readonly kind: 'talked';
  readonly received: Buffer;
  /** the address from which it was asked, as far as this machine knows */
  readonly from: string;
}

/** Connects, says something, and listens. A connection that isn't made is trouble; silence is an answer. */
export function talk(
  { hostname, port, tls, send, until }: Talk,
  { context, ...options }: NetworkOptions & { readonly context: SecureContext },
): Promise<Talked | NoAnswer> {
  return new Promise((resolve) => {
    const servername = isIP(hostname) === 0 ? { servername: hostname } : {};
    const socket: Socket = tls
      ? tlsConnect({ host: hostname, port, ...servername, secureContext: context })
      : tcpConnect({ host: hostname, port });
    const parts: Buffer[] = [];
    let from: string | undefined;
    const end = (error?: Error) => {
      const server = `${hostname}, port ${port},`;
      resolve(
        from === undefined
          ? { kind: 'trouble', words: troubleWords(error, server), fix: troubleFix(error, hostname) }
          : { kind: 'talked', received: Buffer.concat(parts), from },
      );
      socket.destroy();
    };
    const stopWaiting = waitFor(options, end);
    socket.on('close', () => {
      stopWaiting();
      end(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    });
    socket.on('error', end);
    socket.on('end', () => end());
    socket.on(tls ? 'secureConnect' : 'connect', () => {
      from = socket.localAddress ?? '';
      socket.write(send);
    });
    socket.on('data', (part: Buffer) => {
      parts.push(part);
      if (until(Buffer.concat(parts))) end();
    });
  });
}
