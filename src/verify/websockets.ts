import type { WebsocketsQuestion } from '../model/balancer-question.ts';
import type { Verdict } from '../model/outside-check.ts';
import type { HttpAnswer, NoAnswer } from './answers.ts';
import { statusWords } from './judge-http.ts';
import type { Network } from './network.ts';
import { timesFor } from './several.ts';

/** Asks for a WebSocket as often as it takes for every server to be asked. */
export async function askWebsockets(question: WebsocketsQuestion, network: Network): Promise<Verdict> {
  const { url, origin, headers, servers } = question;
  const one = () => network.upgrade({ url, headers: [`Origin: ${origin}`, ...headers] });
  return judgeWebsockets(question, await Promise.all(Array.from({ length: timesFor(servers) }, one)));
}

export function judgeWebsockets(
  { url, origin }: WebsocketsQuestion,
  answers: readonly (HttpAnswer | NoAnswer)[],
): Verdict {
  const expected = `${url} accepts a WebSocket of ${origin}, ${answers.length} times`;
  const wrong = answers.filter((one) => one.kind === 'trouble' || one.status !== 101);
  const [first] = wrong;
  if (first === undefined) return { outcome: 'passed', expected, found: 'it accepts all of them' };
  const words = first.kind === 'trouble' ? first.words : `it answers ${statusWords(first.status)}`;
  const found =
    wrong.length === answers.length ? words : `${words} (${wrong.length} of ${answers.length} times)`;
  return { outcome: 'failed', expected, found, ...(first.kind === 'trouble' ? { fix: first.fix } : {}) };
}
