import type { AskedQuestion, CheckResult, OutsideCheck, Verdict } from '../model/outside-check.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { HttpAnswer, NoAnswer } from './answers.ts';
import { assetsNamedBy, assetsOf, mostNamed } from './assets.ts';
import { askCertificates } from './certificates.ts';
import { askClosed } from './closed.ts';
import { judgeCertificate } from './judge-certificate.ts';
import { judgeHttp, judgeWebsocket, statusWords } from './judge-http.ts';
import type { Network } from './network.ts';
import { askRtmp } from './rtmp.ts';
import { judgeSeen } from './seen.ts';
import { askSticky } from './sticky.ts';
import { askWebsockets } from './websockets.ts';

export interface Asking {
  readonly network: Network;
  /** milliseconds since the epoch */
  readonly now: () => number;
  /** aborted when the operator interrupts */
  readonly signal: AbortSignal;
  /** the look at the host, which has answered some of the questions */
  readonly snapshot?: Snapshot | undefined;
}

/** How a check ended, and what to do. */
export type Asked = Pick<CheckResult, 'outcome' | 'expected' | 'found' | 'note' | 'fix'>;

/** How a check ended that could not be asked, and why not. */
export function notAsked(found: string): Asked {
  return { outcome: 'not-asked', expected: undefined, found, fix: undefined };
}

/** Whether a check needs no meeting: the network answers it, or the look at the host has. */
export function isAsked(check: OutsideCheck): check is OutsideCheck & { readonly question: AskedQuestion } {
  return check.question.kind !== 'meeting';
}

/**
 * Asks what a check asks, and says how it ended and what to do. A question that was cut short looks like a
 * server that doesn't answer, and so does one that this machine could not send: neither was asked.
 */
export async function askCheck(
  { fix, question }: Pick<OutsideCheck, 'fix'> & { readonly question: AskedQuestion },
  { network, now, signal, snapshot }: Asking,
): Promise<Asked> {
  const heard = hearing(network);
  const verdict = signal.aborted ? undefined : await ask(question, heard.network, now, snapshot);
  if (verdict === undefined || (verdict.outcome === 'failed' && signal.aborted)) {
    return notAsked('interrupted');
  }
  const unsent = verdict.outcome === 'failed' ? heard.unsent() : undefined;
  if (unsent !== undefined) return notAsked(unsent.words);
  return { ...verdict, fix: verdict.outcome === 'failed' ? (verdict.fix ?? fix) : undefined };
}

/** A network that remembers whether a question could not be sent from here. */
function hearing(network: Network): {
  readonly network: Network;
  readonly unsent: () => NoAnswer | undefined;
} {
  let unsent: NoAnswer | undefined;
  const noting = <Answer extends { readonly kind: string }>(answer: Answer | NoAnswer) => {
    if ('isHere' in answer && answer.isHere) unsent ??= answer;
    return answer;
  };
  return {
    network: {
      ...network,
      get: async (request) => noting(await network.get(request)),
      upgrade: async (request) => noting(await network.upgrade(request)),
      certificate: async (hostname, port) => noting(await network.certificate(hostname, port)),
      talk: async (wanted) => noting(await network.talk(wanted)),
    },
    unsent: () => unsent,
  };
}

/** Asks one question, and says how it ended. */
export async function ask(
  question: AskedQuestion,
  network: Network,
  now: () => number,
  snapshot?: Snapshot,
): Promise<Verdict> {
  switch (question.kind) {
    case 'http':
      return askHttp(question, network);
    case 'websocket': {
      const { url, origin, protocol } = question;
      const headers = [
        `Origin: ${origin}`,
        ...(protocol === '' ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
      ];
      return judgeWebsocket(question, await network.upgrade({ url, headers }));
    }
    case 'certificate':
      return judgeCertificate(question, await network.certificate(question.hostname, question.port), now());
    case 'certificates':
      return askCertificates(question, network, now);
    case 'rtmp':
      return askRtmp(question, network);
    case 'closed':
      return askClosed(question, network);
    case 'websockets':
      return askWebsockets(question, network);
    case 'sticky':
      return askSticky(question, network);
    default:
      return judgeSeen(question, snapshot);
  }
}

async function askHttp(
  question: Extract<AskedQuestion, { kind: 'http' }>,
  network: Network,
): Promise<Verdict> {
  const { url, headers, assets } = question;
  const answer = await network.get({ url, headers });
  const verdict = judgeHttp(question, answer);
  if (!assets || answer.kind === 'trouble' || verdict.outcome === 'failed') return verdict;
  const asked = new Map<string, HttpAnswer | NoAnswer>([[url, answer]]);
  const first = await getAll(assetsOf(answer.body, url), asked, network);
  const named = first.flatMap(([asset, one]) =>
    one.kind === 'answer' && one.status === 200 ? assetsNamedBy(one.body, asset) : [],
  );
  const second = await getAll([...new Set(named)].slice(0, mostNamed), asked, network);
  const all = [...first, ...second];
  const missing = all.flatMap(([asset, one]) => {
    if (one.kind === 'answer' && one.status === 200) return [];
    return [`${asset}: ${one.kind === 'trouble' ? one.words : statusWords(one.status)}`];
  });
  const expected = `${verdict.expected}; so does everything that the page loads`;
  if (missing.length === 0) return { ...verdict, expected, found: foundWords(verdict.found, all.length) };
  return { outcome: 'failed', expected, found: missing.join('; ') };
}

/** What answers at those of the addresses that haven't been asked yet. */
async function getAll(
  urls: readonly string[],
  asked: Map<string, HttpAnswer | NoAnswer>,
  network: Network,
): Promise<readonly (readonly [url: string, answer: HttpAnswer | NoAnswer])[]> {
  const fresh = urls.filter((url) => !asked.has(url));
  const answers = await Promise.all(
    fresh.map(async (url) => [url, await network.get({ url, headers: [] })] as const),
  );
  for (const [url, answer] of answers) asked.set(url, answer);
  return answers;
}

function foundWords(found: string, assets: number): string {
  return `${found}, and everything that the page loads (${assets})`;
}
