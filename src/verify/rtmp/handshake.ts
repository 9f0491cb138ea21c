import type { RtmpQuestion, RtmpServersQuestion } from '../../model/balancer-question.ts';
import type { Verdict } from '../../model/outside-check.ts';
import type { Answer } from '../../model/reads.ts';
import type { NoAnswer } from '../answers.ts';
import type { Network } from '../network.ts';
import { timesFor } from '../several.ts';
import type { Talked } from '../talk.ts';

/** C1, S1 and S2 have this many bytes (Adobe's RTMP specification, 5.2.3). */
const packet = 1536;
const version = 3;
/** S0, S1 and S2 */
const answered = 1 + 2 * packet;

/**
 * The client's half of the handshake: C0 and C1. A C1 with a version of 0.0.0.0 asks for the plain form,
 * which every server knows.
 */
export function hello(): Buffer {
  const random = Buffer.alloc(packet - 8, 'clusterproxy verify ');
  return Buffer.concat([Buffer.of(version), Buffer.alloc(8), random]);
}

/** What a server has said to `hello`: C2, which repeats S1, and what came after the handshake. */
export function shaken(received: Buffer): { readonly c2: Buffer; readonly rest: Buffer } | undefined {
  if (received.length < answered || received[0] !== version) return undefined;
  return { c2: received.subarray(1, 1 + packet), rest: received.subarray(answered) };
}

/** Shakes hands as often as it takes for every server to be asked; one that hangs keeps its server busy. */
export async function askRtmp(question: RtmpQuestion, network: Network): Promise<Verdict> {
  const { hostname, port, tls, servers } = question;
  const one = () =>
    network.talk({
      ...{ hostname, port, tls, send: hello() },
      until: (received) => received.length >= answered,
    });
  return judgeRtmp(question, await Promise.all(Array.from({ length: timesFor(servers) }, one)));
}

/** The first that isn't a whole handshake is what is found. */
export function judgeRtmp(
  { hostname, port, tls }: RtmpQuestion,
  answers: readonly (Talked | NoAnswer)[],
): Verdict {
  const protocol = tls ? 'RTMPS' : 'RTMP';
  const expected = `${hostname}, port ${port}, shakes hands for ${protocol} on each of ${answers.length} connections`;
  const wrong = answers.flatMap((answer) => mistakesOf(answer, { hostname, port }));
  const [first] = wrong;
  if (first === undefined) return { outcome: 'passed', expected, found: `it does, ${answers.length} times` };
  const { words, fix } = first;
  const found =
    wrong.length === answers.length ? words : `${words} (${wrong.length} of ${answers.length} times)`;
  return { outcome: 'failed', expected, found, ...(fix === undefined ? {} : { fix }) };
}

function mistakesOf(
  answer: Talked | NoAnswer,
  { hostname, port }: Pick<RtmpQuestion, 'hostname' | 'port'>,
): readonly { readonly words: string; readonly fix?: string }[] {
  if (answer.kind === 'trouble') return [answer];
  const { received } = answer;
  const server = `${hostname}, port ${port},`;
  if (received.length === 0) return [{ words: `${server} takes the connection, but says nothing` }];
  if (received[0] !== version) return [{ words: `${server} answers with something else than RTMP` }];
  if (received.length >= answered) return [];
  return [{ words: `${server} breaks off after ${received.length} of ${answered} bytes` }];
}

/** What a balancer got back from each server: the number of bytes, which is 0 where nobody answered. */
export function judgeRtmpServers(
  { servers }: RtmpServersQuestion,
  answers: readonly (Answer | undefined)[],
): Verdict {
  const expected = `the RTMP port of ${listWords(servers)} answers the balancer`;
  const said = answers.map((answer) => (answer?.status === 0 ? answer.output.trim() : ''));
  const unknown = servers.filter((_, index) => !/^\d+$/.test(said[index] ?? ''));
  const silent = servers.filter((_, index) => said[index] === '0');
  if (silent.length > 0) {
    return { outcome: 'failed', expected, found: `no answer from ${listWords(silent)}` };
  }
  if (unknown.length > 0) {
    return { outcome: 'not-asked', expected, found: `the balancer could not ask ${listWords(unknown)}` };
  }
  return { outcome: 'passed', expected, found: 'each of them answers' };
}

function listWords(names: readonly string[]): string {
  return names.join(', ');
}
