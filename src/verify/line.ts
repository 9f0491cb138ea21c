import { isIP, type Socket, connect as tcpConnect } from 'node:net';
import { type SecureContext, connect as tlsConnect } from 'node:tls';
import type { NoAnswer } from './answers.ts';
import { type NetworkOptions, waitFor } from './patience.ts';
import { noAnswer } from './trouble-words.ts';

/** Where a conversation is held that isn't HTTP. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
}

/** A connection over which this machine and a server talk in turns. */
export interface Line {
  readonly kind: 'line';
  send(bytes: Buffer): void;
  /**
   * What comes next. `ended`: the server has hung up; `silent`: patience, which begins anew with each thing
   * that is said, has come to an end, or the command was interrupted.
   */
  receive(): Promise<Buffer | 'ended' | 'silent'>;
  /** hangs up once everything is said */
  close(): void;
}

/** What a server may say ahead of whoever listens to it: bytes. Nobody may be listening for a long time. */
const mostUnheard = 1024 * 1024;

/** Connects. Nothing is thrown; whoever gets a line has to close it. */
export function openLine(
  { hostname, port, tls }: Endpoint,
  { context, ...options }: NetworkOptions & { readonly context: SecureContext },
): Promise<Line | NoAnswer> {
  return new Promise((resolve) => {
    const servername = isIP(hostname) === 0 ? { servername: hostname } : {};
    const socket: Socket = tls
      ? tlsConnect({ host: hostname, port, ...servername, secureContext: context })
      : tcpConnect({ host: hostname, port });
    const fail = (error: Error) => {
      stopWaiting();
      socket.destroy();
      resolve(noAnswer(error, `${hostname}, port ${port},`, hostname));
    };
    const stopWaiting = waitFor(options, fail);
    socket.once('error', fail);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      stopWaiting();
      socket.off('error', fail);
      resolve(lineOver(socket, options));
    });
  });
}

function lineOver(socket: Socket, options: NetworkOptions): Line {
  const parts: Buffer[] = [];
  let unheard = 0;
  let end: 'ended' | 'silent' | undefined;
  let waiting: ((part: Buffer | 'ended' | 'silent') => void) | undefined;
  let stopWaiting = () => {};
  const tell = () => {
    if (waiting === undefined) return;
    const next = parts.shift() ?? end;
    if (next === undefined) return;
    if (next instanceof Buffer) {
      unheard -= next.length;
      if (socket.isPaused() && unheard <= mostUnheard) socket.resume();
    }
    const told = waiting;
    waiting = undefined;
    told(next);
  };
  const over = (how: 'ended' | 'silent') => {
    end ??= how;
    tell();
  };
  const wait = () => {
    stopWaiting();
    stopWaiting = waitFor(options, () => over('silent'));
  };
  socket.on('data', (part: Buffer) => {
    parts.push(part);
    unheard += part.length;
    if (unheard > mostUnheard) socket.pause();
    tell();
  });
  // A reset is an end as well: what was said before it counts.
  socket.on('error', () => over('ended'));
  socket.on('end', () => over('ended'));
  socket.on('close', () => over('ended'));
  wait();
  return {
    kind: 'line',
    send: (bytes) => {
      wait();
      socket.write(bytes);
    },
    receive: () =>
      new Promise((resolve) => {
        waiting = resolve;
        tell();
      }),
    close: () => {
      stopWaiting();
      socket.destroySoon();
    },
  };
}
