import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** A port of this machine behind which one host after the other can be put, and whose line can be cut. */
export interface Relay {
  readonly port: number;
  turnTo(host: string, port: number): void;
  /** Ends all connections by a reset, as when a firewall forgets them. */
  cut(): void;
  close(): void;
}

/** `onBytes` is told how many bytes have come from the host on a connection so far, and can reset it then. */
export async function startRelay(
  host: string,
  port: number,
  onBytes: (count: number, reset: () => void) => void = () => {},
): Promise<Relay> {
  let place = { host, port };
  const sockets = new Set<Socket>();
  const server = net.createServer((client) => {
    const remote = net.connect(place);
    let count = 0;
    const reset = () => {
      client.resetAndDestroy();
      remote.destroy();
    };
    for (const socket of [client, remote]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        remote.destroy();
      });
    }
    remote.on('data', (chunk) => {
      count += chunk.length;
      client.write(chunk);
      onBytes(count, reset);
    });
    client.on('data', (chunk) => remote.write(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    turnTo: (newHost, newPort) => {
      place = { host: newHost, port: newPort };
    },
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
