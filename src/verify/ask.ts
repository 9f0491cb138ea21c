import pLimit from 'p-limit';
import type { AskedQuestion, CheckResult, OutsideCheck, Verdict } from '../model/outside-check.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { NoAnswer } from './answers.ts';
import { assetsNamedBy, assetsOf, mostNamed } from './assets.ts';
import { askCertificates } from './certificates.ts';
import { askClosed } from './closed.ts';
import { judgeCertificate } from './judge-certificate.ts';
import { judgeHttp, judgeWebsocket, statusWords } from './judge-http.ts';
import { askNames } from './names.ts';
import type { Network } from './network.ts';
import { askRtmpConnect } from './rtmp/connect.ts';
import { askRtmp } from './rtmp/handshake.ts';
import { judgeSameFiles } from './same-files.ts';
import { judgeSeen } from './seen.ts';
import { short } from './short.ts';
import { askSticky } from './sticky.ts';
import { askVirtualAddress } from './virtual-address.ts';
import { askWebsockets } from './websockets.ts';

export interface Asking {
  readonly network: Network;
  /** milliseconds since the epoch */
  readonly now: () => number;
  /** aborted when the operator interrupts */
  readonly signal: AbortSignal;
  /** the look at the host, which has answered some of the questions */
  readonly snapshot?: Snapshot | undefined;
  /** the looks at all hosts, by name; undefined where only one host is asked for */
  readonly snapshots?: ReadonlyMap<string, Snapshot> | undefined;
}

/** How a check ended, and what to do. */
export type Asked = Pick<CheckResult, 'outcome' | 'expected' | 'found' | 'note' | 'fix' | 'certificates'>;

/** How a check ended that could not be asked, and why not. */
export function notAsked(found: string): Asked {
  return { outcome: 'not-asked', expected: undefined, found, fix: undefined };
}

/**
 * Whether a check needs neither a meeting nor a stream: the network answers it, or the look at the host has.
 */
export function isAsked(check: OutsideCheck): check is OutsideCheck & { readonly question: AskedQuestion } {
  return check.question.kind !== 'meeting' && check.question.kind !== 'rtmp-stream';
}

/**
 * Asks what a check asks, and says how it ended and what to do. A question that was cut short looks like a
 * server that doesn't answer, and so does one that this machine could not send: neither was asked.
 */
export async function askCheck(
  { fix, question }: Pick<OutsideCheck, 'fix'> & { readonly question: AskedQuestion },
  { network, now, signal, ...looks }: Asking,
): Promise<Asked> {
  const heard = hearing(network);
  const verdict = signal.aborted ? undefined : await ask(question, heard.network, now, looks);
  return endingOf(fix, verdict, { signal, unsent: heard.unsent });
}

/** How a check ended by its verdict; `undefined` if it was interrupted before it could be asked. */
export function endingOf(
  fix: string,
  verdict: Verdict | undefined,
  { signal, unsent }: { readonly signal: AbortSignal; readonly unsent: () => NoAnswer | undefined },
): Asked {
  if (verdict === undefined || (verdict.outcome === 'failed' && signal.aborted)) {
    return notAsked('interrupted');
  }
  const trouble = verdict.outcome === 'failed' ? unsent() : undefined;
  if (trouble !== undefined) return notAsked(trouble.words);
  return { ...verdict, fix: verdict.outcome === 'failed' ? (verdict.fix ?? fix) : undefined };
}

/** A network that remembers whether a question could not be sent from here. */
export function hearing(network: Network): {
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
      certificate: async (hostname, port, at) => noting(await network.certificate(hostname, port, at)),
      talk: async (wanted) => noting(await network.talk(wanted)),
      line: async (endpoint) => noting(await network.line(endpoint)),
    },
    unsent: () => unsent,
  };
}

/** Asks one question, and says how it ended. */
export async function ask(
  question: AskedQuestion,
  network: Network,
  now: () => number,
  { snapshot, snapshots = new Map() }: Pick<Asking, 'snapshot' | 'snapshots'> = {},
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
    case 'rtmp-connect':
      return askRtmpConnect(question, network);
    case 'closed':
      return askClosed(question, network);
    case 'websockets':
      return askWebsockets(question, network);
    case 'names':
      return askNames(question, network, snapshot);
    case 'virtual-address':
      return askVirtualAddress(question, network, now, snapshots);
    case 'same-files':
      return judgeSameFiles(question, snapshots);
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
  const asking = assetsAsked(network, [url]);
  const named = await asking.ask(assetsOf(answer.body, url));
  await asking.ask([...new Set(named)].slice(0, mostNamed));
  const { missing, count } = asking;
  const expected = `${verdict.expected}; so does everything that the page loads`;
  if (missing.length === 0) return { ...verdict, expected, found: foundWords(verdict.found, count()) };
  const more = missing.length - mostTold;
  const told = [...missing.slice(0, mostTold), ...(more > 0 ? [`and ${more} more`] : [])];
  return { outcome: 'failed', expected, found: told.join('; ') };
}

/** As many connections as browsers open to a server, more or less: a check is no load test. */
const assetsAtOnce = 8;
/** What an asset names stands at its beginning; bytes. */
const longestAsset = 1024 * 1024;
/** How many missing assets are told, and after how many no others are asked for: nobody needs them all. */
const mostTold = 5;
const mostMissing = 10;

/** Asks for assets, for each once, and notes those that are missing. */
function assetsAsked(
  network: Network,
  known: readonly string[],
): {
  /** what those name that are there */
  readonly ask: (urls: readonly string[]) => Promise<readonly string[]>;
  readonly missing: readonly string[];
  readonly count: () => number;
} {
  const asked = new Set(known);
  const missing: string[] = [];
  const limit = pLimit(assetsAtOnce);
  const one = async (url: string): Promise<readonly string[]> => {
    if (missing.length >= mostMissing) return [];
    const answer = await network.get({ url, headers: [], longest: longestAsset });
    if (answer.kind === 'answer' && answer.status === 200) return assetsNamedBy(answer.body, url);
    missing.push(`${short(url)}: ${answer.kind === 'trouble' ? answer.words : statusWords(answer.status)}`);
    return [];
  };
  return {
    ask: async (urls) => {
      const fresh = urls.filter((url) => !asked.has(url));
      for (const url of fresh) asked.add(url);
      return (await Promise.all(fresh.map((url) => limit(() => one(url))))).flat();
    },
    missing,
    count: () => asked.size - known.length,
  };
}

function foundWords(found: string, assets: number): string {
  return `${found}, and everything that the page loads (${assets})`;
}
