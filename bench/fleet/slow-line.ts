import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * A connection on which everything that comes in takes longer, so that each round trip does. `delay` in
 * milliseconds, asked for each chunk. The handshake of TCP itself isn't delayed, so the first thing that is
 * sent is, by the same time.
 */
export function slowLine(socket: Socket, delay: () => number): Duplex {
  let last = Promise.resolve();
  let paused = false;
  const begun = wait(delay());
  const line = new Duplex({
    read() {
      if (!paused) return;
      paused = false;
      socket.resume();
    },
    write(chunk: Buffer, _encoding, done) {
      void begun.then(() => socket.write(chunk, () => done()));
    },
    final(done) {
      void begun.then(() => socket.end(() => done()));
    },
    destroy(_error, done) {
      socket.destroy();
      done(null);
    },
  });
  /** In the order in which it came. */
  const after = (milliseconds: number, deliver: () => void) => {
    const due = wait(milliseconds);
    last = last.then(() => due).then(deliver);
  };
  socket.on('data', (chunk: Buffer) =>
    after(delay(), () => {
      if (line.destroyed || line.push(chunk)) return;
      paused = true;
      socket.pause();
    }),
  );
  socket.on('end', () => after(delay(), () => line.destroyed || line.push(null)));
  socket.on('error', () => line.destroy());
  socket.on('close', () => after(0, () => line.destroy()));
  return line;
}

function wait(milliseconds: number): Promise<void> {
  if (milliseconds === 0) return Promise.resolve();
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
