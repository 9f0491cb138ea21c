import type { RtmpConnectQuestion } from '../../model/balancer-question.ts';
import type { Verdict } from '../../model/outside-check.ts';
import type { Network } from '../network.ts';
import { timesFor } from '../several.ts';
import { connectRtmp } from './conversation.ts';
import { countedWords, type RtmpAnswer, wantsPermission } from './refusals.ts';

/** Connects to the application as often as it takes for every server to be asked; nothing is published. */
export async function askRtmpConnect(question: RtmpConnectQuestion, network: Network): Promise<Verdict> {
  const { application } = question;
  if (application === undefined) return withoutApplication;
  const one = async (): Promise<RtmpAnswer> => {
    const connection = await connectRtmp(network, { ...question, application });
    if (connection.kind !== 'connected') return connection;
    connection.close();
    return { kind: 'started' };
  };
  return judgeRtmpConnect(
    question,
    await Promise.all(Array.from({ length: timesFor(question.servers) }, one)),
  );
}

/** Nothing to ask about: Ant Media Server has only applications, and each node has to have it. */
export const withoutApplication: Verdict = {
  ...{ outcome: 'not-applicable', expected: '' },
  found: 'no application is known that all nodes have',
};

export function judgeRtmpConnect(
  question: Pick<RtmpConnectQuestion, 'hostname' | 'port' | 'tls' | 'application'>,
  answers: readonly RtmpAnswer[],
): Verdict {
  const expected = `${urlOf(question)} takes each of ${answers.length} connections`;
  const wrong = answers.flatMap((answer) => (answer.kind === 'started' ? [] : [answer]));
  if (wrong.length === 0) return { outcome: 'passed', expected, found: 'it does' };
  const faults = wrong.filter((answer) => answer.kind === 'broken' || !wantsPermission(answer));
  if (faults.length === 0)
    return { outcome: 'not-asked', expected, found: countedWords(wrong, answers.length) };
  const [fix] = faults.flatMap((one) => (one.kind === 'broken' ? (one.fix ?? []) : []));
  const found = countedWords(faults, answers.length);
  return { outcome: 'failed', expected, found, ...(fix === undefined ? {} : { fix }) };
}

/** The address as people write it. */
export function urlOf({
  hostname,
  port,
  tls,
  application = '',
}: Pick<RtmpConnectQuestion, 'hostname' | 'port' | 'tls' | 'application'>): string {
  return `${tls ? 'rtmps' : 'rtmp'}://${hostname}:${port}/${application}`;
}
