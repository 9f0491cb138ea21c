import type { CheckResult, OutsideCheck, OutsideQuestion, Verdict } from '../model/outside-check.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { assetsOf } from './assets.ts';
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

/**
 * Asks what a check asks, and says how it ended and what to do. A question that was cut short looks like a
 * server that doesn't answer, which nobody knows: it was not asked.
 */
export async function askCheck(
  { fix, question }: OutsideCheck,
  { network, now, signal, snapshot }: Asking,
): Promise<Pick<CheckResult, 'outcome' | 'expected' | 'found' | 'note' | 'fix'>> {
  const verdict = signal.aborted ? undefined : await ask(question, network, now, snapshot);
  if (verdict === undefined || (verdict.outcome === 'failed' && signal.aborted)) {
    return { outcome: 'not-asked', expected: undefined, found: 'interrupted', fix: undefined };
  }
  return { ...verdict, fix: verdict.outcome === 'failed' ? (verdict.fix ?? fix) : undefined };
}

/** Asks one question, and says how it ended. */
export async function ask(
  question: OutsideQuestion,
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
  question: Extract<OutsideQuestion, { kind: 'http' }>,
  network: Network,
): Promise<Verdict> {
  const { url, headers, assets } = question;
  const answer = await network.get({ url, headers });
  const verdict = judgeHttp(question, answer);
  if (!assets || answer.kind === 'trouble' || verdict.outcome === 'failed') return verdict;
  const named = assetsOf(answer.body, url);
  const answers = await Promise.all(named.map((asset) => network.get({ url: asset, headers: [] })));
  const missing = answers.flatMap((one, index) => {
    if (one.kind === 'answer' && one.status === 200) return [];
    return [`${named[index]}: ${one.kind === 'trouble' ? one.words : statusWords(one.status)}`];
  });
  const expected = `${verdict.expected}; so does everything that the page loads`;
  if (missing.length === 0) return { ...verdict, expected, found: foundWords(verdict.found, named.length) };
  return { outcome: 'failed', expected, found: missing.join('; ') };
}

function foundWords(found: string, assets: number): string {
  return `${found}, and everything that the page loads (${assets})`;
}
