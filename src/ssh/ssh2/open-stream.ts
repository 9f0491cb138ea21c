import net from 'node:net';
import type { Duplex } from 'node:stream';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import { interrupted, socketProblem, tooLate } from '../connect-problems.ts';
import type { OpenOptions } from '../contract.ts';
import type { SshTarget } from '../target.ts';

/**
 * The byte stream to and from a host's sshd: over the network, or through the last of the hosts on the way to
 * it. It always has an error listener. Throws an OperatorError.
 */
export async function openStream(target: SshTarget, options: OpenOptions): Promise<Duplex> {
  const { signal } = options;
  if (signal?.aborted) throw new OperatorError(interrupted(target));
  const jump = target.jumps.at(-1);
  if (jump === undefined) return openSocket(target, signal);
  if (options.bastions === undefined) throw new Error('a path through jump hosts needs bastions');
  const opening = options.bastions.open(jump, target);
  if (signal === undefined) return opening;
  return new Promise((resolve, reject) => {
    const abort = () => reject(new OperatorError(interrupted(target)));
    signal.addEventListener('abort', abort, { once: true });
    opening
      .then((stream) => (signal.aborted ? stream.destroy() : resolve(stream)), reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Opens its own socket because ssh2's never sets TCP_NODELAY, which makes each command 40 ms slower. */
async function openSocket(target: SshTarget, signal: AbortSignal | undefined): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const { host, port, addressFamily, bindAddress } = target;
    const socket = net.connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      ...(addressFamily === 'any' ? {} : { family: addressFamily === 'inet' ? 4 : 6 }),
      ...(bindAddress === undefined ? {} : { localAddress: bindAddress }),
    });
    const end = (problem: Problem) => {
      done();
      socket.destroy();
      reject(new OperatorError(problem));
    };
    const deadline = setTimeout(() => end(tooLate(target)), target.connectTimeout * 1_000);
    const abort = () => end(interrupted(target));
    const done = () => {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort, { once: true });
    socket.on('error', (error: NodeJS.ErrnoException) => end(socketProblem(target, error)));
    socket.once('connect', () => {
      done();
      socket.removeAllListeners('error');
      // Never without a listener: a reset before ssh2 adds its own would end the process.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
