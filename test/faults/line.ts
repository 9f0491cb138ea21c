import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A line between a controller and a host that a test can break. */
export interface Line {
  readonly port: number;
  /** Ends all connections by a TCP reset, on both sides. */
  reset(): void;
  /** From now on nothing passes over the connections that there are; nobody is told. New ones work. */
  silence(): void;
  close(): void;
}

export async function lineTo(host: string, port: number): Promise<Line> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const server: Server = createServer((near) => {
    const far = connect(port, host);
    const pair = [near, far] as const;
    pairs.add(pair);
    const over = () => {
      if (!pairs.delete(pair)) return;
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) {
      socket.on('error', over);
      socket.on('close', over);
      socket.setNoDelay(true);
    }
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reset = () => {
    for (const [near, far] of pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    pairs.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    reset,
    silence: () => {
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    close: () => {
      reset();
      server.close();
    },
  };
}
