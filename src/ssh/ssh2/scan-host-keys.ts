import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, type ServerHostKeyAlgorithm } from 'ssh2';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import { hostKeyFamilies, transport } from '../algorithms.ts';
import { type HandshakeError, handshakeProblem, interrupted } from '../connect-problems.ts';
import type { OpenOptions } from '../contract.ts';
import type { SshTarget } from '../target.ts';
import { firstBytesOf } from './first-bytes.ts';
import { openStream } from './open-stream.ts';
import { offerProblem } from './server-offer.ts';

/**
 * The public keys that a host shows, at most one of each kind: one handshake per kind, which ends before the
 * login. They prove nothing yet, as anyone could answer at that address. Hosts on the way are logged in to
 * and verified as usual. Throws an OperatorError: those of connect.ts.
 */
export async function scanHostKeys(target: SshTarget, options: OpenOptions): Promise<readonly Buffer[]> {
  const keys: Buffer[] = [];
  let missing: Problem | undefined;
  let offered: readonly string[] | undefined;
  // One after the other: the wait for a dead host happens once, and MaxStartups is not exceeded.
  for (const family of hostKeyFamilies) {
    // sshd counts every connection without a login against this machine (PerSourcePenalties).
    if (offered !== undefined && !family.some((name) => offered?.includes(name))) continue;
    const shown = await shownKey(target, family, options);
    offered ??= shown.offered;
    if (shown.key !== undefined) keys.push(shown.key);
    else if (shown.problem.code === 'no-such-host-key') missing = shown.problem;
    // The keys that have been seen are true all the same, and one of them is enough to log in.
    else if (shown.problem.code === 'source-penalty' && keys.length > 0) break;
    else throw new OperatorError(shown.problem);
  }
  if (keys.length === 0 && missing !== undefined) throw new OperatorError(missing);
  return keys;
}

type Shown = { readonly offered: readonly string[] | undefined } & (
  | { readonly key: Buffer }
  | { readonly key: undefined; readonly problem: Problem }
);

async function shownKey(
  target: SshTarget,
  family: readonly ServerHostKeyAlgorithm[],
  options: OpenOptions,
): Promise<Shown> {
  const stream = await openStream(target, options);
  const client = new Client();
  const abort = () => stream.destroy();
  options.signal?.addEventListener('abort', abort, { once: true });
  const first = firstBytesOf(stream);
  let key: Buffer | undefined;
  try {
    const error = await new Promise<HandshakeError>((resolve) => {
      client.on('error', resolve);
      client.on('close', () => resolve(new Error('Connection lost before handshake')));
      try {
        client.connect({
          sock: stream,
          username: target.user,
          readyTimeout: target.connectTimeout * 1_000,
          algorithms: { ...transport, serverHostKey: [...family] },
          hostVerifier: (shown: Buffer) => {
            key = Buffer.from(shown);
            return false;
          },
        });
      } catch (thrown) {
        resolve(thrown as HandshakeError);
      }
    });
    const offered = first.offer()?.hostKey;
    const failed = (problem: Problem): Shown => ({ offered, key: undefined, problem });
    if (key !== undefined) return { offered, key };
    if (options.signal?.aborted) return failed(interrupted(target));
    const offer = await offerProblem(target, error.message, options);
    const reached = hasSpoken(stream) ? 'handshake' : 'silent';
    return failed(offer ?? handshakeProblem(target, error, { reached, greeting: first.greeting() }));
  } finally {
    options.signal?.removeEventListener('abort', abort);
    client.on('error', () => {});
    client.destroy();
    stream.destroy();
  }
}

/** Whether anything was received; unknown for a stream through another host. */
function hasSpoken(stream: Duplex): boolean {
  return !(stream instanceof Socket) || stream.bytesRead > 0;
}
